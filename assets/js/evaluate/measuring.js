/* measuring: the form that starts an evaluation, and the evaluations that are on their way. */
import { Button, Chip, Link } from "../core/buttons.js";
import { notify } from "../core/dialogs.js";
import { Problem } from "../core/empty.js";
import { Code, Select } from "../core/form.js";
import { count, duration, plural } from "../core/format.js";
import { html, useEffect, useState } from "../core/html.js";
import { isHidden, JobCard } from "../core/jobcard.js";
import { watch } from "../core/jobs.js";
import { Meter } from "../core/meter.js";
import { api } from "../core/server.js";
import { state } from "../core/store.js";
import * as datasets from "./datasets.js";
import { alter, load, now } from "./reading.js";

const SCOPES = {
  "": ["As the dataset says", "The scope of the dataset"],
  document: ["Its own document", "Each question searches the document it names"],
  corpus: ["All of the dataset", "Each question searches all pages of the dataset"],
  union: ["All of the collection", "Each question searches every page of the collection"],
};
/* --- the form --------------------------------------------------------------------------------------------------------------- */
const Field = ({ text = "", id, children }) =>
  html`<div class="pl-field">${id ? html`<label for=${id}>${text}</label>` : html`<span>${text}</span>`}${children}</div>`;
function About({ dataset }) {
  if (!dataset) return null;
  const facts = [
    plural(dataset.questions, "question"),
    plural(dataset.relevant_pages, "relevant page"),
    dataset.collection && `about the pages of ${dataset.collection}`,
  ].filter(Boolean);
  return html`<p class="pl-muted" id="pl-eval-about" aria-live="polite">
    ${dataset.problem ? html`<span class="pl-error">${dataset.problem}</span>` : facts.join(" · ")}
    ${dataset.warnings.map((text) => html`<span class="pl-note" key=${text}>${text}</span>`)}
  </p>`;
}
const split = (text) => text.split(/[\s,;]+(?![^(]*\))/).filter(Boolean);
export function Form() {
  const { known } = now(),
    { pipelines, collections } = state.overview;
  const [request, setRequest] = useState({ dataset: "", collection: "", scope: "", measures: known.measures.join(" ") });
  const [wanted, setWanted] = useState(["two-stage"]);
  const [others, setOthers] = useState([]);
  const [own, setOwn] = useState("");
  const [problem, tell] = useState("");
  const [busy, setBusy] = useState(false);
  const change = (more) => setRequest((before) => ({ ...before, ...more }));
  const dataset = known.datasets.find((one) => one.name === request.dataset) || known.datasets[0];
  /* The pages that a dataset is about, else a collection of its name. */
  const home = dataset && (dataset.collection || (collections.find((one) => one.name === dataset.name) || {}).name);
  useEffect(() => change({ collection: home || request.collection || state.collection, scope: "" }), [dataset && dataset.name]);

  const tried = (act) => async () => {
    tell("");
    await act().catch((error) => tell(error.message));
  };
  const bring = (act) =>
    tried(async () => {
      const name = await act();
      if (!name) return;
      await load();
      change({ dataset: name });
    });
  const index = async () => {
    const name = request.collection || dataset.name;
    await api.post(`/datasets/${api.part(dataset.name)}/ingest`, undefined, { collection: name });
    watch();
    notify(`The documents of ${dataset.name} are being added to ${name}; the library shows how far it is.`);
  };
  const remove = async () => (await datasets.remove(dataset)) && load();
  const taken = () => {
    const text = own.trim();
    if (!text) return wanted;
    if (!pipelines[text] && !others.includes(text)) setOthers([...others, text]);
    setOwn("");
    const all = [...new Set([...wanted, text])];
    setWanted(all);
    return all;
  };
  const start = async (event) => {
    event.preventDefault();
    tell("");
    setBusy(true);
    const { measures, ...asked } = { ...request, dataset: dataset ? dataset.name : "" };
    try {
      const job = await api.post("/evaluations", { ...asked, pipelines: taken(), measures: split(measures) });
      alter({ known: { ...now().known, jobs: [job, ...now().known.jobs] }, making: false });
      watch();
    } catch (error) {
      tell(error.message);
    }
    setBusy(false);
  };
  const chip = (name) => {
    const on = wanted.includes(name);
    const turn = () => setWanted(on ? wanted.filter((one) => one !== name) : [...wanted, name]);
    return html`<${Chip} key=${name} aria-pressed=${on} title=${pipelines[name] || name} onClick=${turn}>${name}<//>`;
  };
  const small = (id, text, act) => html`<${Button} look="pl-small" id=${id} onClick=${bring(act)}>${text}<//>`;
  const link = (text, act) => html`<${Link} onClick=${tried(act)}>${text}<//>`;
  const select = (key, id, value, options) =>
    html`<${Select} id=${id} value=${value} options=${options} choose=${(name) => change({ [key]: name })} />`;
  const scopes = Object.entries(SCOPES).map(([key, [text, title]]) => [
    key,
    key || !dataset ? text : `${text} (${dataset.scope})`,
    title,
  ]);
  const enter = (event) => event.key === "Enter" && (event.preventDefault(), taken());
  const usable = dataset && !dataset.problem;
  return html`<form class="pl-card pl-measuring" id="pl-measuring" aria-label="Measure pipelines on a dataset"
    onSubmit=${start}>
    <h3>Measure pipelines on a dataset</h3>
    <${Field} text="Dataset" id="pl-eval-dataset">
      <div class="pl-measuring-dataset">
        ${select("dataset", "pl-eval-dataset", dataset ? dataset.name : "", known.datasets.map((one) => one.name))}
        <div class="pl-row">
          ${small("pl-dataset-add", "Add questions", datasets.fromFiles)}
          ${small("pl-dataset-folder", "Add a folder", datasets.fromFolder)}
          ${small("pl-dataset-judged", "From judgements", datasets.fromJudgements)}
          ${small("pl-dataset-asked", "From searches", datasets.fromSearches)}
        </div>
      </div>
    <//>
    <${Field}>
      <div>
        <${About} dataset=${dataset} />
        <div class="pl-row">
          ${usable && link("Check it", () => datasets.look(dataset.name))}
          ${usable && !dataset.collection && link("Index its documents", index)}
          ${dataset && dataset.removable && link("Remove it", remove)}
        </div>
      </div>
    <//>
    <${Field} text="Collection" id="pl-eval-collection">
      ${select("collection", "pl-eval-collection", request.collection, collections.map(({ name }) => name))}
    <//>
    <${Field} text="Each question searches" id="pl-eval-scope">
      ${select("scope", "pl-eval-scope", request.scope, scopes)}
    <//>
    <${Field} text="Pipelines">
      <div class="pl-chips" role="group" aria-label="Pipelines to measure">
        ${[...Object.keys(pipelines), ...others].map(chip)}
      </div>
    <//>
    <${Field} text="Another pipeline" id="pl-eval-own">
      <div class="pl-measuring-own">
        <${Code} id="pl-eval-own" placeholder="rows:{50,100,256} > full:10" value=${own} write=${setOwn}
          onKeyDown=${enter} />
        <${Button} icon="plus" onClick=${taken}>Add<//>
      </div>
    <//>
    <${Field} text="Measures, the first is compared" id="pl-eval-measures">
      <${Code} id="pl-eval-measures" value=${request.measures} write=${(measures) => change({ measures })} />
    <//>
    <${Problem} text=${problem} />
    <div class="pl-row">
      <${Button} icon="play" look="pl-primary" type="submit" id="pl-eval-start" disabled=${busy}>Measure<//>
    </div>
  </form>`;
}

/* --- on their way ------------------------------------------------------------------------------------------------------- */
function Job({ job, told: { pipelines, dataset } }) {
  const facts = [
    pipelines.join(", "),
    job.pages_total && `${count(job.pages_done)} of ${count(job.pages_total)} searches`,
    job.active && job.pages_done && `${duration(job.eta_seconds)} left`,
    job.message,
  ];
  return html`<${JobCard} job=${job} what=${`measuring ${plural(pipelines.length, "pipeline")} on ${dataset}`} facts=${facts}>
    <${Meter} label="Searches done" done=${job.pages_done} total=${job.pages_total} />
  <//>`;
}
export function Jobs() {
  const newest = new Map(state.jobs.map((job) => [job.id, job]));
  const shown = now()
    .known.jobs.map((told) => ({ told, job: newest.get(told.job.id) || told.job }))
    .filter(({ job }) => job.state !== "done" && !isHidden(job));
  if (!shown.length) return null;
  return html`<div class="pl-jobs" role="group" aria-label="Evaluations on their way">
    ${shown.map((one) => html`<${Job} key=${one.job.id} ...${one} />`)}
  </div>`;
}

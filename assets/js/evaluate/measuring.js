/* measuring: the form that starts an evaluation, and the evaluations that are on their way. */
import { Button, Chip, Link, Quiet } from "../core/buttons.js";
import { notify } from "../core/dialogs.js";
import { count, duration, plural } from "../core/format.js";
import { html, useEffect, useState } from "../core/html.js";
import { act, stoppable, unfinished, watch } from "../core/jobs.js";
import { Meter } from "../core/meter.js";
import { Select } from "../core/select.js";
import { api } from "../core/server.js";
import { like, liked, state } from "../core/store.js";
import * as datasets from "./datasets.js";
import { alter, load, now } from "./reading.js";

const SCOPES = {
  "": ["As the dataset says", "The scope of the dataset"],
  document: ["Its own document", "Each question searches the document it names"],
  corpus: ["All of the dataset", "Each question searches all pages of the dataset"],
  union: ["All of the collection", "Each question searches every page of the collection"],
};
const STATES = {
  waiting: "Waiting",
  stopping: "Stopping",
  stopped: "Stopped",
  failed: "Failed",
  interrupted: "Interrupted",
};
const HIDDEN = 50; // evaluations that stay hidden when the page is opened again

/* --- the form --------------------------------------------------------------------------------------------------------------- */
const field = (label, id, inside) =>
  html`<div class="pl-field">${id ? html`<label for=${id}>${label}</label>` : html`<span>${label}</span>`}${inside}</div>`;
const select = (id, value, options, choose) =>
  html`<${Select} id=${id} value=${value} options=${options} choose=${choose} />`;
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
  const small = (id, text, act) =>
    html`<${Button} look="pl-small" id=${id} onClick=${bring(act)}>${text}<//>`;
  const link = (text, act) => html`<${Link} onClick=${tried(act)}>${text}<//>`;
  const usable = dataset && !dataset.problem;
  return html`<form class="pl-card pl-measuring" id="pl-measuring" aria-label="Measure pipelines on a dataset"
    onSubmit=${start}>
    <h3>Measure pipelines on a dataset</h3>
    ${field(
      "Dataset",
      "pl-eval-dataset",
      html`<div class="pl-measuring-dataset">
        ${select("pl-eval-dataset", dataset ? dataset.name : "", known.datasets.map((one) => [one.name, one.name]), (name) => change({ dataset: name }))}
        <div class="pl-row">
          ${small("pl-dataset-add", "Add questions", datasets.fromFiles)}
          ${small("pl-dataset-folder", "Add a folder", datasets.fromFolder)}
          ${small("pl-dataset-judged", "From judgements", datasets.fromJudgements)}
          ${small("pl-dataset-asked", "From searches", datasets.fromSearches)}
        </div>
      </div>`,
    )}
    ${field(
      "",
      "",
      html`<div>
        <${About} dataset=${dataset} />
        <div class="pl-row">
          ${usable && link("Check it", () => datasets.look(dataset.name))}
          ${usable && !dataset.collection && link("Index its documents", index)}
          ${dataset && dataset.removable && link("Remove it", remove)}
        </div>
      </div>`,
    )}
    ${field("Collection", "pl-eval-collection", select("pl-eval-collection", request.collection, collections.map(({ name }) => [name, name]), (collection) => change({ collection })))}
    ${field(
      "Each question searches",
      "pl-eval-scope",
      select(
        "pl-eval-scope",
        request.scope,
        Object.entries(SCOPES).map(([key, [text, title]]) => [key, key || !dataset ? text : `${text} (${dataset.scope})`, title]),
        (scope) => change({ scope }),
      ),
    )}
    ${field(
      "Pipelines",
      "",
      html`<div class="pl-chips" role="group" aria-label="Pipelines to measure">
        ${[...Object.keys(pipelines), ...others].map(chip)}
      </div>`,
    )}
    ${field(
      "Another pipeline",
      "pl-eval-own",
      html`<div class="pl-measuring-own">
        <input class="pl-input pl-code" id="pl-eval-own" spellcheck="false" autocomplete="off"
          placeholder="rows:{50,100,256} > full:10" value=${own} onInput=${(event) => setOwn(event.target.value)}
          onKeyDown=${(event) => event.key === "Enter" && (event.preventDefault(), taken())} />
        <${Button} icon="plus" onClick=${taken}>Add<//>
      </div>`,
    )}
    ${field(
      "Measures, the first is compared",
      "pl-eval-measures",
      html`<input class="pl-input pl-code" id="pl-eval-measures" spellcheck="false" autocomplete="off"
        value=${request.measures} onInput=${(event) => change({ measures: event.target.value })} />`,
    )}
    ${problem && html`<p class="pl-error" role="alert">${problem}</p>`}
    <div class="pl-row">
      <${Button} icon="play" look="pl-primary" type="submit" id="pl-eval-start" disabled=${busy}>Measure<//>
    </div>
  </form>`;
}

/* --- on their way ------------------------------------------------------------------------------------------------------------- */
function Job({ told, hide }) {
  const { job } = told,
    what = `${plural(told.pipelines.length, "pipeline")} on ${told.dataset}`;
  const facts = [
    told.pipelines.join(", "),
    job.pages_total && `${count(job.pages_done)} of ${count(job.pages_total)} searches`,
    job.active && job.pages_done && `${duration(job.eta_seconds)} left`,
    job.message,
  ].filter(Boolean);
  const button = (icon, text, does, look = "") =>
    html`<${Button} icon=${icon} look=${look} onClick=${() => act(job, does)}>${text}<//>`;
  return html`<section class="pl-card pl-job" data-job=${job.id} data-state=${job.state}>
    <div class="pl-job-head">
      <div>
        <h3>${job.state === "running" ? `Measuring ${what}` : `${STATES[job.state] || job.state}: ${what}`}</h3>
        <p class="pl-muted">${facts.join("  ·  ")}</p>
      </div>
      <div class="pl-row">
        ${stoppable(job) && button("stop", "Stop", "stop")}
        ${unfinished(job) && button("play", "Resume", "resume", "pl-primary")}
        ${!job.active && html`<${Quiet} icon="close" label="Hide this evaluation" onClick=${hide} />`}
      </div>
    </div>
    <${Meter} label="Searches done" done=${job.pages_done} total=${job.pages_total} />
  </section>`;
}
export function Jobs() {
  const [{ ids: hidden }, setHidden] = useState(() => liked("hidden-evaluations", { ids: [] }));
  const hide = (id) => {
    const ids = [...hidden, id].slice(-HIDDEN);
    like("hidden-evaluations", { ids });
    setHidden({ ids });
  };
  const newest = new Map(state.jobs.map((job) => [job.id, job]));
  const shown = now()
    .known.jobs.map((one) => ({ ...one, job: newest.get(one.job.id) || one.job }))
    .filter(({ job }) => job.state !== "done" && (job.active || !hidden.includes(job.id)));
  if (!shown.length) return null;
  return html`<div class="pl-jobs" role="group" aria-label="Evaluations on their way">
    ${shown.map((told) => html`<${Job} key=${told.job.id} told=${told} hide=${() => hide(told.job.id)} />`)}
  </div>`;
}

/* measuring: the form that starts an evaluation, and the evaluations that are on their way. */
import { api, Button, Chip, Code, collectionNames, count, duration, Form, html, isHidden, JobCard, Link, Meter,
  namesLeft, notify, plural, Problem, Select, state, useAnswer, useEffect, useState, watch } from "../core/core.js";
import * as datasets from "./datasets.js";
import { alter, load, now } from "./reading.js";

const SCOPES = {
  "": ["As the dataset says", "The scope of the dataset"],
  document: ["Its own document", "Each question searches the document it names"],
  corpus: ["All of the dataset", "Each question searches all pages of the dataset"],
  union: ["All of the collection", "Each question searches every page of the collection"],
};
const BRING = [
  ["pl-dataset-add", "Add questions", datasets.fromFiles],
  ["pl-dataset-folder", "Add a folder", datasets.fromFolder],
  ["pl-dataset-judged", "From judgements", datasets.fromJudgements],
  ["pl-dataset-asked", "From searches", datasets.fromSearches],
];
const Field = ({ text = "", id, children }) => html`<div class="pl-field">${id ? html`<label
  for=${id}>${text}</label>` : html`<span>${text}</span>`}${children}</div>`;
function About({ dataset: { questions, relevant_pages: pages, collection, problem, warnings } }) {
  const facts = [plural(questions, "question"), plural(pages, "relevant page")];
  if (collection) facts.push(`about the pages of ${collection}`);
  return html`<p class="pl-muted" id="pl-eval-about" aria-live="polite">
    ${problem ? html`<span class="pl-error">${problem}</span>` : facts.join(" · ")}
    ${warnings.map((text) => html`<span class="pl-note" key=${text}>${text}</span>`)}
  </p>`;
}
const CheckIt = ({ name, tried = (act) => act }) =>
  html`<${Link} aria-label=${`Check the dataset ${name}`} onClick=${tried(() => datasets.look(name))}>Check it<//>`;
/* For who may only look: what the figures were measured on. */
export const Datasets = () => html`<section class="pl-card pl-stack" aria-label="Datasets">
  <h3>Datasets</h3>
  ${now().known.datasets.map((one) => html`<div key=${one.name}>
    <b>${one.name}</b> ${!one.problem && html`<${CheckIt} name=${one.name} />`}<${About} dataset=${one} />
  </div>`)}
</section>`;
const split = (text) => text.split(/[\s,;]+(?![^(]*\))/).filter(Boolean);
export function Measuring() {
  const { known } = now(),
    { pipelines, collections } = state.overview;
  const measures = known.measures.join(" ");
  const [request, setRequest] = useState({ dataset: "", collection: "", scope: "", measures });
  const [picked, pick] = useState(null);
  const [others, setOthers] = useState([]);
  const [own, setOwn] = useState("");
  const [problem, tell] = useState("");
  const [busy, setBusy] = useState(false);
  const change = (more) => setRequest((before) => ({ ...before, ...more }));
  const dataset = known.datasets.find((one) => one.name === request.dataset) || known.datasets[0];
  const name = dataset ? dataset.name : "";
  /* The pages that a dataset is about, else a collection of its name. */
  const home = dataset && (dataset.collection || collections.some((one) => one.name === name) && name);
  const { collection } = request;
  /* Or one that would be called so, where the account may make it. */
  const coming = name && !dataset.collection && !home && (!namesLeft() || namesLeft().includes(name));
  const places = [...collectionNames(), ...(coming ? [[name, `${name} (new)`]] : [])];
  /* Until a person chooses: what a search of the collection runs, beside what it stands in for. */
  const { value: read } = useAnswer(() => collection && api.post("/pipelines/read", { collection }), [collection]);
  const wanted = picked || [...new Set([read && read.preset, "exact"])].filter(Boolean);
  useEffect(() => change({ collection: home || request.collection || state.collection, scope: "" }), [name]);

  const tried = (act) => async () => {
    tell("");
    await act().catch((error) => tell(error.message));
  };
  const bring = (act) =>
    tried(async () => {
      const brought = await act();
      if (!brought) return;
      await load();
      change({ dataset: brought });
    });
  const index = async () => {
    await api.post(`/datasets/${api.part(name)}/ingest`, undefined, { collection });
    watch();
    notify(`The documents of ${name} are being added to ${collection}; the library shows how far it is.`);
  };
  const remove = async () => (await datasets.remove(dataset)) && load();
  const taken = () => {
    const text = own.trim();
    if (!text) return wanted;
    if (!pipelines[text] && !others.includes(text)) setOthers([...others, text]);
    setOwn("");
    const all = [...new Set([...wanted, text])];
    pick(all);
    return all;
  };
  const begin = tried(async () => {
    setBusy(true);
    const body = { ...request, dataset: name, pipelines: taken(), measures: split(request.measures) };
    const job = await api.post("/evaluations", body).finally(() => setBusy(false));
    alter({ known: { ...now().known, jobs: [job, ...now().known.jobs] }, making: false });
    watch();
  });
  const chip = (one) => {
    const on = wanted.includes(one);
    const turn = () => pick(on ? wanted.filter((other) => other !== one) : [...wanted, one]);
    return html`<${Chip} key=${one} aria-pressed=${on} title=${pipelines[one] || one} onClick=${turn}>${one}<//>`;
  };
  const link = (text, act) => html`<${Link} onClick=${tried(act)}>${text}<//>`;
  const select = (key, options, value = request[key]) =>
    html`<${Select} id=${`pl-eval-${key}`} value=${value} options=${options}
      choose=${(one) => change({ [key]: one })} />`;
  const scopes = Object.entries(SCOPES).map(([key, [text, hint]]) => [
    key,
    key || !dataset ? text : `${text} (${dataset.scope})`,
    hint,
  ]);
  const usable = dataset && !dataset.problem;
  return html`<${Form} class="pl-card pl-measuring" id="pl-measuring" aria-label="Measure pipelines on a dataset"
    submit=${begin}>
    <h3>Measure pipelines on a dataset</h3>
    <${Field} text="Dataset" id="pl-eval-dataset">
      <div class="pl-measuring-dataset">
        ${select("dataset", known.datasets.map((one) => one.name), name)}
        <div class="pl-row">
          ${BRING.map(([id, text, act]) => html`<${Button} look="pl-small" id=${id} onClick=${bring(act)}>${text}<//>`)}
        </div>
      </div>
    <//>
    <${Field}>
      <div>
        ${dataset && html`<${About} dataset=${dataset} />`}
        <div class="pl-row">
          ${usable && html`<${CheckIt} name=${name} tried=${tried} />`}
          ${usable && !dataset.collection && link(`Index its documents in ${collection}`, index)}
          ${dataset && dataset.removable && link("Remove it", remove)}
        </div>
      </div>
    <//>
    <${Field} text="Collection" id="pl-eval-collection">${select("collection", places)}<//>
    <${Field} text="Each question searches" id="pl-eval-scope">${select("scope", scopes)}<//>
    <${Field} text="Pipelines">
      <div class="pl-chips" role="group" aria-label="Pipelines to measure">
        ${[...Object.keys(pipelines), ...others].map(chip)}
      </div>
    <//>
    <${Field} text="Another pipeline" id="pl-eval-own">
      <div class="pl-measuring-own">
        <${Code} id="pl-eval-own" placeholder="rows:{50,100,256} > full:10" value=${own} write=${setOwn}
          enter=${taken} />
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
  <//>`;
}
function Job({ job, told: { pipelines, dataset } }) {
  const facts = [
    pipelines.join(", "),
    job.pages_total && `${count(job.pages_done)} of ${count(job.pages_total)} searches`,
    job.active && job.pages_done && `${duration(job.eta_seconds)} left`,
    job.message,
  ];
  return html`<${JobCard} job=${job} doing=${`measuring ${plural(pipelines.length, "pipeline")} on ${dataset}`}
    facts=${facts}>
    <${Meter} label="Searches done" done=${job.pages_done} total=${job.pages_total} />
  <//>`;
}
export function Jobs() {
  const shown = now()
    .known.jobs.map((told) => ({ told, job: state.jobs.find((job) => job.id === told.job.id) || told.job }))
    .filter(({ job }) => job.state !== "done" && !isHidden(job));
  if (!shown.length) return null;
  return html`<div class="pl-jobs" role="group" aria-label="Evaluations on their way">
    ${shown.map((one) => html`<${Job} key=${one.job.id} ...${one} />`)}
  </div>`;
}

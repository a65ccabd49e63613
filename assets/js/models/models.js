/* models: what there is to choose from, where its weights are, what a page takes here; getting one, loading it, letting
   it go. */
import { act, addressed, api, Button, bytes, copy, dialog, Facts, html, plural, Quiet, Spinner, state,
  useAnswer, useEffect, useState, Waiting, watch } from "../core/core.js";

const SOON = 1000; // ms between looks at a model that is being loaded
const path = (model, rest) => `/models/${api.part(model.id)}/${rest}`;
const fetching = (model) => state.jobs.find((job) => job.kind === "get" && job.encoder === model.id && job.active);

/* The models as they are now: asked anew when a job gets one, while one is loading, and by what `again` answers. */
function useModels() {
  const [asked, ask] = useState(0);
  const jobs = state.jobs.filter((job) => job.kind === "get").map((job) => job.state);
  const { value, error } = useAnswer(() => api.get("/models"), [asked, jobs.join()]);
  const again = () => ask((n) => n + 1);
  const loading = value && value.some((model) => model.state === "loading");
  useEffect(() => {
    const timer = loading ? setTimeout(again, SOON) : 0;
    return () => clearTimeout(timer);
  }, [value]);
  return { models: value, error, again };
}
const Command = ({ text }) => html`<div class="pl-command">
  <code>${text}</code>
  <${Quiet} icon="copy" label="Copy the command" title="Copy" onClick=${() => copy(text)} />
</div>`;
function Row({ model, end }) {
  return html`<div class="pl-model-row" data-model=${model.id} data-state=${model.state}>
    <div class="pl-model-head">
      <b>${model.name}</b><code class="pl-muted">${model.id}</code>
      <span class=${`pl-badge pl-model-state pl-state-${model.state}`}>${model.said}</span>
      ${end}
    </div>
    <p class="pl-model-summary">${model.summary}</p>
    <${Facts} look="pl-model-facts" of=${model.facts} />
    ${model.folder && html`<p class="pl-muted pl-model-folder" title=${model.folder}>${model.folder}</p>`}
    ${model.own_code && html`<p class="pl-model-code">
      ${`May run code of its own here, allowed at revision ${model.own_code}.`}
    </p>`}
    ${model.why && html`<p class="pl-model-reason">${model.why}</p>`}
    ${model.command && !model.available && html`<${Command} text=${model.command} />`}
  </div>`;
}
/* Those that can be used here, and the others folded below. */
function Grouped({ models, make }) {
  const rest = models.filter((model) => !model.available);
  const fetched = rest.some(fetching);
  return html`<div class="pl-model-list">${models.filter((model) => model.available).map(make)}</div>
    ${rest.length > 0 && html`<details class="pl-model-rest" open=${fetched || undefined}>
      <summary>${plural(rest.length, "model")} whose weights are not on this machine</summary>
      <div class="pl-model-list">${rest.map(make)}</div>
    </details>`}`;
}

/* --- getting one: what it takes and its licence first, then a job ------------------------------------------------- */
const Terms = ({ name, bytes: size, licence, terms, gated }) => html`<li key=${name}>
  <code>${name}</code><span> ${bytes(size)}, licence: ${licence || "its card names none"}</span>
  ${terms && html`<span class="pl-muted"> (${terms})</span>`}
  ${gated && html`<span>; its owners ask that you agree on its page first</span>`}
</li>`;
async function get(model) {
  const offer = await api.get(path(model, "offer"));
  const sure = await dialog({
    title: `Get ${model.name}`,
    confirm: "Accept the licence and get it",
    body: html`<div class="pl-get">
      <ul>${offer.repositories.map(Terms)}</ul>
      <p>${bytes(offer.bytes)} to fetch; ${bytes(offer.free)} are free in ${offer.folder}.</p>
    </div>`,
  });
  if (!sure) return;
  await api.post(path(model, "get"), { licence: offer.licence });
  await watch();
}
const fetched = (job) =>
  job.pages_total ? `${bytes(job.pages_done)} of ${bytes(job.pages_total)}` : "Asking the hub";
function Get({ model }) {
  const job = fetching(model);
  if (job)
    return html`<span class="pl-row">
      <span class="pl-muted" data-getting=${model.id} role="status">${fetched(job)}</span>
      <${Button} edits look="pl-small" onClick=${() => act(job, "stop")}>Stop<//>
    </span>`;
  if (!model.hub) return null;
  const begin = (event) => {
    event.preventDefault(); // it may stand in the label of a choice
    return get(model);
  };
  return html`<${Button} edits look="pl-small" act=${begin}>Get<//>`;
}

/* --- the picker: radios with the name `encoder` ------------------------------------------------------------------- */
/* `except` are ids that are not offered; `chosen` holds from the first moment, before the models are known. */
export function Picker({ chosen = "", except = [] }) {
  const { models, error } = useModels();
  const [picked, pick] = useState(chosen);
  if (!models)
    return html`<${Waiting} text="Looking for models" error=${error} />
      ${chosen && html`<input type="hidden" name="encoder" value=${chosen} />`}`;
  const offered = models.filter((model) => model.kind !== "score" && !except.includes(model.id));
  const usable = offered.filter((model) => model.available);
  const value = (usable.find((model) => model.id === picked) || usable[0] || { id: "" }).id;
  const choice = (model) => html`<label class="pl-model-choice" key=${model.id}>
    <input type="radio" name="encoder" value=${model.id} checked=${model.id === value} disabled=${!model.available}
      onChange=${() => pick(model.id)} />
    <${Row} model=${model} end=${!model.available && model.state === "absent" && html`<${Get} model=${model} />`} />
  </label>`;
  return html`<div class="pl-models" role="radiogroup" aria-label="Encoder">
    <${Grouped} models=${offered} make=${choice} />
  </div>`;
}
function Act({ model, again }) {
  const button = (text, name) => {
    const go = () => api.post(path(model, name)).finally(again);
    return html`<${Button} edits look="pl-small" act=${go}>${text}<//>`;
  };
  if (model.state === "loaded") return button("Unload", "unload");
  if (model.state === "failed") return button("Try again", "load");
  if (model.state === "loading") return html`<${Spinner} />`;
  if (model.available && model.state === "here") return button("Load", "load");
  return html`<${Get} model=${model} />`;
}
/* What this machine should use first, and why. */
const Advice = ({ best: { model, why, speed } }) =>
  html`<p class="pl-model-advice"><b>For this machine: ${model}. </b>${speed ? `${why} ${speed}` : why}</p>`;
function All() {
  const { models, error, again } = useModels();
  const { value: best, error: none } = useAnswer(() => api.get("/models/advice"), []);
  if (!models || !(best || none)) return html`<${Waiting} text="Looking for models" error=${error} />`;
  const row = (model) =>
    html`<${Row} key=${model.id} model=${model} end=${html`<${Act} model=${model} again=${again} />`} />`;
  return html`<div class="pl-models">
    ${best && html`<${Advice} best=${best} />`}<${Grouped} models=${models} make=${row} />
  </div>`;
}
addressed("models", () => dialog({ title: "Models", body: () => html`<${All} />`, wide: true }));

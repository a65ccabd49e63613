/* machine: models in memory, jobs, the home folder, versions, what the doctor says, and how programs ask. */
import { act, api, Button, bytes, choose, collectionNames, Copied, date, html, Link, Meter, openDialog, openJob,
  plural, Problem, samples, Section, showTab, state, stoppable, tabOf, unfinished, useAnswer } from "../core/core.js";

export const Pairs = ({ of }) => html`<dl class="pl-figures">
  ${of.map(([name, value]) => html`<div key=${name}><dt>${name}</dt><dd>${value}</dd></div>`)}
</dl>`;
const HELD = ["loaded", "loading", "failed"];
const Held = ({ model }) => html`<li data-model=${model.id}>
  <div class="pl-system-head">
    <b>${model.name}</b><span class=${`pl-badge pl-state-${model.state}`}>${model.state}</span>
  </div>
  <p class="pl-muted">${model.held}</p>
</li>`;
export function Loaded({ on }) {
  const { value: models, error } = useAnswer(() => api.get("/models"), [...on, state.dialog]);
  const held = (models || []).filter((model) => HELD.includes(model.state));
  const button = html`<${Button} id="pl-all-models" onClick=${() => openDialog("models")}>All models<//>`;
  return html`<${Section} id="pl-loaded" title="Models" end=${button}>
    <${Problem} text=${error} />
    ${models && html`<p class="pl-muted">
        ${models.filter((model) => model.available).length} of ${plural(models.length, "model")} can be used here;
        ${" "}${held.filter((model) => model.state === "loaded").length} loaded.
      </p>
      <ul class="pl-job-list">${held.map((model) => html`<${Held} key=${model.id} model=${model} />`)}</ul>`}
  <//>`;
}
const SHOWN = 30;
/* To the place that shows it, where there is one. */
async function follow(job) {
  if (job.collection !== state.collection) await choose(job.collection);
  showTab(tabOf(job));
  if (tabOf(job) === "library" && state.job !== job.id) openJob(job);
}
function Job({ job }) {
  const { collection, encoder, message, name, started } = job;
  const stage = job.stages.find((one) => one.done < one.total) || job.stages.at(-1);
  const shown = collectionNames().includes(collection) && tabOf(job) !== "system";
  const button = (what, text) =>
    html`<${Button} edits look="pl-small" aria-label=${`${text}: ${name} of ${collection}`}
      onClick=${() => act(job, what)}>
      ${text}
    <//>`;
  return html`<li data-job=${job.id} data-kind=${job.kind} data-state=${job.state}>
    <div class="pl-system-head">
      <span>
        ${shown ? html`<${Link} data-step onClick=${() => follow(job)}><b>${name}</b><//>` : html`<b>${name}</b>`}
        ${" "}${collection || encoder}
      </span>
      <span class="pl-row">
        <span class=${`pl-badge pl-job-${job.state}`}>${job.state}</span>
        ${stoppable(job) && button("stop", "Stop")}${unfinished(job) && button("resume", "Run again")}
      </span>
    </div>
    ${job.active && stage && stage.total > 0 && html`<${Meter} label=${name} done=${stage.done}
      total=${stage.total} />`}
    <p class="pl-muted">${[date(started), message].filter(Boolean).join(": ")}</p>
  </li>`;
}
export const History = () => html`<${Section} id="pl-history" title="Jobs">
  ${state.jobs.length
    ? html`<ul class="pl-job-list" tabindex="0" aria-label="Jobs, newest first">
        ${state.jobs.slice(0, SHOWN).map((job) => html`<${Job} key=${job.id} job=${job} />`)}
      </ul>`
    : html`<p class="pl-muted">Nothing has run in the background yet.</p>`}
<//>`;
const Check = ({ name, ok, detail, cure }) => html`<li key=${name} class=${ok === false ? "pl-check-bad" : ""}>
  <span class="pl-badge">${ok ? "ok" : ok === null ? "–" : "missing"}</span><span><b>${name}</b> ${detail}</span>
  ${cure && html`<code>${cure}</code>`}
</li>`;
function Installed({ told: { home, free, folders, versions, checks } }) {
  const taken = folders.reduce((sum, folder) => sum + folder.bytes, 0);
  return html`<p><code>${home}</code> ${bytes(taken)}, ${bytes(free)} free on its disk</p>
    <${Pairs} of=${folders.map((one) => [one.name, bytes(one.bytes)])} />
    <h3>Versions</h3>
    <${Pairs} of=${Object.entries(versions)} />
    <h3>Doctor</h3>
    <ul class="pl-checks" aria-label="What the doctor says">${checks.map(Check)}</ul>`;
}
export function Machine({ on }) {
  const { value: told, error } = useAnswer(() => api.get("/system"), on);
  return html`<${Section} id="pl-machine" title="This installation">
    <${Problem} text=${error} />${told && html`<${Installed} told=${told} />`}
  <//>`;
}

/* --- programs: the same service, with a request that runs as it stands -------------------------------------------- */
export function Programs({ on }) {
  const { collection, pipeline } = state;
  const [query = "What is this about?"] = samples();
  const body = { query, collection, pipeline: pipeline || "two-stage", filter: "", k: 5, address: location.origin };
  const { value: copies } = useAnswer(() => api.post("/copies", body), [...on, query]);
  return html`<${Section} id="pl-programs" title="For programs">
    <p>
      Every answer of these tabs is also to be had as JSON:${" "}
      <a href="api/v1/docs" target="_blank"
        rel="noopener">the HTTP API</a>. Assistants get read-only tools by pagelens mcp,
      or at /mcp of a server started with --mcp.
    </p>
    <div class="pl-stack pl-copies">${(copies || []).map(Copied)}</div>
  <//>`;
}

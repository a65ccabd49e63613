/* controls: how a search runs, in one row that says it and opens: presets, how many results, the pipeline's text, and
   the filter. What a pipeline or a filter is made of is the server's to say (`state.steps`); nothing is parsed here. */
import { api, asking, Button, Chip, Code, Count, documents, html, Icon, Input, Known, notify, Segments, Select, set,
  spaces, startJob, state, useState } from "../core/core.js";
import { fields as ownFields, tags, values } from "../library/tagging.js";
import { stageAbout } from "./cost.js";
import { read, readSoon, run } from "./run.js";

const SCREEN = 200; // results on one screen
const MAX_KEPT = 100000;
const PROPOSED = 500; // values of a field
const OPERATORS = ["=", "!=", "<", "<=", ">", ">=", "contains", "in"];

const reading = () => (state.steps && state.steps.pipeline) || {};
const clauses = () => (state.steps && state.steps.filter && state.steps.filter.clauses) || [];
function change(how) {
  set(how);
  if (asking()) run();
  else read();
}

/* --- pipeline ----------------------------------------------------------------------------------------------------- */
const usePipeline = (pipeline, k = null) => change({ pipeline, k });
/* A number of a pipeline changed: a preset becomes the pipeline that it stands for, with that number. */
const joined = (steps) => steps.map(({ source, k }) => (k ? `${source}:${k}` : source)).join(" > ");
const setSize = (at, k) => usePipeline(joined(reading().steps.map((step, i) => (i === at ? { ...step, k } : step))));
function setResults(k) {
  const { preset, steps } = reading();
  if (preset || !steps) usePipeline(state.pipeline, k);
  else setSize(steps.length - 1, k);
}
const whole = (text, most, otherwise) => Math.min(most, Math.max(1, Math.round(Number(text)) || otherwise));

function Presets() {
  const { pipelines, about, experimental = [] } = state.overview;
  // What was chosen shows at once, before the server has read it.
  const preset = pipelines[state.pipeline] ? state.pipeline : state.pipeline ? "" : reading().preset;
  const options = Object.keys(pipelines)
    .filter((name) => !experimental.includes(name))
    .map((name) => [name, name, [about[name], pipelines[name]].filter(Boolean).join(": ")]);
  return html`<${Segments} label="Pipeline preset" name="pl-preset" options=${options} value=${preset}
    choose=${usePipeline} />`;
}
function Encoders() {
  if (spaces().length < 2 || !reading().steps) return null;
  const sources = spaces().slice(1).flatMap((space) => space.indexes.map((one) => `${one.name}@${space.encoder}`));
  /* It finds the candidates, and what ranked last before still ranks them. */
  const lead = (source) => usePipeline(joined([{ source, k: 256 }, reading().steps.at(-1)]));
  return html`<div class="pl-field">
    <span>Start with</span>
    <div class="pl-chips" role="group" aria-label="Start with an index of another encoder">
      ${sources.map((source) => html`<${Chip} key=${source} title=${`Put ${source} in front of the pipeline`}
        onClick=${() => lead(source)}>
        ${source}
      <//>`)}
    </div>
  </div>`;
}
const Sizes = () => html`<div class="pl-sizes">
  ${(reading().steps || []).slice(0, -1).map(({ source, k }, i) => html`<label class="pl-inline" key=${i}>
    <span title=${stageAbout(source)}><code>${source}</code> hands on</span>
    <${Count} max=${MAX_KEPT} value=${k || 256} take=${(text) => setSize(i, whole(text, MAX_KEPT, 1))} />
  </label>`)}
</div>`;
/* An index that the pipeline needs and that is not there: making it is a job. */
function Lacking() {
  const build = async (one) => {
    await startJob("/index", one);
    notify(`${one.index} is being made from the stored vectors; the Library shows how far it is.`);
  };
  return (reading().lacking || []).map((one) => html`<p class="pl-lacking" key=${one.index}>
    <span><code>${one.index}</code> is not made yet for ${one.encoder}.</span>
    <${Button} edits look="pl-primary" onClick=${() => build(one)}>Make it now<//>
  </p>`);
}
/* A text that the server reads once a person stops typing; while one types, it is as it is typed. `change` is what of
   the state it changes. */
function Written({ text, value, change, error, ...more }) {
  const [typed, setTyped] = useState(null);
  const write = (now) => {
    setTyped(now);
    set(change(now.trim()));
    readSoon();
  };
  return html`<${Code} text=${text} label="pl-field" value=${typed ?? value} write=${write}
    onBlur=${() => setTyped(null)} ...${more} />
    ${error && html`<p class="pl-error pl-help" role="status">${error}</p>`}`;
}
/* The text that runs: of a preset its stages, once they are read. */
function PipelineText() {
  const { preset, pipeline, error } = reading();
  const spelled = preset && state.steps.of === state.pipeline ? pipeline : "";
  return html`<${Written} id="pl-pipeline" text="Pipeline" value=${spelled || state.pipeline} error=${error}
    change=${(pipeline) => ({ pipeline, k: null })} />`;
}
/* How many pages come back. */
function Results() {
  const { preset, k, steps } = reading();
  const more = k > SCREEN ? `. The first ${SCREEN} are shown` : "";
  const about =
    preset || !steps
      ? "How many pages the preset returns"
      : `The pipeline that is written ends in ${joined(steps.slice(-1))}; changing this number changes it${more}`;
  return html`<${Count} text="Results" label="pl-inline" id="pl-k" max=${SCREEN} title=${about}
    value=${Math.min(SCREEN, k || 10)}
      take=${(text) => setResults(whole(text, SCREEN, 10))} />`;
}

/* --- filter ------------------------------------------------------------------------------------------------------- */
export const useFilter = (filter) => change({ filter });
const without = (at) => clauses().filter((_, i) => i !== at).map((clause) => clause.text).join(" and ");
/* The server writes the test, so that its quoting is the filter's own. */
async function addTest(field, operator, value, rest = state.filter) {
  useFilter((await api.post("/filters/read", { filter: rest, add: { field, operator, value } })).filter);
}
export const FilterChips = () =>
  clauses().length > 0 &&
  html`<div class="pl-chips pl-filter-chips" role="group" aria-label="Filters in force">
    ${clauses().map(({ text }, i) => html`<${Chip} key=${text} look="pl-filter-chip" title="Take out this filter"
      aria-label=${`Take out the filter ${text}`} onClick=${() => useFilter(without(i))}>
      <code>${text}</code><${Icon} name="close" />
    <//>`)}
  </div>`;

/* Values that a field has in this collection, to choose from. */
function known(field) {
  if (field === "document") return documents().map((one) => one.name);
  if (field === "added") return [...new Set(documents().map((one) => new Date(one.added).toLocaleDateString("sv-SE")))];
  if (field === "tag") return tags();
  return field.startsWith("meta.") ? values(field.slice("meta.".length)) : [];
}
function Builder() {
  const own = ownFields().map((name) => ({ name: `meta.${name}`, summary: "a field of your own" }));
  const fields = [...state.overview.fields, ...own];
  const [chosen, setField] = useState("");
  const [operator, setOperator] = useState("=");
  const [value, setValue] = useState("");
  const field = fields.some((one) => one.name === chosen) ? chosen : fields[0].name;
  const add = () => {
    if (!value.trim()) return;
    setValue("");
    addTest(field, operator, value.trim());
  };
  return html`<div class="pl-filter-builder" role="group" aria-label="Add a filter">
    <${Select} aria-label="Field" options=${fields.map(({ name, summary }) => [name, name, summary])} value=${field}
      choose=${setField} />
    <${Select} aria-label="Comparison" options=${OPERATORS} value=${operator} choose=${setOperator} />
    <${Input} aria-label="Value" placeholder="value" list="pl-filter-values" value=${value} write=${setValue}
      enter=${add} />
    <${Known} id="pl-filter-values" texts=${known(field).slice(0, PROPOSED)} />
    <${Button} icon="plus" onClick=${add}>Add filter<//>
  </div>`;
}
function OnlyDocument() {
  const at = clauses().findIndex((clause) => clause.document);
  const rest = at < 0 ? state.filter : without(at);
  return html`<${Select} text="Only this document" label="pl-field" aria-label="Only this document"
    value=${at < 0 ? "" : clauses()[at].document}
      choose=${(name) => (name ? addTest("document", "=", name, rest) : useFilter(rest))}
      options=${[["", "All documents"], ...documents().map((one) => one.name)]} />`;
}
function Filter() {
  const { fields, meta } = state.overview;
  return html`<${Written} id="pl-filter" text="Filter" value=${state.filter} change=${(filter) => ({ filter })}
      error=${state.steps && state.steps.filter.error}
      placeholder="for example: page >= 10 and document = 'report.pdf'" />
    <div class="pl-field"><span>Add a filter</span><${Builder} /></div>
    <${OnlyDocument} />
    <p class="pl-muted pl-help">
      Fields:${" "}${fields.map((one, i) => html`${i ? ", " : ""}<code>${one.name}</code> (${one.summary})`)},${" "}
      <code>meta.NAME</code> (${meta}). Combine with and, or, not; compare with ${OPERATORS.join(" ")}.
    </p>`;
}

/* --- the row ------------------------------------------------------------------------------------------------------ */
function Now() {
  const { preset, reason, pipeline, k } = reading();
  if (state.across.length && !state.pipeline)
    return html`<span class="pl-more-now"><b>each collection as is best for it</b></span>`;
  return html`<span class="pl-more-now">
    <b>${preset || pipeline || state.pipeline}</b>
    ${preset && reason && html`<span class="pl-more-why">${reason}</span>`}
    ${k > 0 && html`<span>${Math.min(k, SCREEN)} results</span>`}
  </span>`;
}
export const Controls = () => html`<details class="pl-more" id="pl-how">
    <summary><${Icon} name="more" /><span class="pl-more-name">How it searches</span><${Now} /></summary>
    ${state.overview && html`<div class="pl-more-body">
      <div class="pl-query-tools"><${Presets} /><${Results} /></div>
      <${PipelineText} /><${Sizes} /><${Encoders} /><${Filter} />
    </div>`}
  </details>
  <${Lacking} />`;

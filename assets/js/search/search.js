/* search: the query, how it is searched, and results as they come. */
import { asking, atWork, Button, Chip, dragsFiles, Empty, Form, handed, html, mayEdit, ms, notify, on, plural, Problem,
  QueryLine, samples, set, Spinner, state, ToLibrary, useLayoutEffect, useRef, useState,
  withheld } from "../core/core.js";
import { Answers, SearchIn } from "./across.js";
import { Controls, FilterChips } from "./controls.js";
import { Slopes, Waterfall } from "./cost.js";
import { Expected } from "./expected.js";
import { Facets } from "./facets.js";
import { addPictures, marks, PartChips, PartTools, pictures } from "./parts.js";
import { Looks, Results } from "./results.js";
import { run } from "./run.js";
import { SavingBar } from "./saving.js";

const EXAMPLES = 6;

/* --- the form ----------------------------------------------------------------------------------------------------- */
function submit() {
  set({ query: state.draft.trim() });
  run(true);
}
function tryOut(text) {
  set({ query: text, draft: text });
  run();
}
function Examples() {
  if (!samples().length || asking()) return null;
  return html`<div class="pl-chips pl-examples" role="group" aria-label="Examples">
    <span class="pl-muted">Try</span>
    ${samples().slice(0, EXAMPLES).map((text) => html`<${Chip} key=${text} onClick=${() => tryOut(text)}>${text}<//>`)}
  </div>`;
}
/* A picture dropped anywhere on the form, or pasted into it, is a part of the query. */
const dragged = (event) => dragsFiles(event) && event.preventDefault();
async function dropped(event) {
  if (!dragsFiles(event)) return;
  event.preventDefault();
  const files = withheld(event) ? (await handed()).map(({ file }) => file) : [...event.dataTransfer.files];
  if (!files.length) return;
  if (pictures(files).length) addPictures(files);
  else notify("Only pictures can be searched with; add documents in the library.", "error");
}
function pasted(event) {
  const { files } = event.clipboardData;
  if (!pictures(files).length) return;
  event.preventDefault();
  addPictures(files);
}
const Asking = () =>
  html`<${Form} class="pl-query" role="search" submit=${submit} onDragOver=${dragged} onDrop=${dropped}
    onPaste=${pasted}>
    <${QueryLine} id="pl-query" label="Query" write=${(text) => (state.draft = text)}
      go=${html`<${Button} icon="search" look="pl-primary pl-go" type="submit">Search<//>`} />
    <${PartChips} />
    <${Examples} />
    <div class="pl-query-row"><${SearchIn} id="pl-search" ask=${run} /><${Controls} /><${PartTools} /></div>
    <${FilterChips} />
  <//>`;

/* --- what came of it ---------------------------------------------------------------------------------------------- */
const now = () => state.search || {};
function Status() {
  const { running, result, stale, error } = now();
  const warming = Boolean(state.model) && state.model.state === "warming";
  const waiting = warming ? "Warming up the model; the first search waits for it" : "Searching";
  const fresh = result && !stale,
    giving = ((result && result.answers) || []).filter((one) => one.found);
  return html`<div class="pl-status" role="status" aria-live="polite"
    data-complete=${state.search ? (running || error ? "no" : "yes") : null}>
    ${running && !fresh && html`<${Spinner} />${waiting}`}
    ${running && fresh && html`<span class="pl-provisional">
      <${Spinner} />Provisional, later stages still run
    </span>`}
    ${fresh && html`<h2 class="pl-found-count">${plural(result.hits.length, "page")}</h2>
      ${result.answers && html`<span>in ${plural(giving.length, "collection")}</span>`}
      ${!running && html`<span>${ms(result.trace ? result.trace.total_ms : result.total_ms)}</span>`}
      ${(result.notes || []).map((note) => html`<span class="pl-note">${note}</span>`)}`}
  </div>`;
}
function Verdict() {
  const { complete, verdict } = now().result || {};
  if (!complete || !verdict) return null;
  return html`<div class=${`pl-verdict pl-verdict-${verdict.state}`} role="status">
    <b>${verdict.statement}</b> <span class="pl-muted">${verdict.basis}</span>
  </div>`;
}
/* What stands where results would: a title, what to do, and whether that is done in the library. */
function why() {
  const { result, running } = now();
  const pages = state.details ? state.details.collection.pages : 0;
  if (state.gone) return ["Nothing was searched", `The collection “${state.gone}” is not here.`];
  if (running || (result && result.hits.length) || !state.ready) return [];
  const alone = !state.across.length;
  if (alone && !pages && atWork())
    return [
      "Documents are being added",
      "Their pages can be searched as soon as they are indexed; the library shows how far it is.",
      true,
    ];
  if (alone && !pages && !mayEdit()) return ["This collection is empty", "There is nothing to search in it yet."];
  if (alone && !pages) return ["This collection is empty", "Add documents first, then search them here.", true];
  if (result && state.filter)
    return ["No page fits", "The filter lets no page through that could be ranked. Loosen it, or check its spelling."];
  if (result) return ["No page fits", "Nothing was found to rank. Other words, or another way to search, may."];
  return [
    "Ask in your own words",
    `The ${alone ? `${plural(pages, "page")} of ${state.collection}` : "pages of several collections"} are ranked by ` +
      "what they show. Each result says which passage answers; open one to see it word by word.",
  ];
}
function Blank() {
  const { error } = now();
  if (error) return html`<${Empty} title="That search did not run"><${Problem} text=${error} /><//>`;
  const [title, text, inLibrary] = why();
  return title && html`<${Empty} title=${title}><p>${text}</p>${inLibrary && html`<${ToLibrary} />`}<//>`;
}

/* Marks are gathered first, so that the list does not change under the pointer. */
let listener = () => {};
on("collection", () => listener(false));
function Refine({ hide }) {
  const all = marks().length;
  const go = () => {
    hide();
    run();
  };
  return html`<div class="pl-refine">
    <span>${all ? `${plural(all, "page")} marked.` : "No page is marked any more."}</span>
    <${Button} look="pl-primary" onClick=${go}>${all ? "Refine the search" : "Search again"}<//>
  </div>`;
}
const Told = ({ result }) =>
  result.answers
    ? html`<${Answers} result=${result} />`
    : html`<${Waterfall} result=${result} /><${Expected} /><${Slopes} result=${result} />`;
export function Search() {
  const [marked, setMarked] = useState(false);
  listener = setMarked;
  const { result, running, stale } = now();
  /* What is said of a search grows stage by stage: until it is whole, the page is as high as it was. */
  const side = useRef(null),
    height = useRef(0);
  useLayoutEffect(() => {
    if (!running) height.current = side.current ? side.current.offsetHeight : 0;
  });
  return html`<div class="pl-search">
    <${Asking} />
    <div class="pl-found">
      <div class="pl-found-main">
        <div class="pl-found-head">
          <${Status} /><${SavingBar} />${result && result.hits.length > 0 && html`<${Looks} />`}
        </div>
        <${Verdict} />
        ${marked && state.search && !running && html`<${Refine} hide=${() => setMarked(false)} />`}
        <${Results} marking=${() => setMarked(true)} />
        <${Blank} />
      </div>
      ${result && html`<aside ref=${side} style=${{ minHeight: running ? `${height.current}px` : "" }}
        class=${stale ? "pl-found-side pl-stale" : "pl-found-side"}
        aria-label="How it was found">
        <${Facets} /><${Told} result=${result} />
      </aside>`}
    </div>
  </div>`;
}

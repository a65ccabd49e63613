/* search: the query, how it is searched, and results as they come. */
import { Button, Chip } from "../core/buttons.js";
import { notify } from "../core/dialogs.js";
import { Empty, Problem, Spinner } from "../core/blocks.js";
import { on } from "../core/events.js";
import { ms, plural } from "../core/format.js";
import { html, useState } from "../core/html.js";
import { asking, atWork, samples, set, state } from "../core/store.js";
import { Answers, SearchIn } from "./across.js";
import { Controls, FilterChips } from "./controls.js";
import { Slopes, Waterfall } from "./cost.js";
import { Expected } from "./expected.js";
import { Facets } from "./facets.js";
import { addPictures, marks, PartChips, PartTools, pictures } from "./parts.js";
import { QueryLine, ToLibrary } from "./query.js";
import { Looks, Results } from "./results.js";
import { run } from "./run.js";
import { SavingBar } from "./saving.js";

const EXAMPLES = 6;

/* --- the form -------------------------------------------------------------------------------------------------------------- */
function submit(event) {
  event.preventDefault();
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
const dragged = (event) => [...event.dataTransfer.types].includes("Files") && event.preventDefault();
function dropped(event) {
  const { files } = event.dataTransfer;
  if (!files.length) return;
  event.preventDefault();
  if (pictures(files).length) addPictures(files);
  else notify("Only pictures can be searched with; add documents in the library.", "error");
}
function pasted(event) {
  const { files } = event.clipboardData;
  if (!pictures(files).length) return;
  event.preventDefault();
  addPictures(files);
}
const Form = () =>
  html`<form class="pl-query" role="search" onSubmit=${submit} onDragOver=${dragged} onDrop=${dropped} onPaste=${pasted}>
    <${QueryLine} id="pl-query" label="Query" write=${(text) => (state.draft = text)}
      go=${html`<${Button} icon="search" look="pl-primary pl-go" type="submit">Search<//>`} />
    <${PartChips} />
    <${Examples} />
    <div class="pl-query-row"><${SearchIn} /><${Controls} /><${PartTools} /></div>
    <${FilterChips} />
  </form>`;

/* --- what came of it ------------------------------------------------------------------------------------------------------- */
function Status() {
  const { running, result, stale, error } = state.search || {};
  const done = Boolean(state.search) && !running && !error;
  const warming = Boolean(state.model) && state.model.state === "warming";
  const waiting = warming ? "Warming up the model; the first search waits for it" : "Searching";
  return html`<div class="pl-status" role="status" aria-live="polite"
    data-complete=${state.search ? (done ? "yes" : "no") : null}>
    ${running && (!result || stale) && html`<${Spinner} />${waiting}`}
    ${running && result && !stale &&
    html`<span class="pl-provisional"><${Spinner} />Provisional order, later stages still run</span>`}
    ${result && !stale && html`<h2 class="pl-found-count">${plural(result.hits.length, "page")}</h2>
      ${result.answers && html`<span>in ${plural(result.answers.filter((one) => one.found).length, "collection")}</span>`}
      ${!running && html`<span>${ms(result.trace ? result.trace.total_ms : result.total_ms)}</span>`}
      ${(result.notes || []).map((note) => html`<span class="pl-note">${note}</span>`)}`}
  </div>`;
}
function Verdict() {
  const said = state.search && state.search.result && state.search.result.complete && state.search.result.verdict;
  return (
    said &&
    html`<div class=${`pl-verdict pl-verdict-${said.state}`} role="status">
      <b>${said.statement}</b> <span class="pl-muted">${said.basis}</span>
    </div>`
  );
}
/* What stands where results would: a title, what to do, and whether that is done in the library. */
function why() {
  const { result, running } = state.search || {};
  const pages = state.details ? state.details.collection.pages : 0;
  if (state.gone) return ["Nothing was searched", `The collection “${state.gone}” is not here.`];
  if (running || (result && result.hits.length) || !state.ready) return null;
  const alone = !state.across.length;
  if (alone && !pages && atWork())
    return [
      "Documents are being added",
      "Their pages can be searched as soon as they are indexed; the library shows how far it is.",
      true,
    ];
  if (alone && !pages) return ["This collection is empty", "Add documents first, then search them here.", true];
  if (result && state.filter)
    return ["No page fits", "The filter lets no page through that could be ranked. Loosen it, or check its spelling."];
  if (result) return ["No page fits", "Nothing was found to rank. Other words, or another way to search, may."];
  return [
    "Ask in your own words",
    `${alone ? `The ${plural(pages, "page")} of ${state.collection}` : "The pages of several collections"} are ranked by ` +
      "what they show. Each result says which passage answers; open one to see it word by word.",
  ];
}
function Blank() {
  const { error } = state.search || {};
  if (error) return html`<${Empty} title="That search did not run"><${Problem} text=${error} /><//>`;
  const [title, text, inLibrary] = why() || [];
  return title && html`<${Empty} title=${title}><p>${text}</p>${inLibrary && html`<${ToLibrary} />`}<//>`;
}

/* Marks are gathered first, so that the list does not change under the pointer. */
let listener = () => {};
on("collection", () => listener(false));
function Refine({ shown, hide }) {
  if (!shown) return null;
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
export function Search() {
  const [marked, setMarked] = useState(false);
  listener = setMarked;
  const { result, running, stale } = state.search || {};
  const found = result && !stale;
  return html`<div class="pl-search">
    <${Form} />
    <div class="pl-found">
      <div class="pl-found-main">
        <div class="pl-found-head">
          <${Status} /><${SavingBar} />${result && result.hits.length > 0 && html`<${Looks} />`}
        </div>
        <${Verdict} />
        <${Refine} shown=${marked && state.search && !running} hide=${() => setMarked(false)} />
        <${Results} marking=${() => setMarked(true)} />
        <${Blank} />
      </div>
      ${found && html`<aside class="pl-found-side" aria-label="How it was found">
        <${Facets} />
        ${result.answers ? html`<${Answers} result=${result} />` : html`<${Waterfall} result=${result} />
          ${result.complete && html`<${Expected} />`}<${Slopes} result=${result} />`}
      </aside>`}
    </div>
  </div>`;
}

/* --- keys -------------------------------------------------------------------------------------------------------------------- */
function step(by) {
  const links = [...document.querySelectorAll("#pl-results .pl-hit-open")];
  if (!links.length) return;
  const now = links.indexOf(document.activeElement);
  const at = Math.max(0, Math.min(links.length - 1, now < 0 ? (by > 0 ? 0 : links.length - 1) : now + by));
  links[at].focus();
  links[at].closest(".pl-hit").scrollIntoView({ block: "nearest" });
}
on("key", (event) => {
  if (state.view !== "search" || !["j", "k"].includes(event.key)) return;
  event.preventDefault();
  step(event.key === "j" ? 1 : -1);
});

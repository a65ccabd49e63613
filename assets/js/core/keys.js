/* keys: those that work everywhere, and the sheet that lists them all. */
import { dialog } from "./dialogs.js";
import { emit } from "./events.js";
import { html } from "./html.js";
import { addressed, back, openDialog, showTab } from "./router.js";
import { mayEdit, set, state } from "./store.js";

const KEYS = [
  ["/", "Go to the query"],
  ["j  k", "Next, previous: result, document, question, job; on a page the next result, in a review the next question"],
  ["Enter", "Open it"],
  ["Backspace", "Back to where you were"],
  ["[  ]", "Previous, next page of the document"],
  ["h", "Heat on or off"],
  ["a", "Heat for all query words"],
  ["1 … 9", "Heat for one query word"],
  ["+  −  0", "Zoom in, out, fit"],
  ["g  b", "Judge the page relevant to the query, or not", "edits"],
  ["r", "Pick a part of the page to search with"],
  ["c", "Compare two pipelines"],
  ["Esc", "Leave a field, or give up picking"],
  ["?", "This sheet"],
];
const Key = ([keys, what]) => html`<dt>${keys.split("  ").map((key) => html`<kbd>${key}</kbd>`)}</dt>
  <dd>${what}</dd>`;
const offered = () => KEYS.filter(([, , edits]) => !edits || mayEdit());
addressed("keys", () => dialog({ title: "Keyboard", body: html`<dl class="pl-keys">${offered().map(Key)}</dl>` }));

const FIELDS = /^(INPUT|TEXTAREA|SELECT)$/;
const BUTTONS = /^(checkbox|radio|range|button|file|submit)$/;
const typing = (node) =>
  Boolean(node) && (node.isContentEditable || (FIELDS.test(node.tagName) && !BUTTONS.test(node.type)));

/* --- the query: nothing that is typed on the way to it is lost ---------------------------------------------------- */
const PATIENCE = 4000; // ms until the field is there
let catching = 0; // until when letters go to the query although it has no focus yet
const field = () => document.getElementById("pl-query");
export function focusQuery() {
  const until = performance.now() + PATIENCE;
  let fresh = true;
  catching = until;
  if (state.view !== "search") showTab("search");
  const step = () => {
    const query = field();
    if (query && query.offsetParent) query.focus();
    if (query && document.activeElement === query) {
      if (fresh && state.draft === query.value) query.select();
      if (!fresh) query.setSelectionRange(state.draft.length, state.draft.length);
      catching = 0;
    } else if (performance.now() < until) requestAnimationFrame(step);
    else catching = 0;
  };
  focusQuery.caught = (letter) => {
    set({ draft: (fresh ? "" : state.draft) + letter });
    fresh = false;
  };
  step();
}

/* What a tab lists has `data-step`, and is gone through by keys; a page steps by itself (viewer.js). */
function step(by) {
  const all = [...document.querySelectorAll("[data-step]")].filter((one) => one.checkVisibility());
  if (!all.length) return;
  const now = all.indexOf(document.activeElement);
  const next = all[Math.max(0, Math.min(all.length - 1, now < 0 ? (by > 0 ? 0 : all.length - 1) : now + by))];
  next.focus();
  (next.closest("li, tr") || next).scrollIntoView({ block: "nearest" });
}
const STEPS = { j: 1, k: -1 };

const ACTS = {
  "?": () => openDialog("keys"),
  "/": focusQuery,
  c: () => showTab("compare"),
  Backspace: back,
};
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
  if (typing(event.target)) {
    if (event.key === "Escape") event.target.blur();
    return;
  }
  if (performance.now() < catching && event.key.length === 1) {
    event.preventDefault();
    focusQuery.caught(event.key);
    return;
  }
  if (event.key === "Enter" && event.target.matches("input[data-step]")) return event.target.click();
  const act = state.view !== "page" && STEPS[event.key] ? () => step(STEPS[event.key]) : ACTS[event.key];
  if (!act) {
    emit("key", event);
    return;
  }
  event.preventDefault();
  act();
});

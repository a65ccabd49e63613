/* store: the state of the page in one place, and what draws it.

   Views are functions of `state`. `set` changes it and draws every view anew, once for all changes of one turn; Preact
   changes of the page what differs. Nothing else holds state but what concerns one element alone (where it is scrolled
   to, what is typed and not yet asked). */
import { h, render } from "./html.js";

export const state = {
  view: "search", // the tab
  overview: null, // what there is: collections, presets, fields, colours
  details: null, // of the collection: documents, indexes, examples
  collection: "",
  across: [], // collections that are searched together, ["*"] for all; empty: the one at hand
  model: null, // the default one, as { state, detail }: whether it is loaded yet
  gone: "", // the collection that a link names and that is not there
  draft: "", // what stands in the query field
  query: "", // the words asked for
  parts: [], // and what is asked beside them: texts, pictures, regions, marks, each with a weight
  pipeline: "", // as chosen; empty: the best for the collection
  filter: "",
  k: null, // results asked for; null: what the pipeline says
  steps: null, // the pipeline and the filter as the server reads them; `of` is the pipeline that was read
  search: null, // the search under way or done
  hits: [], // of it
  open: null, // the page that is open, as { document, page }
  page: null, // what is known of it
  judged: null, // grades of pages for the question at hand, as { query, collection, grades }
  compare: null, // a comparison, see compare/asking.js
  evaluation: null, // what was measured, see evaluate/reading.js
  review: null, // the question of an evaluation that is gone through, see evaluate/review.js
  expected: null, // the page that a person expects to be found
  jobs: [], // work on the server, newest first
  dropped: null, // files dropped anywhere, for the library
  job: "", // the one whose files are shown, by id
  document: "", // the document of which more is shown in the library
  ready: false, // the first place is shown, and all that is needed for it is known
  dialog: "", // a dialog that has an address
};

const roots = new Map();
let waiting = false;

/* Draw a view into an element, now and at every change. */
export function show(element, view) {
  roots.set(element, view);
  render(h(view), element);
}
export function leave(element) {
  roots.delete(element);
  render(null, element);
}
export function redraw() {
  if (waiting) return;
  waiting = true;
  queueMicrotask(() => {
    waiting = false;
    for (const [element, view] of roots) render(h(view), element);
  });
}
export function set(changes) {
  Object.assign(state, changes);
  redraw();
}

/* A part of the state that one view alone changes: what reads it and what changes some of it. */
export function part(name, fresh) {
  set({ [name]: fresh });
  return [() => state[name], (change) => set({ [name]: { ...state[name], ...change } })];
}

/* What is known of the collection at hand, and its documents; null where it is not there, or not known yet. */
export const collectionNames = () => (state.overview ? state.overview.collections.map((one) => one.name) : []);
export const collectionNow = () =>
  (state.overview && state.overview.collections.find((one) => one.name === state.collection)) || null;
export const documentsNow = () =>
  state.details && state.details.collection.name === state.collection ? state.details.documents : null;

export const documents = () => (state.details && state.details.documents) || [];
export const spaces = () => (state.details && state.details.collection.spaces) || [];
export const samples = () => (state.details && state.details.samples) || [];
/* Whether the account may change anything, or only look. */
export const mayEdit = () => !state.overview || state.overview.may_edit;
/* What a collection may be called that the account makes or renames; null: anything. */
export const namesLeft = () => (state.overview ? state.overview.may_name : null);
export const mayName = () => mayEdit() && (!namesLeft() || namesLeft().length > 0);
/* Whether a job, or one of a kind, is at work in a collection. */
export const atWork = (name = state.collection, kind = "") =>
  state.jobs.some((job) => job.active && job.collection === name && (!kind || job.kind === kind));

const wanted = (part) => part.kind !== "mark" && part.weight > 0;
/* Whether there is a question. */
export const asking = () => Boolean(state.query) || state.parts.some(wanted);
/* It, as the server takes it: a text, or all its parts. */
export function asked() {
  if (!state.parts.length) return state.query;
  const text = state.query ? [{ kind: "text", text: state.query, weight: 1 }] : [];
  return { parts: [...text, ...state.parts] };
}
/* What a person likes is kept for the next time, in this browser only. */
export function remembered(key) {
  try {
    return localStorage.getItem(`pagelens-${key}`);
  } catch {
    return null; // a private window
  }
}
export function remember(key, text) {
  try {
    localStorage.setItem(`pagelens-${key}`, text);
  } catch {
    /* a private window: it lasts as long as the page */
  }
}
export function liked(key, usual) {
  try {
    return { ...usual, ...JSON.parse(remembered(key) || "{}") };
  } catch {
    return usual; // it is not ours
  }
}
export const like = (key, value) => remember(key, JSON.stringify(value));

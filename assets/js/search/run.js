/* run: asking. A search answers stage by stage, and then with the passage and the heat of every page found, all in one
   stream; a newer question ends the older one. Answers are remembered, so that Back shows them at once. */
import { api, asked, asking, choose, latest, on, openPage, parseRef, redraw, refOf, set, soon, state,
  sync } from "../core/core.js";

export const ALL = "*"; // of collections that are searched together: every one
const KEPT = 12; // answers, for Back and forward
const PAUSE = 250; // ms after which a person has stopped typing
const begun = latest(),
  reads = latest();
let answers = new Map(),
  stopping = null,
  known = "", // what is being read of the pipeline and the filter, or was; nothing is read twice
  told = null; // until it is read

/* The preset that an empty pipeline means, once the server has said so. */
const recommended = () => (state.steps && !state.pipeline && state.steps.pipeline.preset) || "";
/* The request a question makes. */
export const question = () => ({
  query: asked(),
  collection: state.collection,
  pipeline: state.pipeline || recommended(),
  k: state.k,
  filter: state.filter,
});
/* The collections that are searched, as the server takes them: none for all. */
export function searched() {
  if (state.across.includes(ALL)) return [];
  return state.across.length ? state.across : [state.collection];
}
/* Where it is asked, and what: of several collections each by the pipeline that is best for it, if none is chosen. */
export function request() {
  if (!state.across.length) return ["/search/stages", question()];
  const { pipeline, k, filter } = state;
  return ["/search/across/stages", { query: asked(), collections: searched(), pipeline, k, filter }];
}
/* What a person chose, by which an answer is known again: what is recommended may become known only after it. */
const keyNow = () => JSON.stringify({ ...request()[1], pipeline: state.pipeline });
/* Pages come and go: what was found before, or is being found, says nothing any more. */
function forget() {
  answers = new Map();
  known = "";
}

export function clear() {
  if (stopping) stopping.abort();
  begun();
  set({ search: null, hits: [] });
  sync();
}
/* Ask what the state says; `typed` where a person has just written it, which the collection may keep. */
export async function run(typed = false) {
  if (!asking()) return clear();
  if (!state.details) {
    // Nothing is known of the collection yet, or it is not there: the router asks again once it is.
    set({ search: state.gone ? null : { running: true, result: null, passages: new Map(), error: "" } });
    return;
  }
  const [path, body] = request(),
    key = keyNow();
  sync();
  read();
  if (stopping) stopping.abort();
  const mine = begun(),
    among = answers,
    kept = !typed && among.get(key); // who asks again wants to know anew
  if (kept) return set({ search: kept, hits: kept.result.hits });
  const before = state.search && state.search.result;
  const search = { key, running: true, result: before, stale: Boolean(before), passages: new Map(), error: "" };
  stopping = new AbortController();
  set({ search });
  const heard = (line) => {
    if (line.passages) for (const one of line.passages) search.passages.set(keyOf(one), one);
    else {
      if (search.stale) search.passages = new Map();
      const result = { ...line, hits: line.hits.map((hit) => placed({ collection: line.collection, ...hit })) };
      Object.assign(search, { result, stale: false, running: !line.complete });
      state.hits = result.hits;
    }
    redraw();
  };
  try {
    for await (const line of api.lines(path, { ...body, passages: true, asked: typed }, stopping.signal))
      if (mine()) heard(line);
    if (!mine()) return;
    search.read = true;
    among.set(key, search); // not before its passages are in: what is kept is never asked for again
    if (among.size > KEPT) among.delete(among.keys().next().value);
  } catch (error) {
    if (!mine() || error.name === "AbortError") return;
    // A result that is whole stays, even where its passages failed.
    if (search.result && search.result.complete && !search.stale) search.read = true;
    else Object.assign(search, { result: null, error: error.message, running: false });
    state.hits = search.result ? search.result.hits : [];
  }
  redraw();
}

/* Ask what is not typed here: a search that was saved, a question of an evaluation. `open` is a page to show. */
export async function askAnew(asked, open = null) {
  const { collection, across = [], query, parts = [], pipeline, filter, k = null, expected = null } = asked;
  set({ across, query, draft: query, parts, pipeline, filter, k });
  if (collection && collection !== state.collection) await choose(collection); // which asks
  else run();
  set({ expected });
  if (open) openPage(open);
  else sync();
}

/* --- the pipeline and the filter, as the server reads them -------------------------------------------------------- */
export function read() {
  if (!state.overview || !state.details) return null;
  const { pipeline, filter, collection, k } = state,
    wanted = JSON.stringify([pipeline, filter, collection, k]);
  if (wanted !== known) {
    known = wanted;
    told = readNow(state);
  }
  return told;
}
async function readNow({ pipeline, filter, collection, k }) {
  const mine = reads();
  const said = (path, body) => api.post(path, body).catch((error) => ({ error: error.message }));
  const [steps, clauses] = await Promise.all([
    said("/pipelines/read", { collection, pipeline, k }),
    said("/filters/read", { filter }),
  ]);
  if (mine()) set({ steps: { of: pipeline, pipeline: steps, filter: clauses } });
}
/* The same once a person has stopped typing. */
export const readSoon = soon(read, PAUSE);

/* --- what is found ------------------------------------------------------------------------------------------------ */
/* A hit with its page as document and number beside the text. */
const placed = (hit) => ({ ...hit, ref: hit.page, key: keyOf(hit), ...parseRef(hit.page) });
/* Collections may have documents of one name. */
const keyOf = ({ collection, page }) => `${collection}/${page}`;
/* Where the open page stands among the results: { hit, at, of, before, after }, or null. */
export function standing() {
  const { open, hits, collection } = state;
  const at = open ? hits.findIndex((hit) => hit.key === keyOf({ collection, page: refOf(open) })) : -1;
  return at < 0 ? null : { hit: hits[at], at, of: hits.length, before: hits[at - 1], after: hits[at + 1] };
}

on("tab", (name) => {
  // Asked for elsewhere meanwhile, as in a comparison.
  if (name === "search" && state.search && state.search.key && state.search.key !== keyNow()) run();
});
let restored = false;
on("restore", () => {
  // The first time the field may hold what was typed meanwhile; later a place is gone back to.
  if (restored) state.draft = state.query;
  restored = true;
  run();
  read();
});
on("collection", () => {
  read();
  if (asking() && document.documentElement.dataset.pagelens) run();
});
let of = ""; // the collection that details were last of
on("details", () => {
  if (of === state.collection) forget();
  of = state.collection;
  known = "";
  read();
});
on("overview", forget);
on("deleted", () => {
  forget();
  if (asking() && state.search) run();
});

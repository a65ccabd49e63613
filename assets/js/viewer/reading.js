/* reading: what is known of the open page, and how it is looked at; `state.page` and `look`. */
import { addLink, api, asked, asking, imageUrl, latest, like, liked, notify, on, openPage, redraw, refOf, set, spaces,
  state, sync } from "../core/core.js";
import { question, read, standing } from "../search/run.js";
import * as heat from "./heat.js";

/* `chosen` are the words whose heat is shown (none: all), `pooled` an index whose cells are drawn instead, `encoder`
   whose vectors explain the page (empty: those the pipeline decides by). The rest is how heat looks, and is
   remembered. */
export const look = { on: true, chosen: [], pooled: "", encoder: "" };
const KEPT = ["join", "range", "colour", "opacity"];
export const shown = () => Object.fromEntries(KEPT.map((key) => [key, look[key]]));
export function turn(change) {
  Object.assign(look, change);
  if (KEPT.some((key) => key in change)) like("heat", shown());
  redraw();
  sync();
}
on("overview", () => {
  if (look.join) return;
  Object.assign(look, liked("heat", heat.looks().usual));
  if (!heat.looks().colours[look.colour]) look.colour = heat.looks().usual.colour;
});

/* Which encoder's vectors explain the page: the chosen one while the collection has it, else the pipeline's last. */
export const encoder = () => (spaces().some((one) => one.encoder === look.encoder) ? look.encoder : "");

let cited = null, // a part of a page that an address points at, as a citation does; it stays while its page is open
  restored = null; // words that a link names, until the page's are known
const citedOf = (ref) => (cited && cited.ref === refOf(ref) ? cited.box : null);
addLink({
  write(add) {
    if (state.view !== "page") return;
    if (state.open) add("box", (citedOf(state.open) || []).join(","));
    add("t", look.chosen.join("."));
  },
  read(wanted) {
    const box = (wanted.get("box") || "").split(",").map(Number);
    const fits = box.length === 4 && box.every((edge) => edge >= 0 && edge <= 1) && box[0] < box[2] && box[1] < box[3];
    cited = fits ? { ref: wanted.get("ref"), box } : null;
    const words = (wanted.get("t") || "").split(".").filter((text) => /^\d+$/.test(text));
    restored = words.length ? words.map(Number) : null;
    look.chosen = restored || [];
  },
});

/* Change something of the open page that only looks different. */
export const alter = (change) => set({ page: { ...state.page, ...change } });
export const highlight = (box) => alter({ highlight: box && box[2] > box[0] ? box : null });
const opened = latest();
const same = (page, ref) => page && page.read && page.read.document === ref.document && page.read.page === ref.page;

/* --- asking ahead ------------------------------------------------------------------------------------------------- */
const RESTING = 80; // ms on a result, by pointer or by key, until it is likely to be opened
let at = "", // the result that one rests on
  resting = 0,
  ahead = null, // what was asked of its page before it is opened
  under = null; // and of the page that is open
const questionOf = (ref) => ({
  collection: state.collection,
  page: refOf(ref),
  ...(asking() && { query: asked(), encoder: encoder(), pipeline: question().pipeline }),
});
/* A page, why it scores what it scores, and its picture where the id is known: all asked at once. */
function ask(ref, id) {
  if (id) new Image().src = imageUrl(ref.document, ref.page, id, "page");
  const stop = new AbortController(),
    { signal } = stop;
  const page = api.get(api.here("/page"), { page: refOf(ref) }, signal);
  // The preset that decides what explains the page has to be read.
  const why = asking() && Promise.resolve(read()).then(() => api.layers(questionOf(ref), signal));
  for (const one of [page, why || page]) one.catch(() => {}); // told by who waits for it
  return { key: JSON.stringify(questionOf(ref)), page, why, stop };
}
/* Nobody is at that result any more: what was asked for its sake is given up. */
export function leave() {
  clearTimeout(resting);
  if (ahead) ahead.stop.abort();
  at = "";
  ahead = null;
}
/* One rests on a result of the collection at hand: its page is asked for ahead. */
export function rest({ key, collection, page_id: id, ...ref }) {
  if (key === at || collection !== state.collection) return;
  leave();
  at = key;
  resting = setTimeout(() => {
    const mine = ask(ref, id);
    ahead = mine;
    // What fails is asked anew by a click: the server may be back by then.
    Promise.all([mine.page, mine.why]).catch(() => {
      if (ahead === mine) ahead = null;
    });
  }, RESTING);
}
on("details", leave);
/* What was asked of a page ahead, or is asked now; nobody waits for the one before any more. */
function answers(ref) {
  const found = ahead && ahead.key === JSON.stringify(questionOf(ref)) ? ahead : ask(ref, standing()?.hit.page_id);
  if (found === ahead) ahead = null;
  leave();
  if (under) under.abort();
  under = found.stop;
  return found;
}

/* Read a page, and why it scores what it scores. What is shown before stays until the new one is there. */
async function open(ref) {
  const mine = opened();
  if (state.page && state.page.read) alter({ stale: true });
  try {
    const told = answers(ref);
    const page = await told.page;
    if (!mine()) return;
    look.pooled = "";
    const pointing = { highlight: null, picking: false, pick: null, point: null, cited: citedOf(ref) };
    set({ page: { read: { ...page, page: page.number }, waiting: Boolean(told.why), ...pointing } });
    if (!told.why) return;
    const why = await told.why;
    if (!mine()) return;
    look.chosen = (restored || (look.query === why.query ? look.chosen : [])).filter((t) => t < why.tokens.length);
    look.query = why.query;
    restored = null;
    alter({ why, seen: heat.read(why), waiting: false });
  } catch (error) {
    if (!mine()) return;
    if (same(state.page, ref) && !state.page.stale) alter({ waiting: false, error: error.message });
    else set({ page: { failed: error.message } });
  }
}
on("open", open);
on("restore", () => state.open && state.view === "page" && open(state.open));
on("read", (documents) => state.page && documents.some((one) => one.name === state.open?.document) && open(state.open));
on("collection", () => {
  opened();
  set({ page: null });
});
on("deleted", (name) => {
  if (!state.open || state.open.document !== name) return;
  opened();
  set({ page: { failed: name, title: "This document was deleted" }, open: null });
});
export function go(to) {
  const { read } = state.page || {};
  const page = Math.round(to);
  if (!read || page === read.page || !(page >= 1 && page <= read.pages)) redraw();
  else openPage({ document: read.document, page });
}
/* To the next result, or the one before. */
export function stepResult(by) {
  const here = standing();
  if (!here && !state.hits.length) return;
  const next = here ? (by > 0 ? here.after : here.before) : state.hits[0];
  if (next) openPage(next);
  else notify(by > 0 ? "That was the last result." : "That was the first result.");
}
export const pooledView = () => {
  const { why } = state.page;
  return (why && look.pooled && why.pooled.find((one) => one.index === look.pooled)) || null;
};
/* What is drawn. What a pooled index saw is on the scale of the page itself, so that both can be compared. */
export function layer() {
  const { why, seen } = state.page;
  if (!why) return null;
  const pooled = pooledView(),
    own = heat.combined(seen, look.chosen, look.join),
    drawn = pooled ? heat.read(why, pooled) : seen;
  const several = (look.chosen.length || seen.weights.length) > 1;
  return {
    list: pooled ? heat.combined(drawn, look.chosen, look.join) : own,
    ...heat.bounds(heat.placed(own, seen.boxes), look, several),
    boxes: drawn.boxes,
    similarities: drawn.similarities,
    grid: Boolean(pooled || why.grid),
    pooled,
  };
}
export const boxAt = (list, j) => Array.from(list.subarray(4 * j, 4 * j + 4));

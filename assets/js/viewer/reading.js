/* reading: what is known of the open page, and how it is looked at; `state.page` and `look`. */
import { refOf } from "../core/address.js";
import { notify } from "../core/dialogs.js";
import { addLink, on } from "../core/events.js";
import { openPage, sync } from "../core/router.js";
import { api } from "../core/server.js";
import { asked, asking, like, liked, redraw, set, spaces, state } from "../core/store.js";
import { question, standing } from "../search/run.js";
import * as heat from "./heat.js";

/* `chosen` are the words whose heat is shown (none: all), `pooled` an index whose cells are drawn instead, `encoder` whose
   vectors explain the page (empty: those the pipeline decides by). The rest is how heat looks, and is remembered. */
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

/* A part of a page that an address points at, as a citation does; it stays there while its page is open. */
let cited = null;
const citedOf = (ref) => (cited && cited.ref === refOf(ref) ? cited.box : null);
addLink({
  write: (add) => state.view === "page" && state.open && add("box", (citedOf(state.open) || []).join(",")),
  read(wanted) {
    const box = (wanted.get("box") || "").split(",").map(Number);
    const fits = box.length === 4 && box.every((edge) => edge >= 0 && edge <= 1) && box[0] < box[2] && box[1] < box[3];
    cited = fits ? { ref: wanted.get("ref"), box } : null;
  },
});

let ticket = 0,
  restored = null; // words that a link names, until the page's are known
const placed = (found) => ({ ...found, page: found.number });
const same = (page, ref) => page && page.read && page.read.document === ref.document && page.read.page === ref.page;

/* Read a page, and why it scores what it scores. What is shown before stays until the new one is there. */
async function open(ref) {
  const mine = ++ticket;
  if (state.page && state.page.read) set({ page: { ...state.page, stale: true } });
  try {
    const read = placed(await api.get(api.collection(state.collection, "/page"), { page: refOf(ref) }));
    if (mine !== ticket) return;
    look.pooled = "";
    const pointing = { highlight: null, picking: false, pick: null, point: null, cited: citedOf(ref) };
    set({ page: { read, waiting: asking(), ...pointing } });
    if (!asking()) return;
    const { pipeline } = question();
    const at = { collection: state.collection, page: refOf(ref) };
    const why = await api.layers({ ...at, query: asked(), encoder: encoder(), pipeline });
    if (mine !== ticket) return;
    look.chosen = (restored || (look.query === why.query ? look.chosen : [])).filter((t) => t < why.tokens.length);
    look.query = why.query;
    restored = null;
    set({ page: { ...state.page, why, seen: heat.read(why), waiting: false } });
  } catch (error) {
    if (mine !== ticket) return;
    if (same(state.page, ref) && !state.page.stale) set({ page: { ...state.page, waiting: false, error: error.message } });
    else set({ page: { failed: error.message, missing: refOf(ref) } });
  }
}
on("open", open);
on("restore", () => state.open && state.view === "page" && open(state.open));
on("collection", () => {
  ticket += 1;
  set({ page: null });
});
on("deleted", (name) => {
  if (!state.open || state.open.document !== name) return;
  ticket += 1;
  set({ page: { failed: name, title: "This document was deleted" }, open: null });
});
addLink({
  write: (add) => state.view === "page" && look.chosen.length && add("t", look.chosen.join(".")),
  read(wanted) {
    const words = (wanted.get("t") || "").split(".").filter((text) => /^\d+$/.test(text));
    restored = words.length ? words.map(Number) : null;
    look.chosen = restored || [];
  },
});

/* --- to other pages -------------------------------------------------------------------------------------------------------- */
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
/* Change something of the open page that only looks different. */
export const alter = (change) => set({ page: { ...state.page, ...change } });
export const highlight = (box) => alter({ highlight: box && box[2] > box[0] ? box : null });

/* --- heat ------------------------------------------------------------------------------------------------------------------ */
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

/* asking: one query by two pipelines, or many of them; what is asked and what came of it is `state.compare`. The query
   is that of the tab Search, and so is the first pipeline until another is chosen. */
import { failed } from "../core/dialogs.js";
import { addLink, on } from "../core/events.js";
import { sync } from "../core/router.js";
import { api } from "../core/server.js";
import { asked, asking, set, state } from "../core/store.js";
import { read } from "../search/run.js";
import { both, firstPair } from "./figures.js";

const PIECE = 10; // queries of one answer
/* `a` and `b` are pipelines as typed, null until a person chooses; `filter` narrows one query of many; `one` and `all`
   are what was found; `dataset` (else `lines`) are whose queries are compared. */
const fresh = { many: false, a: null, b: null, filter: "", lines: "", dataset: "", sets: [], one: null, all: null, error: "" };
let number = 0;

export const now = () => state.compare;
export const alter = (change) => set({ compare: { ...state.compare, ...change } });
set({ compare: fresh });

/* --- the two pipelines -------------------------------------------------------------------------------------------------- */
const presets = () => (state.overview && state.overview.pipelines) || {};
const reading = () => (state.steps && state.steps.pipeline) || {};
/* A starts as what Search uses, B as a preset that ranks by other evidence, which the server knows. */
const usual = { a: () => state.pipeline || reading().preset || "", b: () => reading().rival || "" };
export const textOf = (side) => now()[side] ?? presets()[usual[side]()] ?? usual[side]();
export const presetOf = (side) =>
  Object.keys(presets()).find((name) => [name, presets()[name]].includes(textOf(side).trim())) || "";
/* A preset goes by its name, so that it is fitted to the indexes that the collection has. */
const pipelineOf = (side) => presetOf(side) || textOf(side).trim();
const sides = () => ({ a: pipelineOf("a"), b: pipelineOf("b") });

/* --- asking --------------------------------------------------------------------------------------------------------------- */
const request = () => ({
  ...sides(),
  query: asked(),
  collection: state.collection,
  k: state.k,
  filter: both(state.filter, now().filter),
});
async function compareOne() {
  const mine = ++number;
  set({ query: state.draft.trim() });
  if (!asking()) {
    alter({ one: null, error: "" });
    return;
  }
  alter({ one: { ...now().one, running: true }, error: "" });
  await read(); // what B is when nobody has chosen it
  if (mine !== number) return;
  sync();
  const body = request();
  try {
    const found = await api.post("/compare", body);
    if (mine !== number) return;
    alter({ one: { key: JSON.stringify(body), question: body.query, filter: body.filter, found, chosen: firstPair(found) } });
  } catch (error) {
    if (mine === number) alter({ one: null, error: error.message });
  }
}
/* In pieces, so that rows are shown as they come and a person can stop. */
async function compareAll() {
  const mine = ++number;
  const { dataset, lines } = now();
  const all = { rows: [], refused: {}, total: 0, done: 0, running: true };
  const wanted = Boolean(dataset || lines.trim());
  alter({ all: wanted ? all : null, error: "" });
  if (!wanted) return;
  await read();
  sync();
  const { query, ...body } = { ...request(), filter: state.filter, dataset, lines };
  try {
    while (all.running && mine === number) {
      const piece = await api.post("/compare/queries", { ...body, at: all.done, many: PIECE });
      if (mine !== number) return;
      all.rows.push(...piece.rows);
      Object.assign(all.refused, piece.refused);
      all.total = piece.total;
      all.done = Math.min(all.done + PIECE, piece.total);
      all.running = all.done < all.total;
      alter({ all: { ...all } });
    }
  } catch (error) {
    if (mine === number) alter({ all: all.rows.length ? { ...all, running: false } : null, error: error.message });
  }
}
export const compare = () => (now().many ? compareAll() : compareOne());
export function stop() {
  number += 1;
  if (now().all) alter({ all: { ...now().all, running: false } });
}
export const choose = (side, hit) => alter({ one: { ...now().one, chosen: { ...now().one.chosen, [side]: hit } } });
export function turn(many) {
  stop();
  alter({ many, error: "" });
  if (many) loadSets();
  sync();
}
/* One of many, by itself. */
export function openRow({ query, filter }) {
  turn(false);
  set({ draft: query });
  alter({ filter });
  compare();
}
async function loadSets() {
  const mine = (one) => one.collection === state.collection;
  const found = await api.get("/datasets").catch(failed);
  if (!found) return;
  const sets = found.filter((one) => !one.problem).sort((x, y) => mine(y) - mine(x));
  alter({ sets, dataset: sets.some((one) => one.name === now().dataset) ? now().dataset : "" });
}

/* --- where it is from ------------------------------------------------------------------------------------------------------ */
/* In the address `p` is the first pipeline, `b` the second, `bs` the dataset whose queries are compared. */
addLink({
  read(wanted) {
    const [b, dataset] = [wanted.get("b"), wanted.get("bs") || ""];
    alter({ a: null, b: b || null, dataset, many: Boolean(dataset) });
  },
  write(add) {
    if (state.view !== "compare") return;
    add("p", pipelineOf("a"));
    add("b", pipelineOf("b"));
    add("bs", now().many ? now().dataset : "");
  },
});
on("tab", async (name) => {
  if (name !== "compare") return;
  if (now().many) {
    await loadSets();
    if (now().dataset && !now().all) compare();
  } else if (asking() && (!now().one || now().one.key !== JSON.stringify(request()))) {
    state.draft = state.query;
    compare();
  }
});
on("collection", () => {
  number += 1;
  alter({ one: null, all: null, filter: "", error: "" });
  if (now().many) loadSets();
});

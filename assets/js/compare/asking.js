/* asking: one query by two pipelines, or many of them; what is asked and what came of it is `state.compare`. The query
   is that of the tab Search, and so is the first pipeline until another is chosen. */
import { addLink, api, asked, asking, latest, on, part, set, state, sync } from "../core/core.js";
import { read, searched } from "../search/run.js";
import { both, firstPair } from "./figures.js";

const PIECE = 10; // queries of one answer
/* `a` and `b` are pipelines as typed, null until a person chooses; `filter` narrows one query of many; `one` and `all`
   are what was found; `dataset` (else `lines`) are whose queries are compared. */
const fresh = { many: false, a: null, b: null, filter: "", lines: "", dataset: "", sets: [], error: "" };
export const [now, alter] = part("compare", { ...fresh, one: null, all: null });
const begun = latest();

/* --- the two pipelines -------------------------------------------------------------------------------------------- */
const EACH = "best for each"; // what the server takes an empty pipeline for
const several = () => !now().many && state.across.length > 0;
export const presets = () => ({ ...(several() && { [EACH]: "" }), ...(state.overview && state.overview.pipelines) });
const reading = () => (state.steps && state.steps.pipeline) || {};
/* A starts as what Search uses, B as a preset that ranks by other evidence, which the server knows. */
const usual = { a: () => state.pipeline || (!several() && reading().preset) || "", b: () => reading().rival || "" };
export const textOf = (side) => now()[side] ?? presets()[usual[side]()] ?? usual[side]();
export const presetOf = (side) =>
  Object.keys(presets()).find((name) => [name, presets()[name]].includes(textOf(side).trim())) || "";
/* A preset goes by its name, so that it is fitted to the indexes that the collection has. */
function pipelineOf(side) {
  const preset = presetOf(side);
  return preset === EACH ? "" : preset || textOf(side).trim();
}

/* --- asking ------------------------------------------------------------------------------------------------------- */
const place = () => (several() ? { collections: searched() } : { collection: state.collection });
const pipelines = () => ({ a: pipelineOf("a"), b: pipelineOf("b"), k: state.k });
const request = () => ({ ...place(), ...pipelines(), query: asked(), filter: both(state.filter, now().filter) });
/* A list whose pages each know their collection. */
const placed = (list) => ({ ...list, hits: list.hits.map((hit) => ({ collection: list.collection, ...hit })) });
async function compareOne() {
  const mine = begun();
  set({ query: state.draft.trim() });
  alter({ one: asking() ? { ...now().one, running: true } : null, error: "" });
  if (!asking()) return;
  await read(); // what B is when nobody has chosen it
  if (!mine()) return;
  sync();
  const body = request(),
    { query: question, filter } = body;
  try {
    const told = await api.post(body.collections ? "/compare/across" : "/compare", body);
    const found = { ...told, a: placed(told.a), b: placed(told.b) };
    if (mine()) alter({ one: { key: JSON.stringify(body), question, filter, found, chosen: firstPair(found) } });
  } catch (error) {
    if (mine()) alter({ one: null, error: error.message });
  }
}
/* In pieces, so that rows are shown as they come and a person can stop. */
async function compareAll() {
  const mine = begun();
  const { dataset, lines } = now();
  const wanted = Boolean(dataset || lines.trim());
  let all = { rows: [], refused: {}, total: 0, done: 0, running: true };
  alter({ all: wanted ? all : null, error: "" });
  if (!wanted) return;
  await read();
  sync();
  const body = { collection: state.collection, ...pipelines(), filter: state.filter, dataset, lines };
  try {
    while (all.running && mine()) {
      const { total, ...more } = await api.post("/compare/queries", { ...body, at: all.done, many: PIECE });
      if (!mine()) return;
      const done = Math.min(all.done + PIECE, total);
      const [rows, refused] = [[...all.rows, ...more.rows], { ...all.refused, ...more.refused }];
      all = { rows, refused, total, done, running: done < total };
      alter({ all });
    }
  } catch (error) {
    if (mine()) alter({ all: all.rows.length ? { ...all, running: false } : null, error: error.message });
  }
}
export const compare = () => (now().many ? compareAll() : compareOne());
/* Whatever is under way is given up; what was found before stays. */
export function stop() {
  const ended = (asked) => asked && { ...asked, running: false },
    { one, all } = now();
  begun();
  alter({ one: one && one.found ? ended(one) : null, all: ended(all) });
}
export const choose = (side, hit) => alter({ one: { ...now().one, chosen: { ...now().one.chosen, [side]: hit } } });
export function turn(many) {
  stop();
  alter({ many, error: "" });
  if (many) loadSets();
  sync();
}
/* One of many, by itself, in the collection that they were compared in. */
export function openRow({ query, filter }) {
  turn(false);
  set({ draft: query, across: [] });
  alter({ filter });
  compare();
}
async function loadSets() {
  const mine = (one) => one.collection === state.collection;
  const found = await api.get("/datasets");
  const sets = found.filter((one) => !one.problem).sort((x, y) => mine(y) - mine(x));
  alter({ sets, dataset: sets.some((one) => one.name === now().dataset) ? now().dataset : "" });
}

/* --- where it is from --------------------------------------------------------------------------------------------- */
/* In the address `p` is the first pipeline, `b` the second, `each` which of them a person chose to be what is best for
   each collection, `bs` the dataset whose queries are compared. */
addLink({
  read(wanted) {
    const dataset = wanted.get("bs") || "";
    const each = wanted.get("each") || "";
    const chosen = { a: each.includes("a") ? "" : null, b: each.includes("b") ? "" : wanted.get("b") || null };
    alter({ ...chosen, dataset, many: Boolean(dataset) });
  },
  write(add) {
    if (state.view !== "compare") return;
    add("p", pipelineOf("a"));
    add("b", pipelineOf("b"));
    add("each", ["a", "b"].filter((side) => now()[side] === "").join(""));
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
  // A comparison of several collections is of them whichever is at hand: a page of it opens in its own.
  const stays = several();
  if (!stays) stop();
  alter({ one: stays ? now().one : null, all: null, filter: "", error: "" });
  if (now().many) loadSets();
});

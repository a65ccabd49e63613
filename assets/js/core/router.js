/* router: tabs, the collection at hand, and history. Every change of place is an entry of the browser's history, which
   gives it back: view, collection, question, open page, dialog, and how far it was scrolled. */
import { read, samePlace, write } from "./address.js";
import { closeDialogs, notify } from "./dialogs.js";
import { emit, readLinks, soon, writeLinks } from "./events.js";
import { api, newest } from "./server.js";
import { asking, atWork, collectionNames, collectionNow, documentsNow, namesLeft, set, state } from "./store.js";

const theme = new URLSearchParams(location.search).get("__theme");
const dialogs = new Map();
let settled = false, // the first place is shown
  turned = "", // the tab that a person turned to before that
  returned = false, // Back was pressed before that
  moving = 0, // places that are being gone back to
  here = ""; // the address at hand, which the browser changes before it says so

const address = () => write(state, [...writeLinks(), ...(theme ? [["__theme", theme]] : [])]);
const same = (a, b) => new URLSearchParams(a).toString() === new URLSearchParams(b).toString();

/* Write down where we are: a new place is an entry of its own, a smaller change renews the one at hand. */
export function sync() {
  if (!settled || moving) return;
  const now = address();
  if (same(now, location.search)) return;
  if (samePlace(now, location.search) || settling(now)) renew(now);
  else push(now);
}
function push(now) {
  keepScroll();
  history.pushState({ y: 0, depth: depth() + 1 }, "", now || location.pathname);
  here = now;
}
const depth = () => (history.state && history.state.depth) || 0;
function renew(now, more = {}) {
  history.replaceState({ ...history.state, ...more }, "", now || location.pathname);
  here = now;
}
/* Whether all that is new is what a view adds to its own address when it is first shown. */
function settling(now) {
  const before = new URLSearchParams(location.search),
    after = new URLSearchParams(now);
  for (const [key] of writeLinks()) if (!before.has(key)) after.delete(key);
  return samePlace(after, before);
}
/* Whatever changes meanwhile is no place of its own. */
async function silently(act) {
  moving += 1;
  await Promise.resolve(act()).finally(() => (moving -= 1));
}
/* Back, but never out of the product. */
export const back = () => depth() > 0 && history.back();

/* --- where it is scrolled to -------------------------------------------------------------------------------------- */
const PATIENCE = 5000; // ms that a place may take until it is as high as it was
let finding = null; // the height that is being gone back to
history.scrollRestoration = "manual";
function keepScroll() {
  if (finding === null) history.replaceState({ ...history.state, y: Math.round(scrollY) }, "");
}
addEventListener("scroll", soon(keepScroll, 100), { passive: true });
addEventListener("pagehide", keepScroll);
for (const kind of ["wheel", "touchstart", "pointerdown", "keydown"])
  addEventListener(kind, () => (finding = null), { passive: true, capture: true });
function findScroll(y) {
  const until = performance.now() + PATIENCE;
  finding = y;
  const step = () => {
    if (finding !== y) return;
    const there = document.documentElement.scrollHeight - innerHeight >= y - 1;
    if (there) scrollTo(0, y);
    if (there || performance.now() > until) finding = null;
    else requestAnimationFrame(step);
  };
  requestAnimationFrame(step);
}

/* --- tabs --------------------------------------------------------------------------------------------------------- */
/* Gradio may not have made its tabs yet, or be settling on its first one when another is asked for, so the click is
   made to hold. */
function select(name, tries = 50) {
  const tab = document.getElementById(`pl-tab-${name}-button`);
  if (state.view !== name || !tries || (tab && tab.getAttribute("aria-selected") === "true")) return;
  if (tab) tab.click();
  setTimeout(() => select(name, tab ? tries - 1 : tries), 60);
}
export function showTab(name) {
  const other = state.view !== name;
  if (!settled && !moving) turned = name;
  set({ view: name });
  sync();
  select(name);
  if (other && !moving) scrollTo(0, 0);
  emit("tab", name);
}
/* Before Gradio hears of a click, so that how far the place we leave is scrolled is still to be seen. */
document.addEventListener(
  "click",
  (event) => {
    const tab = event.target.closest && event.target.closest('#pl-tabs button[role="tab"]');
    const name = tab && tab.id.replace(/^pl-tab-|-button$/g, "");
    if (name && name !== state.view) showTab(name);
  },
  true,
);

/* --- collections -------------------------------------------------------------------------------------------------- */
const overviews = newest(),
  detailed = newest();
export async function loadOverview() {
  const holds = overviews();
  const { pipelines, ...found } = await api.get("/overview");
  if (!holds()) return;
  const by = (key) => Object.fromEntries(pipelines.map((preset) => [preset.name, preset[key]]));
  set({ overview: { ...found, pipelines: by("pipeline"), about: by("reason") }, model: found.model });
  emit("overview");
}
/* What the server says of a collection; where it does not, what it said before. */
async function detailsOf(name) {
  try {
    const { info, examples, documents } = await api.get(api.collection(name));
    return { collection: info, samples: examples, documents };
  } catch ({ message }) {
    const before = state.details && state.details.collection.name === name ? state.details : null;
    notify(before ? `${message} “${name}” is shown as it was before.` : message, "error");
    return before;
  }
}
export async function refresh() {
  const name = state.collection,
    known = collectionNow(),
    holds = detailed();
  const details = known && (await detailsOf(name));
  if (name !== state.collection || !holds()) return; // another, or this one anew, was asked for meanwhile
  const gone = documentsNow() ? state.collection : state.gone; // it was here, or a link named it
  set({ details, gone: known || coming(state.collection) ? "" : gone });
  emit("details");
}
export const reload = () => loadOverview().then(refresh);
/* Turn to a collection. `gone` says that a link names it and it is not there. */
export async function choose(name, gone = false) {
  if (state.collection && state.collection !== name) set({ job: "", document: "" }); // which are of the other one
  const found = state.across.length ? {} : { hits: [], search: null }; // what several found is not of one of them
  set({ collection: name, gone: gone ? name : "", open: null, steps: null, ...found });
  await refresh();
  emit("collection");
  sync();
}
/* Whether it will be there, once the job that fills it has begun. */
const coming = (name) => atWork(name, "ingest");
function preferred() {
  const all = state.overview.collections;
  const full = all.find((one) => one.pages > 0) || all[0];
  return full ? full.name : (namesLeft() || [])[0] || "documents";
}
const missing = (name) => !collectionNames().includes(name) && !coming(name) && name !== preferred();
const turnTo = (name) => (name ? choose(name, missing(name)) : choose(preferred()));

/* A page of another collection is opened in that one: one step in the history, however many things change. */
export async function openPage({ document, page, collection = state.collection }) {
  if (collection !== state.collection) await silently(() => choose(collection));
  set({ open: { document, page } });
  showTab("page");
  emit("open", state.open);
}

/* --- dialogs that have an address --------------------------------------------------------------------------------- */
/* `make` opens the dialog and resolves when it is closed. */
export const addressed = (name, make) => dialogs.set(name, make);
export async function openDialog(name) {
  if (state.dialog === name || !dialogs.has(name)) return;
  state.dialog = name;
  sync();
  await dialogs.get(name)().finally(() => {
    if (state.dialog !== name) return; // Back has closed it
    state.dialog = "";
    renew(address(), { twin: true });
  });
}

/* --- to a place --------------------------------------------------------------------------------------------------- */
/* The part of a place that is asked of the server; views that only look at it need not ask again. */
const question = ({ collection, across, query, parts, pipeline, filter, k }) =>
  JSON.stringify([collection, across, query, parts, pipeline, filter, k, writeLinks()]);

export function take(place) {
  const { across, query, parts, pipeline, filter, k } = place;
  set({ across, query, parts, pipeline, filter, k });
  readLinks(new URLSearchParams(location.search));
}
async function turnBack(place) {
  const before = question(state);
  if ((place.collection || preferred()) !== state.collection) await turnTo(place.collection);
  if (state.dialog && state.dialog !== place.dialog) {
    state.dialog = "";
    closeDialogs();
  }
  const same = place.open && JSON.stringify(place.open) === JSON.stringify(state.open);
  take(place);
  if (question(state) !== before) emit("restore");
  if (place.open && !same) {
    set({ open: place.open });
    emit("open", place.open);
  }
  showTab(place.view || "search");
  if (place.dialog) openDialog(place.dialog);
}
async function goBack(y) {
  await silently(() => turnBack(read(location.search)));
  findScroll(y || 0);
}
/* To a place by its address, as a link would, without loading the page anew. */
export function visit(to) {
  push(to);
  return goBack(0);
}
addEventListener("popstate", ({ state: kept }) => {
  // A dialog that was left stays in the history as a twin of the place it was opened at; nobody should have to pass it.
  const unchanged = same(location.search, here);
  here = location.search;
  if (!settled) {
    turned = "";
    returned = true;
  } else if (unchanged && kept && kept.twin) history.forward();
  else if (unchanged) back();
  else goBack(kept && kept.y);
});

/* The first place: what the address said when the script began; `watched` is when the jobs are known. */
export async function start(place, watched) {
  await Promise.all([loadOverview(), watched]);
  if (place.broken) notify("A part of the query in this link cannot be read; the rest is restored.", "error");
  readLinks(new URLSearchParams(location.search));
  await turnTo(place.collection);
  moving += 1;
  emit("restore");
  const empty = !state.gone && !asking() && !(state.details && state.details.documents.length);
  const view = turned || read(location.search).view || (state.view === "search" && empty ? "library" : state.view);
  if (view === "page" && place.open) openPage(place.open);
  else showTab(view);
  moving -= 1;
  settled = true;
  set({ ready: true });
  if (returned) await goBack(history.state && history.state.y);
  else {
    renew(address());
    if (place.dialog) openDialog(place.dialog);
    findScroll((history.state && history.state.y) || 0);
  }
  document.documentElement.dataset.pagelens = "ready";
}
/* What another tab of the browser changed is seen at once, and what changed otherwise when this one is looked at. */
const tabs = new BroadcastChannel("pagelens");
const lookAgain = soon(() => settled && emit("again"), 100);
tabs.onmessage = lookAgain;
export const tellTabs = () => tabs.postMessage("changed");
for (const kind of ["visibilitychange", "focus"]) addEventListener(kind, () => document.hidden || lookAgain());

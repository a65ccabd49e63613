/* The page. Modules under core/ are what all views share; each view has a folder. What is mounted by Gradio, and when, is
   its own affair: `pagelens.mount` may be called before this script runs (see ui/bundle.py), or for a tab that is first
   shown much later. */
import { Compare } from "./compare/compare.js";
import { read } from "./core/address.js";
import { Bar } from "./core/bar.js";
import { on } from "./core/events.js";
import "./core/keys.js";
import "./core/views.js";
import { mountLegacy } from "./core/legacy.js";
import { start, take } from "./core/router.js";
import { set, show } from "./core/store.js";
import { Evaluate } from "./evaluate/evaluate.js";
import { Search } from "./search/search.js";
import { Viewer } from "./viewer/viewer.js";
import "../legacy.js";

const VIEWS = { bar: Bar, search: Search, viewer: Viewer, compare: Compare, evaluate: Evaluate };
const place = read(location.search);

/* What the address says holds from the first moment, so that nothing that is typed meanwhile is overwritten by it. */
take(place);
set({ collection: place.collection, draft: place.query, view: "search" });
on("jobs", () => set({}));

function mount(name, element) {
  const root = element.querySelector(".pl-part") || element;
  if (VIEWS[name]) show(root, VIEWS[name]);
  else mountLegacy(name, root);
}
const waiting = window.pagelens.waiting;
window.pagelens.mount = mount;
for (const one of waiting) mount(...one);
start(place);

/* The page. Modules under core/ are what all views share; each view has a folder. What is mounted by Gradio, and when,
   is its own affair: `pagelens.mount` may be called before this script runs (see ui/bundle.py), or for a tab that is
   first shown much later. */
import { Compare } from "./compare/compare.js";
import { read } from "./core/address.js";
import { Bar } from "./core/bar.js";
import { takeOver } from "./core/first.js";
import { look } from "./core/jobs.js";
import "./core/keys.js";
import { choose, showTab, start, take } from "./core/router.js";
import { api } from "./core/server.js";
import { asking, set, show, state } from "./core/store.js";
import { Evaluate } from "./evaluate/evaluate.js";
import { Library } from "./library/library.js";
import { Search } from "./search/search.js";
import { System } from "./system/system.js";
import * as heat from "./viewer/heat.js";
import { Viewer } from "./viewer/viewer.js";

const VIEWS = {
  bar: Bar,
  library: Library,
  search: Search,
  viewer: Viewer,
  compare: Compare,
  evaluate: Evaluate,
  system: System,
};
const place = read(location.search);

/* What the address says holds from the first moment, so that nothing that is typed meanwhile is overwritten by it. */
take(place);
set({ collection: place.collection, draft: place.query, view: "search" });

const { waiting } = window.pagelens;
const mount = (name, element) => show(element.querySelector(".pl-part") || element, VIEWS[name]);
/* What is beside `mount` is for whoever looks at the page from outside, as tests do. */
Object.assign(window.pagelens, { mount, state, asking, api, choose, showTab, heat });
for (const one of waiting) mount(...one);
takeOver();
start(place, look());

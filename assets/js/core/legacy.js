/* legacy: what the scripts of tabs that are not made of templates yet find on `pagelens`. It goes when the last of them
   is; nothing new uses it. */
import * as heat from "../viewer/heat.js";
import { judging } from "../viewer/judging.js";
import { copy, download } from "../search/saving.js";
import { parseRef } from "./address.js";
import { dialog, notify } from "./dialogs.js";
import { addLink, emit, mounting, on } from "./events.js";
import * as format from "./format.js";
import { PATHS } from "./icons.js";
import { openDialog, openPage, choose, loadOverview, refresh, showTab, sync } from "./router.js";
import { api, imageUrl } from "./server.js";
import { asked, asking, redraw, state } from "./store.js";

const SVG = "http://www.w3.org/2000/svg";
function fill(node, attributes, children) {
  for (const [key, value] of Object.entries(attributes || {})) {
    if (value === null || value === undefined || value === false) continue;
    if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
    else if (key === "text") node.textContent = value;
    else if (key === "style") for (const [name, part] of Object.entries(value)) node.style.setProperty(name, part);
    else if (key === "value" || key === "checked" || key === "disabled" || key === "hidden" || key === "open")
      node[key] = value;
    else node.setAttribute(key, value === true ? "" : value);
  }
  node.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}
const h = (tag, attributes, ...children) => fill(document.createElement(tag), attributes, children);
const s = (tag, attributes, ...children) => fill(document.createElementNS(SVG, tag), attributes, children);

/* Puts children in place of what is there; the absent (null, false) are left out, as in h(). */
const put = (node, ...children) => {
  node.replaceChildren();
  return fill(node, null, children);
};

const icon = (name) =>
  s(
    "svg",
    { viewBox: "0 0 24 24", class: "pl-icon", "aria-hidden": "true", focusable: "false" },
    s("path", { d: PATHS[name] }),
  );
const debounce = (wait, fn) => {
  let timer = 0;
  return (...args) => {
    clearTimeout(timer);
    timer = setTimeout(() => fn(...args), wait);
  };
};

/* Parts whose script makes elements by hand, by name; Gradio mounts a tab's when it is first shown, so one may come late
   and is told what it missed. */
const makers = new Map();
let settled = false;
on("ready", () => (settled = true));
export function mountLegacy(name, root) {
  root.replaceChildren();
  mounting(name, () => makers.get(name)(root));
  if (settled) for (const event of ["overview", "collection", "details", "restore"]) emit(event, undefined, name);
}

Object.assign(window.pagelens, {
  h,
  s,
  put,
  icon,
  fmt: format,
  state,
  on,
  /* Older scripts change the state themselves and tell of it. */
  emit(name, value) {
    emit(name, value);
    redraw();
  },
  asking,
  asked,
  api,
  imageUrl,
  debounce,
  part: (name, make) => makers.set(name, make),
  links: { push: addLink },
  writeLink: sync,
  currentTab: () => state.view,
  dialog,
  notify,
  choose,
  refresh,
  loadOverview,
  openPage,
  openDialog,
  showTab,
  parseRef,
  heat,
  judging,
  keeping: { copy, download },
});

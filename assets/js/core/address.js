/* address: what stands in the address bar, as a value and back. Pure; the router moves between addresses.

   ?view=page&c=reports&q=net+income&p=accurate&f=page+%3E+3&k=20&ref=a.pdf%23page%3D3&t=2.5  names a view, a
   collection, a search (q words, x further parts, p pipeline, f filter, k results, in the collections searched
   together, * for all), an open page, and words whose heat is shown. */

const VIEWS = ["library", "search", "page", "compare", "evaluate", "system"];
/* A change of these alone is no new place: Back would go through them one by one. */
const MINOR = ["t", "eq"];
const MAX_RESULTS = 200;

export function parseRef(text) {
  const match = /^([\s\S]+)#page=([1-9]\d*)$/.exec(text || "");
  return match ? { document: match[1], page: Number(match[2]) } : null;
}
export const refOf = ({ document, page }) => `${document}#page=${page}`;

function parts(text) {
  try {
    const found = JSON.parse(text || "[]");
    if (Array.isArray(found)) return [found.filter((part) => part && typeof part.kind === "string"), false];
  } catch {
    /* told below */
  }
  return [[], true];
}
/* The view of an address that names none, as older links do: what shows the page, the records or the pipelines. */
function implied(at, open) {
  if (open) return "page";
  if (at.get("e")) return "evaluate";
  return at.get("b") || at.get("bs") ? "compare" : "";
}
/* What an address says. `broken` is true where a part of the query cannot be read; the rest holds. */
export function read(search) {
  const at = new URLSearchParams(search);
  const [found, broken] = parts(at.get("x"));
  const k = Number(at.get("k"));
  const ref = parseRef(at.get("ref"));
  const view = at.get("view");
  return {
    view: VIEWS.includes(view) ? view : implied(at, ref),
    collection: at.get("c") || "",
    across: at.getAll("in").filter(Boolean),
    query: at.get("q") || "",
    parts: found,
    pipeline: at.get("p") || "",
    filter: at.get("f") || "",
    k: Number.isInteger(k) && k >= 1 && k <= MAX_RESULTS ? k : null,
    open: ref,
    dialog: at.get("dialog") || "",
    broken,
  };
}
/* The address of a place; what is usual is left out. `more` are pairs that views add. */
export function write(place, more = []) {
  const at = new URLSearchParams();
  const add = (key, value) => value && at.set(key, String(value));
  const asking = place.query || place.parts.length;
  if (place.view !== (place.open && place.view === "page" ? "page" : "search")) add("view", place.view);
  add("c", place.collection);
  for (const name of place.across) at.append("in", name);
  add("q", place.query);
  if (place.parts.length) add("x", JSON.stringify(place.parts));
  if (asking) {
    add("p", place.pipeline);
    add("f", place.filter);
    add("k", place.k);
  }
  if (place.open && place.view === "page") add("ref", refOf(place.open));
  for (const [key, value] of more) add(key, value);
  add("dialog", place.dialog);
  const text = at.toString();
  return text ? `?${text}` : "";
}
/* Whether two addresses are one place, which Back should not tell apart. */
export function samePlace(a, b) {
  const major = (text) => {
    const at = new URLSearchParams(text);
    for (const key of MINOR) at.delete(key);
    at.sort();
    return at.toString();
  };
  return major(a) === major(b);
}

import { parseRef, read, samePlace, write } from "../core/address.js";
import { equal } from "./expect.js";

const PLACE = {
  view: "page",
  collection: "a & b",
  across: ["a & b", "*", "c d"],
  query: "net income #1",
  parts: [{ kind: "text", text: "not §", weight: -0.5 }],
  pipeline: "rows:256 > full:10",
  filter: "page >= 3 and document = 'it''s'",
  k: 20,
  open: { document: "folder/ä #page=2.pdf", page: 12 },
  dialog: "",
};

export const tests = {
  "what is written is read again"() {
    const { broken, ...place } = read(write(PLACE));
    equal(place, PLACE);
    equal(broken, false);
  },
  "the usual has no address"() {
    equal(write({ ...PLACE, view: "search", collection: "", across: [], query: "", parts: [], open: null }), "");
  },
  "how a search runs is left out where nothing is asked"() {
    equal(write({ ...PLACE, view: "search", query: "", parts: [], collection: "x", across: [] }), "?c=x");
  },
  "an open page is named on its own tab only"() {
    equal(write({ ...PLACE, view: "search" }).includes("ref="), false);
    equal(read("?ref=a.pdf%23page%3D3").view, "page");
    equal(read("?view=nonsense").view, "");
  },
  "views name themselves"() {
    for (const view of ["library", "compare", "evaluate", "system"]) equal(read(write({ ...PLACE, view })).view, view);
    equal(read(write({ ...PLACE, view: "page", open: null })).view, "page");
  },
  "a link that names no view means the one that shows what is in it"() {
    const view = (text) => read(text).view;
    equal([view("?e=record&es=1"), view("?b=full"), view("?bs=questions"), view("?q=whales")], ["evaluate", "compare", "compare", ""]);
    equal([view("?e=record&ref=a.pdf%23page%3D3"), view("?e=record&view=system")], ["page", "system"]);
  },
  "a part that cannot be read is told, and the rest holds"() {
    for (const x of ["{", "3", '"text"']) {
      const place = read(`?q=hello&x=${encodeURIComponent(x)}`);
      equal([place.query, place.parts, place.broken], ["hello", [], true], x);
    }
    equal(read('?x=[null,{"kind":"text"},7]').parts, [{ kind: "text" }]);
  },
  "a number of results is one that a screen can show"() {
    for (const k of ["0", "201", "1.5", "many", "-3"]) equal(read(`?k=${k}`).k, null, k);
    equal(read("?k=200").k, 200);
  },
  "a page reference ends in a page number"() {
    equal(parseRef("a#page=1#page=22"), { document: "a#page=1", page: 22 });
    for (const text of ["a.pdf", "a.pdf#page=0", "a.pdf#page=1x", "#page=3", null]) equal(parseRef(text), null, text);
  },
  "chosen words make no new place, another page does"() {
    equal(samePlace("?c=x&ref=a%23page%3D1&t=1.2", "?t=3&ref=a%23page%3D1&c=x"), true);
    equal(samePlace("?c=x&ref=a%23page%3D1", "?c=x&ref=a%23page%3D2"), false);
    equal(samePlace("?q=a", "?q=a&f=page+%3E+2"), false);
  },
};

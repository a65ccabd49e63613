import { became, chosen, EVERY, fates, losses, onlyFailed, tagsOf, worst } from "../evaluate/words.js";
import { equal } from "./expect.js";

const FATES = [
  { name: "found", said: "found", count: 7 },
  { name: "rows", said: "lost at rows:256", count: 0 },
  { name: "full", said: "lost at full:10", count: 2 },
  { name: "absent", said: "not in the collection", count: 1 },
];
const FOUND = { state: "found", final: 3 };
const LOST = { state: "lost", stage: "full", rank: 14, keep: 10, said: "lost at full:10: rank 14, 10 kept" };
const outcome = (question, query, pages, tags = []) => ({
  question,
  query,
  pages,
  failed: pages.some((page) => page.state !== "found"),
  note: { tags },
});
const ALL = [
  outcome("q1", "Which year had most SUNSPOTS?", [FOUND, LOST], ["pooling"]),
  outcome("q2", "gales", [FOUND], ["label", "pooling"]),
  outcome("q3", "knots", [{ state: "absent" }]),
];
const ids = (view) => chosen({ ...EVERY, ...view }, ALL).map((one) => one.question);

export const tests = {
  "a question is told by the page that was not found"() {
    equal([worst(ALL[0]), worst(ALL[1])], [LOST, FOUND]);
    const told = (change, more = {}) => became({ ...ALL[0], refused: "", pages: [{ ...LOST, ...change }], ...more });
    equal([told({}), told({ cause: "not read" }), told({}, { refused: "too long" })], [LOST.said, "not read", "too long"]);
  },
  "failures are shown where there are some, and all questions where there are none"() {
    equal(ids({}), ["q1", "q3"]);
    equal(onlyFailed(EVERY, [ALL[1]]), false);
    equal(ids({ failed: false }), ["q1", "q2", "q3"]);
  },
  "a view takes words, a fate, a tag and the plot's rectangle together"() {
    equal(ids({ words: " sunSPOTS " }), ["q1"]);
    equal(ids({ words: "q3" }), ["q3"]);
    equal([ids({ fate: "full" }), ids({ fate: "found", failed: false }), ids({ fate: "absent" })], [["q1"], ["q1", "q2"], ["q3"]]);
    equal(ids({ tag: "pooling", failed: false }), ["q1", "q2"]);
    equal(ids({ ids: new Set(["q2", "q3"]), failed: false, tag: "pooling" }), ["q2"]);
    equal(tagsOf(ALL), ["label", "pooling"]);
  },
  "lost pages are parts of a bar, in the order of the stages"() {
    const parts = losses(FATES);
    equal(
      parts.map(({ name, look, count }) => [name, look, count]),
      [
        ["found", "found", 7],
        ["full", "last", 2],
        ["absent", "absent", 1],
      ],
    );
  },
  "fates that nothing has are not offered where they need a reason"() {
    equal(fates(FATES, ALL).map(([value]) => value), ["", "rows", "full", "absent", "found"]);
    equal(fates(FATES, [{ refused: "too long" }]).at(-2), ["refused", "Not searched"]);
    equal(fates(FATES, ALL)[2], ["full", "Lost at full:10"]);
  },
};

import { chosen, EVERY, fates, losses, onlyFailed, standing, tagsOf, told, worst } from "../evaluate/words.js";
import { equal } from "./expect.js";

const STAGES = [
  { name: "rows", text: "rows:256", keep: 256 },
  { name: "full", text: "full:10", keep: 10 },
];
const FOUND = { state: "found", final: 3 };
const LOST = { state: "lost", stage: "full", rank: 14, keep: 10 };
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
  "what became of a page is said with the stage that lost it"() {
    equal(
      [FOUND, LOST, { ...LOST, rank: null }, { state: "absent" }, { state: "refused" }].map((fate) => told(fate, STAGES)),
      [
        "found at rank 3",
        "lost at full:10: rank 14, 10 kept",
        "lost at full:10: not among the pages it ranked",
        "not in the collection",
        "not searched",
      ],
    );
    equal(worst(ALL[0]), LOST);
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
    const parts = losses({ stages: STAGES, lost: { full: 2, "": 1 }, relevant: 10 });
    equal(
      parts.map(({ fate, look, count }) => [fate, look, count]),
      [
        ["found", "found", 7],
        ["full", "last", 2],
        ["absent", "absent", 1],
      ],
    );
  },
  "fates that nothing has are not offered where they need a reason"() {
    equal(
      fates(STAGES, ALL).map(([value]) => value),
      ["", "rows", "full", "absent", "found"],
    );
  },
  "a result says where it stood before"() {
    equal(standing({ rank: 1, stages: { rows: 4, full: 1 } }), "rank 1 (was rows 4)");
    equal(standing({ rank: 2, stages: { full: 2 } }), "rank 2");
  },
};

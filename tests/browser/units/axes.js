import { around, ceiling, edges, EVERYTHING, grouped, inside, isOpen, neighbour, scale, span } from "../core/axes.js";
import { close, equal } from "./expect.js";

const RANKS = { label: "rank", log: true, high: 1000, none: "not ranked" };
const SHARE = { label: "nDCG", low: 0, high: 1 };

export const tests = {
  "values go to pixels and back, in both directions"() {
    for (const [axis, values] of [
      [RANKS, [1, 10, 640]],
      [SHARE, [0, 0.25, 1]],
    ])
      for (const [from, to] of [
        [56, 506],
        [352, 12],
      ]) {
        const along = scale(axis, from, to);
        close(
          values.map((value) => along.back(along.at(value))),
          values,
          1e-6,
        );
      }
  },
  "an axis ends at a round number above all"() {
    equal([0.3, 1, 1.2, 37, 99, 450, 900].map(ceiling), [0.4, 1, 2, 40, 100, 500, 1000]);
  },
  "an axis begins as far from its edge as is asked, and ends as far from the other"() {
    const along = scale(SHARE, 352, 12, 0);
    close([along.at(0), along.at(1), along.ticks.length], [352, 12, 5]);
    close([0, 1, 2].map(scale({ low: 0, high: 2 }, 92, 706, 8).at), [100, 399, 698]);
  },
  "what has no rank stands beyond all ranks"() {
    const along = scale(RANKS, 56, 506);
    equal([along.at(null) > along.at(1000), along.back(along.at(null)), along.back(0)], [true, null, 1]);
  },
  "points of one place are one bubble, with the mark of most"() {
    const points = ["a", "b", "c"].map((id) => ({ id, x: 1, y: 2, mark: id === "a" ? "lost" : "found" }));
    const all = grouped([{ id: "d", x: null, y: 1, mark: "lost" }, ...points]);
    equal(all, [
      { x: 1, y: 2, ids: ["a", "b", "c"], mark: "found" },
      { x: null, y: 1, ids: ["d"], mark: "lost" },
    ]);
  },
  "a rectangle takes what lies in it, ends included"() {
    equal(inside({ x: 3, y: 0.5 }, { x: [3, 4], y: [null, 0.5] }), true);
    equal(inside({ x: 2, y: 0.5 }, { x: [3, null], y: [null, null] }), false);
    equal(inside({ x: null, y: 0 }, { x: [3, 9], y: [null, null] }), false);
    equal(inside({ x: null, y: 0 }, around({ x: null, y: 0 })), true);
    equal(inside({ x: 9, y: 0 }, around({ x: null, y: 0 })), false);
    equal([isOpen(EVERYTHING), isOpen(around({ x: 1, y: 1 }))], [true, false]);
  },
  "a dragged rectangle holds whole ranks, and the band beyond them"() {
    const along = scale(RANKS, 56, 506);
    equal(span(RANKS, along, along.at(30.4), along.at(2.5)), [3, 30]);
    equal(span(RANKS, along, along.at(29.6), along.at(null)), [30, null]);
    equal(span(SHARE, scale(SHARE, 56, 506), 0, 900), [0, 1]);
  },
  "a range is outlined a little outside of its values, from low to high pixels"() {
    const up = scale(SHARE, 352, 12);
    close(edges(SHARE, up, [0.25, 0.75], -7), [up.at(0.75) - 7, up.at(0.25) + 7]);
    const along = scale(RANKS, 56, 506);
    equal(edges(RANKS, along, [Infinity, null], 7)[0] > along.at(1000) - 1, true);
  },
  "an arrow key goes to the nearest bubble in its direction"() {
    const places = [
      [0, 0],
      [10, 0],
      [12, 40],
      [0, 30],
    ];
    equal(
      ["ArrowRight", "ArrowDown", "ArrowUp", "x"].map((key) => neighbour(places, 0, key)),
      [1, 3, -1, null],
    );
  },
};

import { both, differing, firstPair, line, quantile, ROW, taken, verdict } from "../compare/figures.js";
import { close, equal } from "./expect.js";

const move = (rank_a, rank_b) => ({ rank_a, rank_b, difference: rank_a && rank_b ? rank_a - rank_b : null });

export const tests = {
  "a page's place in the other list is said in words"() {
    const words = [move(3, 1), move(1, 3), move(2, 2), move(1, null), move(null, 4)].map((one) => verdict(one)[1]);
    equal(words, ["▲2 in B", "▼2 in B", "same rank", "only in A", "only in B"]);
  },
  "a line goes from the middle of a row to the middle of the other"() {
    equal(line(move(1, 3)), `M0 ${ROW / 2}C45 ${ROW / 2} 55 ${2.5 * ROW} 100 ${2.5 * ROW}`);
  },
  "the pages explained first are two pages, where there are two"() {
    const [x, y] = [{ page_id: "x" }, { page_id: "y" }];
    equal(firstPair({ a: { hits: [x, y] }, b: { hits: [x, y] } }), { a: x, b: y });
    equal(firstPair({ a: { hits: [x] }, b: { hits: [x] } }), { a: x, b: null });
    equal(firstPair({ a: { hits: [] }, b: { hits: [y] } }), { a: null, b: y });
  },
  "quantiles lie between the values as numpy puts them"() {
    close(quantile([4, 1, 3, 2], 0.5), 2.5);
    close(quantile([10, 20, 30], 0.95), 29);
    close(quantile([7], 0.95), 7);
  },
  "what a search takes is that of warm ones, where there are any"() {
    const row = (ms, cold, read) => ({ cost_a: { ms, cold, bytes_read: read } });
    equal(taken([row(90, true, 10), row(2, false, 30), row(4, false, 20)], "cost_a"), { p50: 3, p95: 3.9, bytes: 20 });
    equal(taken([row(90, true, 10)], "cost_a").p50, 90);
  },
  "queries that are answered most differently come first"() {
    const rows = [
      { rbo: 1, overlap: 1 },
      { rbo: 0.2, overlap: 0.5 },
      { rbo: 0.2, overlap: 0.1 },
    ];
    equal(differing(rows), [rows[2], rows[1], rows[0]]);
  },
  "filters that both have to hold are bracketed"() {
    equal([both("", ""), both("page = 1", ""), both("a or b", "c")], ["", "page = 1", "(a or b) and (c)"]);
  },
};

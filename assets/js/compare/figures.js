/* figures: what a comparison comes to, in words and numbers. Pure. */
import { plural } from "../core/format.js";

export const ROW = 84; // pixels of a row of the lists; .pl-versus-hit has the same

/* Where a page of one list stands in the other, as [class, words]. */
export function verdict({ rank_a, rank_b, difference }) {
  if (rank_a === null) return ["pl-only", "only in B"];
  if (rank_b === null) return ["pl-only", "only in A"];
  if (difference === 0) return ["pl-same", "same rank"];
  return difference > 0 ? ["pl-up", `▲${difference} in B`] : ["pl-down", `▼${-difference} in B`];
}
/* From the middle of a row to the middle of another: rows of both lists are equally high, so nothing is measured. */
export function line({ rank_a, rank_b }) {
  const [from, to] = [rank_a, rank_b].map((rank) => (rank - 0.5) * ROW);
  return `M0 ${from}C45 ${from} 55 ${to} 100 ${to}`;
}
/* The pages that are explained first: the best of A, and the best of B that is another. */
export function firstPair({ a, b }) {
  const one = a.hits[0] || null;
  return { a: one, b: b.hits.find((hit) => !one || hit.page_id !== one.page_id) || null };
}
export const signed = (x, digits = 3) => `${x < 0 ? "−" : "+"}${Math.abs(x).toFixed(digits)}`;
export const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;
export function quantile(values, part) {
  const sorted = [...values].sort((a, b) => a - b),
    at = (sorted.length - 1) * part,
    low = Math.floor(at);
  return sorted[low] + (sorted[Math.min(low + 1, sorted.length - 1)] - sorted[low]) * (at - low);
}
export const queries = (n) => plural(n, "query", "queries");
/* Rows of many queries, those that are answered most differently first. */
export const differing = (rows) => [...rows].sort((x, y) => x.rbo - y.rbo || x.overlap - y.overlap);
/* Milliseconds (median and 95th centile, of warm searches if there are any) and mean bytes read; `key` is of A or B. */
export function taken(rows, key) {
  const warm = rows.filter((row) => !row[key].cold);
  const ms = (warm.length ? warm : rows).map((row) => row[key].ms);
  return { p50: quantile(ms, 0.5), p95: quantile(ms, 0.95), bytes: mean(rows.map((row) => row[key].bytes_read)) };
}
/* Filters that both have to hold, as one text. */
export const both = (...filters) => {
  const all = filters.filter(Boolean);
  return all.length > 1 ? all.map((text) => `(${text})`).join(" and ") : all.join("");
};

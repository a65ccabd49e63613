/* axes: values as places on a picture, and points over two of them: which lie in a rectangle, which is next. Pure.

      An axis is { label, low, high }, or { label, log, high, none, cut } for ranks, whose absence (null) stands in a
   band at the far end. A range is [low, high], either null where it is open; a low of Infinity leaves only what has
   no rank. */
import { count } from "./format.js";

const BAND = 40; // pixels of where values stand that there are none of
const INSET = 14; // pixels between an axis and the first value, so that no point lies on it
export const EVERYTHING = { x: [null, null], y: [null, null] };

/* From values to pixels and back, between the pixels `edge` and `far`. */
export function scale(axis, edge, far, inset = INSET) {
  const way = Math.sign(far - edge),
    from = edge + way * inset,
    end = far - way * (axis.log ? BAND : inset);
  const high = axis.log ? Math.log10(Math.max(axis.high, 10)) : axis.high,
    low = axis.log ? 0 : axis.low;
  const part = (value) => ((axis.log ? Math.log10(value) : value) - low) / (high - low || 1);
  return {
    at: (value) => (value === null ? far - way * (BAND / 2 - 4) : from + part(value) * (end - from)),
    back(pixel) {
      if (axis.log && way * (pixel - end) > 8) return null;
      const value = low + ((pixel - from) / (end - from)) * (high - low),
        held = Math.min(high, Math.max(low, value));
      return axis.log ? 10 ** held : held;
    },
    ticks: axis.log
      ? [1, 10, 100, 1000].filter((tick) => tick <= Math.max(axis.high, 10))
      : [0, 0.25, 0.5, 0.75, 1].map((share) => low + share * (high - low)),
    end,
  };
}
/* A round number at or above the highest value, and four steps to it. */
export function ceiling(value) {
  const power = 10 ** Math.floor(Math.log10(Math.max(value, 0.01)));
  return [1, 2, 4, 5, 8, 10].map((step) => step * power).find((step) => step >= value * (1 - 1e-9)) || 10 * power;
}
export const words = (axis, value) => (value === null ? axis.none : axis.log ? count(value) : value.toFixed(2));
const order = (value) => (value === null ? Infinity : value);

/* Points of one place together, as { x, y, ids, mark }, from the least; the mark is the one that most of them have. */
export function grouped(points) {
  const groups = Map.groupBy(points, ({ x, y }) => `${x}|${y}`);
  const most = (marks) => [...Map.groupBy(marks, (mark) => mark).values()].sort((a, b) => b.length - a.length)[0][0];
  return [...groups.values()]
    .map((all) => ({ x: all[0].x, y: all[0].y, ids: all.map((one) => one.id), mark: most(all.map((one) => one.mark)) }))
    .sort((a, b) => order(a.x) - order(b.x) || order(a.y) - order(b.y));
}
const within = (value, [low, high]) =>
  value === null ? high === null : (low === null || value >= low) && (high === null || value <= high);
export const inside = (point, range) => within(point.x, range.x) && within(point.y, range.y);
export const isOpen = (range) => [...range.x, ...range.y].every((end) => end === null);
const only = (value) => (value === null ? [Infinity, null] : [value, value]);
export const around = (point) => ({ x: only(point.x), y: only(point.y) });
/* The range of values between two pixels: ranks are whole, others are rounded as they are shown. */
export function span(axis, along, one, other) {
  const [low, high] = [along.back(one), along.back(other)].sort((a, b) => order(a) - order(b));
  if (!axis.log) return [low, high].map((value) => Math.round(value * 100) / 100);
  return [low === null ? Infinity : Math.ceil(low), high === null ? null : Math.floor(high)];
}
/* And the pixels of a range, a little outside of its values. */
export function edges(axis, along, [low, high], out) {
  const from = low === Infinity ? along.end : along.at(low ?? (axis.log ? 1 : axis.low)) - out;
  const to = high === null ? along.at(axis.log ? null : axis.high) + out * 2 : along.at(high) + out;
  return [Math.min(from, to), Math.max(from, to)];
}
/* The place, of several [x, y], that an arrow key goes to from another: near, and in its direction. -1 for none, null
   for another key. */
const WAYS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
export function neighbour(places, from, key) {
  if (!WAYS[key]) return null;
  const [wx, wy] = WAYS[key],
    [x, y] = places[from];
  const far = places.map(([ox, oy]) => {
    const along = (ox - x) * wx + (oy - y) * wy;
    return along > 0.5 ? along + 2 * (Math.abs((ox - x) * wy) + Math.abs((oy - y) * wx)) : Infinity;
  });
  const least = Math.min(...far);
  return least < Infinity ? far.indexOf(least) : -1;
}

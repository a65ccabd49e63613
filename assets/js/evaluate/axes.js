/* axes: questions as points over two values: where they stand on a picture, and which of them lie in a rectangle. Pure.

   An axis is { label, low, high }, or { label, log, high, none, cut } for ranks, whose absence (null) stands in a band at
   the far end. A range is [low, high], either null where it is open; a low of Infinity leaves only what has no rank. */
import { count } from "../core/format.js";

const BAND = 40; // pixels of where values stand that there are none of
const INSET = 14; // pixels between an axis and the first value, so that no point lies on it
export const EVERYTHING = { x: [null, null], y: [null, null] };

/* From values to pixels and back, between the pixels `edge` and `far`. */
export function scale(axis, edge, far) {
  const way = Math.sign(far - edge),
    from = edge + way * INSET,
    end = far - way * (axis.log ? BAND : INSET);
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
export const words = (axis, value) => (value === null ? axis.none : axis.log ? count(value) : value.toFixed(2));
const order = (value) => (value === null ? Infinity : value);

/* Points of one place together, as { x, y, ids, mark }, from the least; the mark is the one that most of them have. */
export function grouped(points) {
  const groups = new Map();
  for (const { id, x, y, mark } of points) {
    const key = `${x}|${y}`,
      group = groups.get(key) || { x, y, ids: [], marks: new Map() };
    group.ids.push(id);
    group.marks.set(mark, (group.marks.get(mark) || 0) + 1);
    groups.set(key, group);
  }
  return [...groups.values()]
    .map(({ marks, ...group }) => ({ ...group, mark: [...marks].sort((a, b) => b[1] - a[1])[0][0] }))
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
/* The place, of several [x, y], that an arrow key goes to from another: near, and in its direction. -1 for none. */
const WAYS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
export function neighbour(places, from, key) {
  const way = WAYS[key];
  if (!way) return null;
  const [x, y] = places[from];
  let best = -1,
    least = Infinity;
  places.forEach(([ox, oy], j) => {
    const along = (ox - x) * way[0] + (oy - y) * way[1],
      far = along + 2 * (Math.abs((ox - x) * way[1]) + Math.abs((oy - y) * way[0]));
    if (along > 0.5 && far < least) [best, least] = [j, far];
  });
  return best;
}

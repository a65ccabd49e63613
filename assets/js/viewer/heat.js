/* heat: from bytes to values, from values to pixels, as workbench/heatmap.py does it: the values of all words, what
   each word weighs and the colours come from there, and tests hold both together. No element of the page is touched
   here but the canvas given. */
import { state } from "../core/store.js";

const WIDTH = 960; // pixels of the canvas over an open page
const SMALL = 192; // and of one over a thumbnail

/* How heat can be shown, as the server says: colours, the range that all pages share, and the usual look. */
export const looks = () => state.overview.heat;
export const bytes = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
export function values(packed) {
  const raw = bytes(packed.data),
    out = new Float32Array(raw.length),
    span = (packed.high - packed.low) / 255;
  for (let i = 0; i < raw.length; i++) out[i] = packed.low + raw[i] * span;
  return out;
}
export function boxes(text) {
  const raw = bytes(text),
    view = new DataView(raw.buffer),
    out = new Float32Array(raw.length / 2);
  for (let i = 0; i < out.length; i++) out[i] = view.getUint16(2 * i, true) / 65535;
  return out;
}
/* What is drawn of an explanation, or of what a pooled index holds (`view`): heat of all words, and of each. */
export const read = (why, view = why) => ({
  all: values(view.heat),
  similarities: values(view.similarities),
  weights: why.heat_weights,
  boxes: boxes(view.boxes),
});
/* One value a vector: of all words (`chosen` is empty) as it came, else joined as by heatmap.combined. */
export function combined({ all, similarities, weights }, chosen, join) {
  if (!chosen.length && join === "mean") return all;
  const use = chosen.length ? chosen : [...weights.keys()],
    n = all.length;
  const whole = use.reduce((sum, t) => (join === "max" ? Math.max(sum, weights[t]) : sum + weights[t]), 0);
  const out = new Float32Array(n).fill(join === "max" ? -Infinity : 0);
  for (const t of use)
    for (let j = 0; j < n; j++) {
      const part = (similarities[t * n + j] * weights[t]) / whole;
      out[j] = join === "max" ? Math.max(out[j], part) : out[j] + part;
    }
  return out;
}
/* A vector without a place has its left edge right of the right one. */
export const placed = (list, places) => list.filter((_, j) => places[4 * j + 2] >= places[4 * j]);
/* The heat that is colourless and the one of the last colour, as by heatmap.bounds; `list` of vectors with a place. */
export function bounds(list, look, several) {
  if (look.range === "shared") {
    const [low, high] = looks().shared[several && look.join === "mean" ? "several" : "one"];
    return { low, high };
  }
  if (!list.length) return { low: 0, high: 0 };
  const sorted = Float32Array.from(list).sort(),
    middle = sorted.length >> 1;
  const low = sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  return { low, high: sorted[sorted.length - 1] };
}
const ramp = (colour) => bytes(looks().colours[colour].ramp);
export function gradient(colour) {
  const colours = ramp(colour);
  const stops = [...Array(18).keys()].map((i) => `rgb(${colours.slice(45 * i, 45 * i + 3).join(" ")})`);
  return `linear-gradient(to right, ${stops.join(", ")})`;
}
/* Strengths from 0 to 1 in their boxes, the highest on top, as pixels of a canvas of this size. */
function painted({ width, height }, strengths, boxOf) {
  const strength = new Float32Array(width * height);
  const order = [...strengths.keys()].filter((j) => strengths[j] > 0).sort((a, b) => strengths[a] - strengths[b]);
  for (const j of order) {
    const [left, top, right, bottom] = boxOf(j).map((edge, i) => Math.round(edge * (i % 2 ? height : width)));
    if (right < left) continue;
    const x0 = Math.min(left, width - 1),
      y0 = Math.min(top, height - 1);
    for (let y = y0; y < Math.max(bottom, y0 + 1); y++)
      strength.fill(Math.min(1, strengths[j]), y * width + x0, y * width + Math.max(right, x0 + 1));
  }
  return strength;
}
function colour(canvas, strength, { colour: name, opacity }) {
  const colours = ramp(name),
    context = canvas.getContext("2d"),
    picture = context.createImageData(canvas.width, canvas.height),
    data = picture.data;
  for (let p = 0; p < strength.length; p++) {
    if (!strength[p]) continue;
    const at = 3 * Math.round(strength[p] * 255);
    data[4 * p] = colours[at];
    data[4 * p + 1] = colours[at + 1];
    data[4 * p + 2] = colours[at + 2];
    data[4 * p + 3] = Math.round(255 * opacity * strength[p]);
  }
  context.putImageData(picture, 0, 0);
  canvas.style.mixBlendMode = looks().colours[name].multiply ? "multiply" : "normal";
}
/* Draws values into their boxes from `low` (clear) to `high` (the last colour). */
export function draw(canvas, { list, places, aspect, colour: name, opacity, low, high }) {
  canvas.width = WIDTH;
  canvas.height = Math.max(1, Math.round(WIDTH * aspect));
  const span = Math.max(high - low, looks().least_span);
  const strengths = list.map((value) => (value - low) / span);
  colour(canvas, painted(canvas, strengths, (j) => places.subarray(4 * j, 4 * j + 4)), { colour: name, opacity });
}
/* The places of a passage, five bytes each, as [[left, top, right, bottom, strength], ...], from 0 to 1. */
export function unpacked(text) {
  const raw = bytes(text);
  return Array.from({ length: raw.length / 5 }, (_, j) => Array.from(raw.subarray(5 * j, 5 * j + 5), (x) => x / 255));
}
/* Draws the heat that comes with a result over its thumbnail, in the usual look. */
export function drawSmall(canvas, text) {
  const places = unpacked(text);
  canvas.width = SMALL;
  canvas.height = Math.round(SMALL * 1.4); // near enough to a page's; it is stretched over the picture
  colour(canvas, painted(canvas, places.map((place) => place[4]), (j) => places[j].slice(0, 4)), looks().usual);
}
/* Which vector lies under a point of the page (fractions): the smallest box there, -1 for none. Words are easier to hit
   when a little of the gap between lines counts too; cells of a grid leave no gap. */
export function under({ boxes: places, grid }, fx, fy) {
  let best = -1,
    area = Infinity;
  for (let j = 0; 4 * j < places.length; j++) {
    const [x0, y0, x1, y1] = places.subarray(4 * j, 4 * j + 4),
      pad = grid ? 0 : (y1 - y0) * 0.3,
      size = (x1 - x0) * (y1 - y0);
    const inside = fx >= x0 - pad * 0.5 && fx <= x1 + pad * 0.5 && fy >= y0 - pad && fy <= y1 + pad;
    if (x1 > x0 && inside && size < area) [best, area] = [j, size];
  }
  return best;
}

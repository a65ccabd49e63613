/* heat: from bytes to values, from values to pixels, as workbench/heatmap.py does it: the values of all words, what each
   word weighs and the colours come from there, and tests hold both together. No element of the page is touched here but
   the canvas given. */
(() => {
  "use strict";
  const { state } = pagelens;
  const WIDTH = 960;

  const looks = () => state.overview.heat;
  const bytes = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
  function values(packed) {
    const raw = bytes(packed.data),
      out = new Float32Array(raw.length),
      span = (packed.high - packed.low) / 255;
    for (let i = 0; i < raw.length; i++) out[i] = packed.low + raw[i] * span;
    return out;
  }
  function boxes(text) {
    const raw = bytes(text),
      view = new DataView(raw.buffer),
      out = new Float32Array(raw.length / 2);
    for (let i = 0; i < out.length; i++) out[i] = view.getUint16(2 * i, true) / 65535;
    return out;
  }
  /* What is drawn of an explanation, or of what a pooled index holds (`view`): heat of all words, and of each. */
  const read = (why, view = why) => ({
    all: values(view.heat),
    similarities: values(view.similarities),
    weights: why.heat_weights,
    boxes: boxes(view.boxes),
  });
  /* One value a vector: of all words (`chosen` is empty) as it came, else joined as by heatmap.combined. */
  function combined({ all, similarities, weights }, chosen, join) {
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
  const placed = (list, places) => list.filter((_, j) => places[4 * j + 2] >= places[4 * j]);
  /* The heat that is colourless and the one of the last colour, as by heatmap.bounds; `list` of vectors with a place. */
  function bounds(list, look, several) {
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
  function gradient(colour) {
    const colours = ramp(colour);
    const stops = [...Array(18).keys()].map((i) => `rgb(${colours.slice(45 * i, 45 * i + 3).join(" ")})`);
    return `linear-gradient(to right, ${stops.join(", ")})`;
  }
  /* Draws values into their boxes, the highest on top, from `low` (clear) to `high` (the last colour). */
  function draw(canvas, { list, places, aspect, colour, opacity, low, high }) {
    const width = WIDTH,
      height = Math.max(1, Math.round(WIDTH * aspect));
    canvas.width = width;
    canvas.height = height;
    const strength = new Float32Array(width * height),
      span = Math.max(high - low, looks().least_span);
    const order = [...list.keys()].filter((j) => list[j] > low).sort((a, b) => list[a] - list[b]);
    for (const j of order) {
      const [left, top, right, bottom] = [0, 1, 2, 3].map((i) => Math.round(places[4 * j + i] * (i % 2 ? height : width)));
      if (right < left) continue;
      const x0 = Math.min(left, width - 1),
        y0 = Math.min(top, height - 1);
      for (let y = y0; y < Math.max(bottom, y0 + 1); y++)
        strength.fill(Math.min(1, (list[j] - low) / span), y * width + x0, y * width + Math.max(right, x0 + 1));
    }
    const colours = ramp(colour),
      context = canvas.getContext("2d"),
      picture = context.createImageData(width, height),
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
    canvas.style.mixBlendMode = looks().colours[colour].multiply ? "multiply" : "normal";
  }
  pagelens.heat = { looks, boxes, read, combined, placed, bounds, gradient, draw };
})();

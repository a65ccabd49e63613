/* heat: from bytes to values, from values to pixels. No element of the page is touched here but the canvas given. */
(() => {
  "use strict";
  /* Colour scales as control points from low to high. `multiply` ones are ink on paper: the text below stays readable. */
  const SCALES = {
    ember: { multiply: true, stops: ["#fff3c4", "#ffd166", "#fb8c3c", "#dd3b1f", "#8c1010"] },
    reds: { multiply: true, stops: ["#fff0ea", "#fcbca2", "#fb6b4b", "#cb181d", "#67000d"] },
    viridis: { multiply: false, stops: ["#440154", "#414487", "#2a788e", "#22a884", "#7ad151", "#fde725"] },
    magma: { multiply: false, stops: ["#000004", "#3b0f70", "#8c2981", "#de4968", "#fe9f6d", "#fcfdbf"] },
    cividis: { multiply: false, stops: ["#00224e", "#35456c", "#666970", "#948e77", "#c8b866", "#fee838"] },
  };
  /* The range that every page shares: cosine similarities of the models here lie in it where they mean something. */
  const SHARED = { low: 0.2, high: 1.0 };
  const SHARED_MEAN = { low: 0.1, high: 0.6 };
  const FIELD_WIDTH = 640;

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
  /* One value a vector over the tokens chosen (none: all): the largest similarity, lessened by the token's weight; or
     with ``how`` "mean" the mean similarity, tokens counting by their weight (unwanted ones not at all). */
  function combine(similarities, tokens, vectors, all, chosen, how = "max") {
    const use = chosen.length ? chosen : [...Array(tokens).keys()];
    /* Unwanted tokens alone are shown where they are met, as a heatmap picture shows them. */
    const weights = use.every((t) => all[t] <= 0) ? all.map(Math.abs) : all;
    if (how === "mean" && use.length > 1) return mean(similarities, vectors, weights, use);
    const most = Math.max(...use.map((t) => weights[t]), 1e-6);
    const out = new Float32Array(vectors).fill(-1);
    for (const t of use) {
      const factor = use.length > 1 ? weights[t] / most : 1,
        at = t * vectors;
      for (let j = 0; j < vectors; j++) {
        const v = similarities[at + j] * factor;
        if (v > out[j]) out[j] = v;
      }
    }
    return out;
  }
  function mean(similarities, vectors, weights, use) {
    const out = new Float32Array(vectors);
    const total = use.reduce((sum, t) => sum + Math.max(0, weights[t]), 0) || 1;
    for (const t of use)
      for (let j = 0; j < vectors; j++) out[j] += (similarities[t * vectors + j] * Math.max(0, weights[t])) / total;
    return out;
  }
  /* A mean over words is never as high as the best of them, so it has a range of its own. */
  function range(list, mode, means = false) {
    if (mode === "shared" || !list.length) return means ? { ...SHARED_MEAN } : { ...SHARED };
    let low = Infinity,
      high = -Infinity;
    for (const v of list) {
      if (v < low) low = v;
      if (v > high) high = v;
    }
    const sorted = Float32Array.from(list).sort();
    low = sorted[Math.floor(sorted.length * 0.5)];
    return { low: Math.min(low, high - 0.01), high };
  }
  function table(name) {
    const stops = SCALES[name].stops.map((hex) => [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16)));
    const out = new Uint8ClampedArray(256 * 3);
    for (let i = 0; i < 256; i++) {
      const at = (i / 255) * (stops.length - 1),
        k = Math.min(Math.floor(at), stops.length - 2),
        f = at - k;
      for (let c = 0; c < 3; c++) out[3 * i + c] = stops[k][c] + (stops[k + 1][c] - stops[k][c]) * f;
    }
    return out;
  }
  const gradient = (name) => `linear-gradient(to right, ${SCALES[name].stops.join(", ")})`;

  /* Running mean over 2 r + 1 pixels, along rows and then along columns. */
  function blur(field, width, height, r) {
    const pass = (length, lines, stride, jump) => {
      const line = new Float32Array(length),
        norm = 1 / (2 * r + 1);
      for (let l = 0; l < lines; l++) {
        const base = l * jump;
        let sum = 0;
        for (let i = 0; i < length; i++) line[i] = field[base + i * stride];
        for (let i = -r; i <= r; i++) if (i >= 0 && i < length) sum += line[i];
        for (let i = 0; i < length; i++) {
          field[base + i * stride] = sum * norm;
          if (i + r + 1 < length) sum += line[i + r + 1];
          if (i - r >= 0) sum -= line[i - r];
        }
      }
    };
    pass(width, height, 1, width);
    pass(height, width, width, 1);
  }
  /* Draws values into their boxes. Grid cells are filled as they are; words are padded a little and softened, value and
     cover blurred alike and divided again, so that colours stay true and only the edges fade. */
  function draw(canvas, { list, places, grid, aspect, scale, low, high, opacity }) {
    const width = FIELD_WIDTH,
      height = Math.max(1, Math.round(FIELD_WIDTH * aspect));
    canvas.width = width;
    canvas.height = height;
    const value = new Float32Array(width * height),
      cover = new Float32Array(width * height);
    const tall = [];
    const order = [...list.keys()]
      .filter((j) => places[4 * j + 2] > places[4 * j] && list[j] > low)
      .sort((a, b) => list[a] - list[b]);
    for (const j of order) {
      let x0 = places[4 * j] * width,
        y0 = places[4 * j + 1] * height,
        x1 = places[4 * j + 2] * width,
        y1 = places[4 * j + 3] * height;
      if (!grid) {
        const pad = Math.min(0.3 * (y1 - y0), 6) + 1;
        x0 -= pad;
        x1 += pad;
        y0 -= pad * 0.7;
        y1 += pad * 0.7;
        tall.push(y1 - y0);
      }
      x0 = Math.max(0, Math.round(x0));
      y0 = Math.max(0, Math.round(y0));
      x1 = Math.min(width, Math.round(x1));
      y1 = Math.min(height, Math.round(y1));
      for (let y = y0; y < y1; y++) {
        value.fill(list[j], y * width + x0, y * width + x1);
        cover.fill(1, y * width + x0, y * width + x1);
      }
    }
    if (!grid && tall.length) {
      const middle = tall.sort((a, b) => a - b)[tall.length >> 1],
        r = Math.max(1, Math.min(6, Math.round(middle / 5)));
      blur(value, width, height, r);
      blur(cover, width, height, r);
    }
    const colours = table(scale),
      context = canvas.getContext("2d"),
      picture = context.createImageData(width, height),
      data = picture.data;
    const span = Math.max(high - low, 1e-6);
    for (let p = 0; p < value.length; p++) {
      const c = cover[p];
      if (c < 0.02) continue;
      const t = Math.min(1, Math.max(0, (value[p] / c - low) / span)),
        i = Math.round(t * 255);
      data[4 * p] = colours[3 * i];
      data[4 * p + 1] = colours[3 * i + 1];
      data[4 * p + 2] = colours[3 * i + 2];
      data[4 * p + 3] = 255 * opacity * Math.min(1, c * 1.15) * Math.pow(t, 0.75);
    }
    context.putImageData(picture, 0, 0);
    canvas.style.mixBlendMode = SCALES[scale].multiply ? "multiply" : "normal";
  }
  pagelens.heat = { SCALES, SHARED, values, boxes, combine, range, gradient, table, draw };
})();

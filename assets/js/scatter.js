/* scatter: questions as bubbles over two values; a rectangle, dragged or typed, chooses some of them. */
(() => {
  "use strict";
  const { h, s, put, fmt } = pagelens;
  const WIDTH = 520,
    HEIGHT = 400,
    LEFT = 56,
    RIGHT = 14,
    TOP = 12,
    BOTTOM = 48,
    BAND = 40; /* where values stand that there are none of */

  /* An axis from data to pixels and back. `log` axes hold ranks, whose absence (null) stands in a band at the far end. */
  function scale(axis, edge, to) {
    const from = edge + Math.sign(to - edge) * 14; // so that no bubble lies on an axis
    const end = to - Math.sign(to - from) * (axis.log ? BAND : 14);
    const low = axis.log ? 0 : axis.low,
      high = axis.log ? Math.log10(Math.max(axis.high, 10)) : axis.high;
    const part = (value) => ((axis.log ? Math.log10(value) : value) - low) / (high - low || 1);
    return {
      at: (value) => (value === null ? to - Math.sign(to - from) * (BAND / 2 - 4) : from + part(value) * (end - from)),
      back(pixel) {
        if (axis.log && Math.sign(to - from) * (pixel - end) > 8) return null;
        const value = low + ((pixel - from) / (end - from)) * (high - low);
        return axis.log ? 10 ** Math.min(high, Math.max(0, value)) : Math.min(high, Math.max(low, value));
      },
      ticks: axis.log
        ? [1, 10, 100, 1000].filter((tick) => tick <= Math.max(axis.high, 10))
        : [0, 0.25, 0.5, 0.75, 1].map((share) => low + share * (high - low)),
      end,
    };
  }
  const inside = (value, [low, high]) =>
    value === null ? high === null : (low === null || value >= low) && (high === null || value <= high);
  const words = (axis, value) => (value === null ? axis.none : axis.log ? fmt.count(value) : value.toFixed(2));
  const EVERYTHING = { x: [null, null], y: [null, null] };

  /* points: [{id, x, y, mark}]; onselect hears a test of a point, or null when everything is chosen. */
  pagelens.scatter = function ({ points, x, y, onselect }) {
    const groups = new Map();
    for (const point of points) {
      const key = `${point.x}|${point.y}`;
      if (!groups.has(key)) groups.set(key, { x: point.x, y: point.y, ids: [], marks: {} });
      const group = groups.get(key);
      group.ids.push(point.id);
      group.marks[point.mark] = (group.marks[point.mark] || 0) + 1;
    }
    const order = (value) => (value === null ? Infinity : value);
    const all = [...groups.values()].sort((a, b) => order(a.x) - order(b.x) || order(a.y) - order(b.y));
    const across = scale(x, LEFT, WIDTH - RIGHT),
      up = scale(y, HEIGHT - BOTTOM, TOP);
    let range = EVERYTHING;
    /* Between the last rank that is kept and the first that is not. */
    const cut = (axis, keep) => (axis.at(keep) + axis.at(keep + 1)) / 2;
    const point = (value) => (value === null ? [Infinity, null] : [value, value]);
    const only = (group) => ({ x: point(group.x), y: point(group.y) });

    const told = (group) =>
      `${fmt.plural(group.ids.length, "question")}: ${x.label} ${words(x, group.x)}, ${y.label} ${words(y, group.y)}`;
    const box = s("rect", { class: "pl-brush", hidden: "" });
    const bubbles = all.map((group, i) => {
      const mark = Object.entries(group.marks).sort((a, b) => b[1] - a[1])[0][0];
      return s(
        "circle",
        {
          cx: across.at(group.x),
          cy: up.at(group.y),
          r: Math.min(20, 4 + 1.6 * Math.sqrt(group.ids.length - 1)),
          class: `pl-bubble pl-bubble-${mark}`,
          role: "button",
          tabindex: i ? "-1" : "0",
          "aria-label": told(group),
          "aria-pressed": "false",
          onclick: () => choose(only(group)),
          onkeydown: (event) => move(event, i),
        },
        s("title", { text: told(group) }),
      );
    });
    const picture = s(
      "svg",
      {
        class: "pl-scatter",
        viewBox: `0 0 ${WIDTH} ${HEIGHT}`,
        role: "group",
        "aria-label": `${x.label} across, ${y.label} up. Arrow keys go from bubble to bubble, Enter chooses one, Escape all.`,
      },
      grid(),
      box,
      [...bubbles].sort((a, b) => b.getAttribute("r") - a.getAttribute("r")),
    );

    function grid() {
      const line = (x1, y1, x2, y2, name) => s("line", { x1, y1, x2, y2, class: name });
      const label = (at, down, text, anchor) => s("text", { x: at, y: down, "text-anchor": anchor, text });
      const bottom = HEIGHT - BOTTOM,
        right = WIDTH - RIGHT;
      return s(
        "g",
        { "aria-hidden": "true" },
        across.ticks.map((tick) => [
          line(across.at(tick), TOP, across.at(tick), bottom, "pl-gridline"),
          label(across.at(tick), bottom + 17, words(x, tick), "middle"),
        ]),
        up.ticks.map((tick) => [
          line(LEFT, up.at(tick), right, up.at(tick), "pl-gridline"),
          label(LEFT - 8, up.at(tick) + 4, words(y, tick), "end"),
        ]),
        x.log ? label(across.at(null), bottom + 17, "none", "middle") : null,
        y.log ? label(LEFT - 8, up.at(null) + 4, "none", "end") : null,
        x.cut ? line(cut(across, x.cut), TOP, cut(across, x.cut), bottom, "pl-cutline") : null,
        y.cut ? line(LEFT, cut(up, y.cut), right, cut(up, y.cut), "pl-cutline") : null,
        x.log ? null : line(across.at(x.low), up.at(y.low), across.at(x.high), up.at(y.high), "pl-cutline"),
        label((LEFT + right) / 2, HEIGHT - 8, x.label, "middle"),
        s("text", {
          class: "pl-axis-up",
          x: -(TOP + bottom) / 2,
          y: 13,
          transform: "rotate(-90)",
          "text-anchor": "middle",
          text: y.label,
        }),
      );
    }
    /* --- by hand: a rectangle ----------------------------------------------------------------------------------- */
    let from = null;
    const place = (event) => {
      const at = picture.getBoundingClientRect();
      return [
        Math.min(WIDTH - RIGHT, Math.max(LEFT, ((event.clientX - at.left) / at.width) * WIDTH)),
        Math.min(HEIGHT - BOTTOM, Math.max(TOP, ((event.clientY - at.top) / at.height) * HEIGHT)),
      ];
    };
    picture.addEventListener("pointerdown", (event) => {
      if (event.button || event.target.classList.contains("pl-bubble")) return;
      from = place(event);
      picture.setPointerCapture(event.pointerId);
      event.preventDefault();
    });
    picture.addEventListener("pointermove", (event) => {
      if (from) drawn(from, place(event));
    });
    picture.addEventListener("pointerup", (event) => {
      if (!from) return;
      const [x0, y0] = from,
        [x1, y1] = place(event);
      from = null;
      if (Math.abs(x1 - x0) < 5 && Math.abs(y1 - y0) < 5) {
        choose(EVERYTHING);
        return;
      }
      choose({ x: span(x, across, x0, x1), y: span(y, up, y0, y1) });
    });
    picture.addEventListener("pointercancel", () => {
      from = null;
      outline();
    });
    function span(axis, along, one, other) {
      const values = [along.back(one), along.back(other)].sort((a, b) => order(a) - order(b));
      if (!axis.log) return values.map((value) => Math.round(value * 100) / 100);
      return [values[0] === null ? Infinity : Math.ceil(values[0]), values[1] === null ? null : Math.floor(values[1])];
    }
    function drawn([x0, y0], [x1, y1]) {
      box.removeAttribute("hidden");
      for (const [key, value] of Object.entries({
        x: Math.min(x0, x1),
        y: Math.min(y0, y1),
        width: Math.abs(x1 - x0),
        height: Math.abs(y1 - y0),
      }))
        box.setAttribute(key, value);
    }
    function outline() {
      if (range === EVERYTHING) {
        box.setAttribute("hidden", "");
        return;
      }
      const edge = (axis, along, [low, high], out) => [
        low === Infinity ? along.end : low === null ? along.at(axis.log ? 1 : axis.low) - out : along.at(low) - out,
        high === null ? along.at(axis.log ? null : axis.high) + out * 2 : along.at(high) + out,
      ];
      const [x0, x1] = edge(x, across, range.x, 7),
        [y0, y1] = edge(y, up, range.y, -7);
      drawn([x0, y0], [x1, y1]);
    }

    /* --- by keys: from bubble to bubble, and four numbers --------------------------------------------------------- */
    function move(event, i) {
      if (event.key === "Enter" || event.key === " ") {
        event.preventDefault();
        choose(only(all[i]));
        return;
      }
      if (event.key === "Escape") {
        choose(EVERYTHING);
        return;
      }
      const turn = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
      if (!turn) return;
      event.preventDefault();
      event.stopPropagation();
      const [cx, cy] = where(i);
      let best = null;
      bubbles.forEach((bubble, j) => {
        const [ox, oy] = where(j),
          along = (ox - cx) * turn[0] + (oy - cy) * turn[1],
          aside = Math.abs((ox - cx) * turn[1]) + Math.abs((oy - cy) * turn[0]);
        if (along > 0.5 && (best === null || along + 2 * aside < best.far)) best = { j, far: along + 2 * aside };
      });
      if (best === null) return;
      bubbles[i].setAttribute("tabindex", "-1");
      bubbles[best.j].setAttribute("tabindex", "0");
      bubbles[best.j].focus();
    }
    const where = (i) => ["cx", "cy"].map((key) => Number(bubbles[i].getAttribute(key)));
    const field = (axis, key, end) =>
      h("input", {
        class: "pl-input pl-short",
        type: "number",
        min: axis.log ? 1 : axis.low,
        step: axis.log ? 1 : 0.01,
        "aria-label": `${axis.label}, ${end ? "to" : "from"}`,
        "data-end": `${key}${end}`,
        onchange: () => choose(typed()),
      });
    const fields = { x: [field(x, "x", 0), field(x, "x", 1)], y: [field(y, "y", 0), field(y, "y", 1)] };
    function typed() {
      const number = (input) => (input.value.trim() === "" ? null : Number(input.value));
      const read = (key) => fields[key].map(number);
      return { x: read("x"), y: read("y") };
    }
    const clear = h("button", {
      type: "button",
      class: "pl-button pl-small",
      onclick: () => choose(EVERYTHING),
      text: "All",
    });
    const form = h(
      "div",
      { class: "pl-brush-form", role: "group", "aria-label": "Questions with these values" },
      [
        ["x", x],
        ["y", y],
      ].map(([key, axis]) =>
        h("div", { class: "pl-inline" }, h("span", { text: axis.label }), fields[key][0], "to", fields[key][1]),
      ),
      clear,
    );
    function choose(to) {
      const open = [...to.x, ...to.y].every((end) => end === null);
      range = open ? EVERYTHING : to;
      for (const key of ["x", "y"])
        range[key].forEach((end, i) => {
          fields[key][i].value = end === null || end === Infinity ? "" : end;
        });
      clear.disabled = open;
      outline();
      const test = (point) => inside(point.x, range.x) && inside(point.y, range.y);
      all.forEach((group, i) => {
        bubbles[i].setAttribute("aria-pressed", String(!open && test(group)));
        bubbles[i].classList.toggle("pl-out", !test(group));
      });
      onselect(open ? null : new Set(all.filter(test).flatMap((group) => group.ids)));
    }
    clear.disabled = true;

    const twin = h(
      "details",
      { class: "pl-twin" },
      h("summary", { text: "The plot as a table" }),
      h(
        "div",
        { class: "pl-scroll pl-tall" },
        h(
          "table",
          { class: "pl-table" },
          h("caption", { class: "pl-sr", text: `Questions by ${x.label} and ${y.label}` }),
          h(
            "thead",
            {},
            h(
              "tr",
              {},
              [x.label, y.label, "Questions"].map((t) => h("th", { scope: "col", text: t })),
            ),
          ),
          h(
            "tbody",
            {},
            all.map((group) =>
              h(
                "tr",
                {},
                h("td", { text: words(x, group.x) }),
                h("td", { text: words(y, group.y) }),
                h(
                  "td",
                  {},
                  h("button", {
                    type: "button",
                    class: "pl-link",
                    onclick: () => choose(only(group)),
                    text: fmt.count(group.ids.length),
                    "aria-label": told(group),
                  }),
                ),
              ),
            ),
          ),
        ),
      ),
    );
    const node = h("div", { class: "pl-plot" });
    put(node, picture, form, twin);
    return { node, clear: () => choose(EVERYTHING) };
  };
})();

/* latency: how long past searches took, as lines over time and as tables. */
(() => {
  "use strict";
  const { h, s, put, fmt } = pagelens;
  const WIDTH = 720,
    HEIGHT = 230,
    LEFT = 92,
    RIGHT = 14,
    TOP = 12,
    BOTTOM = 30;

  /* A round number at or above the highest value, and four steps to it. */
  function ceiling(value) {
    const power = 10 ** Math.floor(Math.log10(Math.max(value, 0.01)));
    return [1, 2, 4, 5, 8, 10].map((step) => step * power).find((step) => step >= value) || 10 * power;
  }
  function chart(stage) {
    const { points } = stage,
      top = ceiling(Math.max(...points.map((point) => point.p95)));
    const x = (i) =>
      points.length === 1
        ? (LEFT + WIDTH - RIGHT) / 2
        : LEFT + 8 + (i / (points.length - 1)) * (WIDTH - RIGHT - LEFT - 16);
    const y = (ms) => HEIGHT - BOTTOM - (ms / top) * (HEIGHT - BOTTOM - TOP);
    const label = (at, down, text, anchor) => s("text", { x: at, y: down, "text-anchor": anchor, text });
    const line = (key) => [
      s("polyline", {
        class: `pl-line-${key}`,
        points: points.map((point, i) => `${x(i)},${y(point[key])}`).join(" "),
      }),
      points.map((point, i) =>
        s(
          "circle",
          { class: `pl-line-${key}`, cx: x(i), cy: y(point[key]), r: 3 },
          s("title", {
            text: `${key} ${fmt.ms(point[key])}, ${fmt.plural(point.count, "search").replace(/searchs$/, "searches")}, ${span(point)}`,
          }),
        ),
      ),
    ];
    return s(
      "svg",
      {
        class: "pl-lines",
        viewBox: `0 0 ${WIDTH} ${HEIGHT}`,
        role: "img",
        "aria-label": `${stage.name}: median ${fmt.ms(stage.p50)}, 95th percentile ${fmt.ms(stage.p95)} of ${searches(stage.count)}, in order of time. The same numbers are in the table below.`,
      },
      [0, 1, 2, 3, 4].map((step) => [
        s("line", {
          class: "pl-gridline",
          x1: LEFT,
          x2: WIDTH - RIGHT,
          y1: y((top * step) / 4),
          y2: y((top * step) / 4),
        }),
        label(LEFT - 8, y((top * step) / 4) + 4, step ? fmt.ms((top * step) / 4) : "0", "end"),
      ]),
      line("p95"),
      line("p50"),
      label(LEFT, HEIGHT - 8, fmt.date(points[0].start), "start"),
      points.length > 1 ? label(WIDTH - RIGHT, HEIGHT - 8, fmt.date(points[points.length - 1].end), "end") : null,
    );
  }
  const searches = (n) => `${fmt.count(n)} ${n === 1 ? "search" : "searches"}`;
  const span = (point) =>
    point.start === point.end ? fmt.date(point.start) : `${fmt.date(point.start)} to ${fmt.date(point.end)}`;

  function table(caption, id, heads, rows) {
    return h(
      "div",
      { class: "pl-scroll", tabindex: "0", role: "region", "aria-label": caption },
      h(
        "table",
        { class: "pl-table", id },
        h("caption", { class: "pl-sr", text: caption }),
        h(
          "thead",
          {},
          h(
            "tr",
            {},
            heads.map((head, i) => h("th", { scope: "col", class: i ? "pl-num" : "", text: head })),
          ),
        ),
        h(
          "tbody",
          {},
          rows.map(([first, ...rest]) =>
            h(
              "tr",
              {},
              h("th", { scope: "row" }, first),
              rest.map((cell) => h("td", { class: "pl-num" }, cell)),
            ),
          ),
        ),
      ),
    );
  }

  /* A section that shows what it is given with `paint(history)`; what is chosen stays chosen while it is there. */
  pagelens.latency = function () {
    let history = [],
      pipeline = "",
      stage = "total",
      open = false;
    const select = h("select", {
      class: "pl-select pl-code",
      id: "pl-latency-pipeline",
      "aria-label": "Pipeline whose times are shown",
      onchange: () => {
        pipeline = select.value;
        draw();
      },
    });
    const body = h("div", { class: "pl-stack" });
    const node = h(
      "section",
      { class: "pl-card pl-stack", id: "pl-latency", "aria-labelledby": "pl-latency-title" },
      h("h2", { id: "pl-latency-title", text: "How long searches took" }),
      body,
    );
    function draw() {
      if (!history.length) {
        put(
          body,
          h("p", {
            class: "pl-muted",
            text: "No search of this collection has been timed yet. Every search leaves its stage times here, and never a word of what was asked.",
          }),
        );
        return;
      }
      const told = history.find((one) => one.pipeline === pipeline) || history[0];
      pipeline = told.pipeline;
      put(
        select,
        ...history.map((one) => h("option", { value: one.pipeline, text: `${one.pipeline} (${one.searches})` })),
      );
      select.value = pipeline;
      const chosen = told.stages.find((one) => one.name === stage) || told.stages[0];
      const facts = [searches(told.searches)];
      if (told.cold) facts.push(`${told.cold} cold, in no percentile`);
      if (told.cached) facts.push(`${told.cached} with the query already encoded`);
      put(
        body,
        select,
        h("p", { class: "pl-muted", text: facts.join(", ") + "." }),
        chosen ? stages(told, chosen) : null,
        chosen ? chart(chosen) : null,
        chosen
          ? h(
              "p",
              { class: "pl-legend", "aria-hidden": "true" },
              h("span", { class: "pl-key-p50", text: "median" }),
              h("span", { class: "pl-key-p95", text: "95th percentile" }),
              h("span", { class: "pl-muted", text: "each point is some searches, one after another" }),
            )
          : null,
        chosen
          ? table(
              "Median and 95th percentile of every stage",
              "pl-latency-stages",
              ["Stage", "Searches", "Median", "95th percentile"],
              told.stages.map((one) => [one.name, fmt.count(one.count), fmt.ms(one.p50), fmt.ms(one.p95)]),
            )
          : null,
        chosen
          ? h(
              "details",
              { class: "pl-twin", open, ontoggle: (event) => (open = event.target.open) },
              h("summary", { text: "The chart as a table" }),
              table(
                `${chosen.name} over time`,
                "pl-latency-points",
                ["When", "Searches", "Median", "95th percentile"],
                chosen.points.map((one) => [span(one), fmt.count(one.count), fmt.ms(one.p50), fmt.ms(one.p95)]),
              ),
            )
          : null,
      );
    }
    function stages(told, chosen) {
      return h(
        "div",
        { class: "pl-segments", role: "radiogroup", "aria-label": "Stage in the chart" },
        told.stages.map((one) =>
          h(
            "label",
            {},
            h("input", {
              type: "radio",
              name: "pl-latency-stage",
              value: one.name,
              checked: one === chosen,
              onchange: () => {
                stage = one.name;
                draw();
                node.querySelector("input[name=pl-latency-stage]:checked").focus();
              },
            }),
            h("span", { text: one.name }),
          ),
        ),
      );
    }
    return {
      node,
      paint(found) {
        history = found;
        draw();
      },
    };
  };
  pagelens.plainTable = table;
})();

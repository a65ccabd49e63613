/* staging: choosing how a search runs: a preset, the pipeline's text, what each stage keeps, another encoder in front. */
(() => {
  "use strict";
  const { h, put, state } = pagelens;

  const text = () => (state.overview && state.overview.pipelines[state.pipeline]) || state.pipeline;
  /* Steps of a pipeline: split at the ">" that stand outside parentheses. */
  function steps(source) {
    const parts = [];
    let depth = 0,
      from = 0;
    for (let i = 0; i <= source.length; i++) {
      const c = source[i];
      if (c === "(" || c === "[") depth++;
      if (c === ")" || c === "]") depth--;
      if (i === source.length || (c === ">" && depth === 0)) {
        parts.push(source.slice(from, i).trim());
        from = i + 1;
      }
    }
    return parts.map((part) => {
      const m = /^([\s\S]*?)(?::\s*(\d+))?$/.exec(part);
      return { source: m[1], keep: m[2] ? Number(m[2]) : null };
    });
  }

  /* The controls; ``changed(typing)`` hears of every change, and whether it is a person still typing. */
  function controls(changed) {
    const presets = h("div", { class: "pl-segments", role: "radiogroup", "aria-label": "Pipeline preset" });
    const field = h("input", {
      class: "pl-input pl-code",
      id: "pl-pipeline",
      spellcheck: "false",
      autocomplete: "off",
      oninput: () => {
        state.pipeline = field.value.trim();
        repaint();
        changed(true);
      },
    });
    const sizes = h("div", { class: "pl-sizes" });
    const encoders = h("div", { class: "pl-field", hidden: true });

    function use(pipeline) {
      state.pipeline = pipeline;
      field.value = text();
      repaint();
      changed(false);
    }
    function repaint() {
      for (const input of presets.querySelectorAll("input"))
        input.checked = input.value === state.pipeline || state.overview.pipelines[input.value] === state.pipeline;
      const found = steps(text());
      const keep = (step, i) =>
        h("input", {
          class: "pl-input pl-short",
          type: "number",
          min: 1,
          max: 100000,
          value: step.keep || 256,
          onchange: (event) => {
            found[i].keep = Math.max(1, Math.round(Number(event.target.value)) || 1);
            use(found.map((x) => (x.keep ? `${x.source}:${x.keep}` : x.source)).join(" > "));
          },
        });
      const size = (step, i) =>
        h(
          "label",
          { class: "pl-inline" },
          h("span", {}, h("code", { text: step.source || "?" }), " keeps"),
          keep(step, i),
        );
      put(sizes, ...found.slice(0, -1).map(size));
    }
    function repaintPresets() {
      const preset = (name) =>
        h(
          "label",
          { title: [state.overview.about[name], state.overview.pipelines[name]].filter(Boolean).join(": ") },
          h("input", { type: "radio", name: "pl-preset", value: name, onchange: () => use(name) }),
          h("span", { text: name }),
        );
      put(presets, ...Object.keys(state.overview.pipelines).map(preset));
      repaintEncoders();
      repaint();
    }
    function repaintEncoders() {
      const spaces = (state.details && state.details.collection.spaces) || [];
      const offer = (space, x) => {
        const source = `${x.name}@${space.encoder}`;
        return h("button", {
          type: "button",
          class: "pl-chip",
          title: `Put ${source} in front of the pipeline`,
          onclick: () => lead(source),
          text: source,
        });
      };
      encoders.hidden = spaces.length < 2;
      const offers = spaces.slice(1).flatMap((space) => space.indexes.map((x) => offer(space, x)));
      put(
        encoders,
        h("span", { text: "Start with" }),
        h("div", { class: "pl-chips", role: "group", "aria-label": "Start with an index of another encoder" }, offers),
      );
    }
    /* The given stage finds the candidates, and what ranked last before still ranks them. */
    function lead(source) {
      const last = steps(text()).at(-1);
      use(`${source}:256 > ${last.keep ? `${last.source}:${last.keep}` : last.source}`);
    }
    const restore = () => {
      field.value = text();
      repaint();
    };
    return { presets, field, sizes, encoders, use, restore, repaint, repaintPresets, repaintEncoders };
  }

  pagelens.staging = { text, controls };
})();

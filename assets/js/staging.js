/* staging: choosing how a search runs: a preset, the pipeline's text, what each stage keeps, another encoder in front. */
(() => {
  "use strict";
  const { h, put, state } = pagelens;

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

  const USUAL = 10; // pages of a pipeline that states no number
  const SCREEN = 200; // results that one screen shows at most
  const preset = () => (state.overview && state.overview.pipelines[state.pipeline]) || null;
  const joined = (found) => found.map((x) => (x.keep ? `${x.source}:${x.keep}` : x.source)).join(" > ");
  /* The pipeline that runs: as it is written, or the preset with as many results as are asked for. */
  function text() {
    if (!preset() || !state.k) return preset() || state.pipeline;
    const found = steps(preset());
    found.at(-1).keep = state.k;
    return joined(found);
  }
  /* How many pages the pipeline that runs returns. */
  const returned = () => steps(text()).at(-1).keep || USUAL;
  /* The number to ask the server for beside the pipeline: a preset's, where one was chosen. A written one says itself. */
  const asked = () => (preset() ? state.k : returned() > SCREEN ? SCREEN : null);
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
    const results = h("input", {
      class: "pl-input pl-short",
      id: "pl-k",
      type: "number",
      min: 1,
      max: SCREEN,
      onchange: () => ask(Math.min(SCREEN, Math.max(1, Math.round(Number(results.value)) || USUAL))),
    });
    const sizes = h("div", { class: "pl-sizes" });
    const encoders = h("div", { class: "pl-field", hidden: true });

    /* The number of results is the last number of the pipeline: changing it rewrites a pipeline that was written. */
    function ask(k) {
      if (preset()) {
        state.k = null;
        if (returned() !== k) state.k = k;
        use(state.pipeline);
        return;
      }
      const found = steps(text());
      found.at(-1).keep = k;
      use(joined(found));
    }
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
            use(joined(found));
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
      results.value = Math.min(SCREEN, returned());
      results.title = preset()
        ? "How many pages the preset returns"
        : `The pipeline that is written ends in ${found.at(-1).source}:${returned()}; changing this number changes it` +
          (returned() > SCREEN ? `. The first ${SCREEN} are shown` : "");
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
    return { presets, field, results, sizes, encoders, use, restore, repaint, repaintPresets, repaintEncoders };
  }

  pagelens.staging = { text, asked, controls };
})();

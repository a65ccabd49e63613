/* pipelines: a letter, a preset and a text for each of the two pipelines of a comparison. */
(() => {
  "use strict";
  const { h, put, state } = pagelens;
  const SIDES = ["a", "b"];

  /* `chosen()` hears that a preset was taken. Answers { node, name(key), set(key, text), refresh() }. */
  function make(chosen) {
    const named = (text) =>
      Object.keys(state.overview.pipelines).find((name) => [name, state.overview.pipelines[name]].includes(text)) || "";
    const side = (key) => {
      const letter = key.toUpperCase();
      const preset = h("select", {
        class: "pl-select",
        id: `pl-compare-preset-${key}`,
        "aria-label": `Preset of ${letter}`,
        onchange: () => {
          if (preset.value) {
            text.value = state.overview.pipelines[preset.value];
            chosen();
          } else text.focus();
        },
      });
      const text = h("input", {
        class: "pl-input pl-code",
        id: `pl-compare-${key}`,
        "aria-label": `Pipeline ${letter}`,
        spellcheck: "false",
        autocomplete: "off",
        oninput: () => paint(),
      });
      const paint = () => {
        preset.value = named(text.value.trim());
      };
      const node = h(
        "div",
        { class: "pl-compare-choice" },
        h("b", { class: `pl-letter pl-letter-${key}`, text: letter }),
        preset,
        text,
      );
      return { node, preset, text, paint };
    };
    const sides = { a: side("a"), b: side("b") };
    return {
      node: h("div", { class: "pl-compare-choices" }, sides.a.node, sides.b.node),
      /* A preset goes by its name, so that it is fitted to the indexes that the collection has. */
      name: (key) => named(sides[key].text.value.trim()) || sides[key].text.value.trim(),
      set(key, text) {
        sides[key].text.value = state.overview.pipelines[text] || text;
        sides[key].paint();
      },
      refresh() {
        for (const key of SIDES) {
          put(
            sides[key].preset,
            ...Object.keys(state.overview.pipelines).map((name) => h("option", { value: name, text: name })),
            h("option", { value: "", text: "own pipeline" }),
          );
          sides[key].paint();
        }
      },
    };
  }
  pagelens.pipelines = { make };
})();

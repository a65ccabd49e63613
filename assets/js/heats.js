/* heats: the heat of two pages side by side, each by the encoder that decided on its side. */
(() => {
  "use strict";
  const { h, put, api, state, imageUrl, heat } = pagelens;

  /* Fills `root` for hits { a, b }, one of which may be absent; `asked` is the query, `encoders` { a, b } whose heat,
     `pipelines` { a, b } by whose weights. Answers what stops it from painting late answers. */
  function show(root, asked, hits, encoders, pipelines) {
    let live = true,
      tokens = [];
    const sides = ["a", "b"].filter((key) => hits[key]).map((key) => ({ key, hit: hits[key], encoder: encoders[key] }));
    const chips = h("div", { class: "pl-heats-words" }),
      note = h("p", { class: "pl-muted pl-heats-note" });
    const figures = sides.map((side) => {
      side.canvas = h("canvas", { class: "pl-heats-canvas", "aria-hidden": "true" });
      side.image = h("img", {
        alt: `${side.hit.document}, page ${side.hit.number}`,
        src: imageUrl(side.hit.document, side.hit.number, side.hit.page_id, "page"),
        onload: () => paint(),
      });
      side.said = h("figcaption", {}, letter(side), h("span", { text: `${side.hit.document}, page ${side.hit.number}` }));
      return h(
        "figure",
        { class: "pl-heats-page", "data-of": side.key },
        side.said,
        h("div", { class: "pl-heats-stage" }, side.image, side.canvas),
      );
    });
    put(root, chips, h("div", { class: "pl-heats-pair" }, figures), note);
    load();
    return () => (live = false);

    function letter(side) {
      return h("b", { class: `pl-letter pl-letter-${side.key}`, text: side.key.toUpperCase() });
    }
    async function load() {
      await Promise.all(
        sides.map(async (side) => {
          try {
            side.why = await api.layers({
              query: asked,
              page: side.hit.page,
              collection: state.collection,
              encoder: side.encoder,
              pipeline: pipelines[side.key],
            });
            side.heat = heat.read(side.why);
          } catch (error) {
            if (live) side.said.append(h("span", { class: "pl-error", role: "alert", text: error.message }));
          }
        }),
      );
      if (!live) return;
      words();
      paint();
    }
    /* Both sides have the same words when one encoder made both; then a word can be chosen for both. */
    function words() {
      const told = sides.filter((side) => side.why);
      const same = told.length && told.every((side) => side.encoder === told[0].encoder);
      if (!same || told[0].why.tokens_left_out) return;
      const choice = (label, value) =>
        h(
          "label",
          {},
          h("input", {
            type: "radio",
            name: "pl-heats-word",
            value: value.join(),
            checked: !value.length,
            onchange: () => {
              tokens = value;
              paint();
            },
          }),
          h("span", { text: label }),
        );
      put(
        chips,
        h(
          "div",
          { class: "pl-segments", role: "radiogroup", "aria-label": "Query word whose heat is shown" },
          choice("all words", []),
          told[0].why.tokens.map((word, i) => choice(word.label, [i])),
        ),
      );
    }
    function paint() {
      const told = sides.filter((side) => side.why && side.image.naturalWidth);
      if (!live || !told.length) return;
      const look = heat.looks().usual,
        lists = told.map((side) => heat.combined(side.heat, tokens, look.join)),
        shown = told.map((side, i) => [...heat.placed(lists[i], side.heat.boxes)]);
      const one = told.every((side) => side.encoder === told[0].encoder);
      told.forEach((side, i) => {
        heat.draw(side.canvas, {
          list: lists[i],
          places: side.heat.boxes,
          aspect: side.image.naturalHeight / side.image.naturalWidth,
          ...look,
          ...heat.bounds(one ? shown.flat() : shown[i], look),
        });
        side.canvas.dataset.drawn = "yes";
      });
      note.textContent = one
        ? `Heat by ${told[0].encoder}: ${heat.looks().joins[look.join]}, on one scale for both pages.`
        : `Heat by ${told.map((side) => side.encoder).join(" and ")}, each on a scale of its own: their similarities differ.`;
    }
  }
  pagelens.heats = { show };
})();

/* saw: what the model really got of a page: its resized and tiled pictures, or the words that it read with their boxes. */
(() => {
  "use strict";
  const { h, put, fmt, state, call } = pagelens;

  const pictures = (seen, view) =>
    h(
      "ul",
      { class: "pl-tiles" },
      seen.map((x) =>
        h(
          "li",
          {},
          h(
            "figure",
            {},
            h(
              "button",
              {
                type: "button",
                "aria-label": `Show ${x.label} on the page`,
                onclick: () => view.reveal(x.box),
                onmouseenter: () => view.highlight(x.box),
                onmouseleave: () => view.highlight(null),
              },
              h("img", { src: x.picture, alt: x.label, width: x.width, height: x.height }),
            ),
            h("figcaption", { text: x.label }),
          ),
        ),
      ),
    );

  /* "13 pictures of 512 × 512", or without a size where they differ. */
  function amount(seen) {
    const sizes = new Set(seen.map((x) => `${x.width} × ${x.height}`));
    const made = seen.length > 1 ? "resized and tiled" : "resized";
    return `${fmt.plural(seen.length, "picture")}${sizes.size === 1 ? ` of ${[...sizes][0]} pixels` : ""}, ${made} by the model's own processor.`;
  }

  /* A word's vectors share its box: each box is drawn once. */
  function drawWords({ why, marks, mark }) {
    const boxes = pagelens.heat.boxes(why.boxes),
      drawn = new Set();
    for (let j = 0; 4 * j < boxes.length; j++) {
      const box = [0, 1, 2, 3].map((i) => boxes[4 * j + i]),
        key = box.join();
      if (!(box[2] > box[0]) || drawn.has(key)) continue;
      drawn.add(key);
      marks.append(mark(box, "pl-word"));
    }
    return drawn.size;
  }

  /* A section of the page's panel; `view` has the page, its explanation, and what draws on the page. */
  function section(view) {
    const { page, why, kind, marks } = view;
    const body = h("div", {});
    let seen = null;
    async function open() {
      if (!seen)
        put(body, h("p", { class: "pl-muted" }, h("span", { class: "pl-spinner" }), "Asking the model's processor"));
      try {
        seen =
          seen ||
          (await call("saw_page", {
            collection: state.collection,
            document: page.document,
            page: page.page,
            encoder: why.encoder,
          }));
      } catch (error) {
        put(body, h("p", { class: "pl-error", role: "alert", text: error.message }));
        return;
      }
      if (!details.open || !details.isConnected) return;
      if (seen.length) {
        put(body, h("p", { class: "pl-muted", text: amount(seen) }), pictures(seen, view));
        return;
      }
      const boxes = drawWords(view);
      const words = `${why.encoder} reads: it saw the page's ${fmt.plural(page.words, "word")}, no picture.`;
      const text = `${words} The ${fmt.plural(boxes, "place")} that its vectors stand for are outlined on the page.`;
      put(body, h("p", { class: "pl-muted", text }));
    }
    const close = () => marks.querySelectorAll(".pl-word").forEach((node) => node.remove());
    const about = `${why.encoder}${kind ? `, ${pagelens.models.kinds[kind] || kind}` : ""}`;
    const details = h(
      "details",
      { id: "pl-saw", ontoggle: () => (details.open ? open() : close()) },
      h("summary", {}, h("h3", { text: "What the model saw" }), h("span", { class: "pl-muted", text: about })),
      body,
    );
    return h("section", { class: "pl-section" }, details);
  }

  pagelens.saw = section;
})();

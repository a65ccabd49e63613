/* results: the cards of the pages found, what each stage said of them, and marks. */
(() => {
  "use strict";
  const { h, put, icon, fmt, imageUrl } = pagelens;

  /* A page found: opens on click, and can be marked good or bad; ``marking`` hears of that. */
  function card(hit, marking) {
    const rank = h("span", { class: "pl-rank" }),
      score = h("span", { class: "pl-score" }),
      badge = h("span", { class: "pl-badge" }),
      path = h("span", { class: "pl-path" });
    const image = h("img", {
      loading: "lazy",
      decoding: "async",
      alt: "",
      src: imageUrl(hit.document, hit.page, hit.page_id, "thumb"),
    });
    const open = h(
      "button",
      { type: "button", class: "pl-hit", onclick: () => pagelens.openPage(hit) },
      h("span", { class: "pl-thumb" }, image),
      h(
        "span",
        { class: "pl-hit-text" },
        h(
          "span",
          { class: "pl-hit-name" },
          rank,
          h("span", { class: "pl-doc", text: hit.document, title: hit.document }),
        ),
        h("span", { class: "pl-hit-page", text: `Page ${hit.page}` }),
        h("span", { class: "pl-hit-score" }, score, badge),
        path,
      ),
    );
    const vote = (good) => {
      const button = h(
        "button",
        {
          type: "button",
          class: "pl-quiet pl-vote",
          "data-mark": good ? "good" : "bad",
          onclick: () => {
            pagelens.parts.mark(hit, good);
            marking();
          },
        },
        icon(good ? "good" : "bad"),
      );
      return button;
    };
    const votes = [vote(true), vote(false)];
    const node = h(
      "li",
      {},
      open,
      h("div", { class: "pl-votes", role: "group", "aria-label": "Mark this page" }, votes),
    );
    const paint = (now) => {
      rank.textContent = now.rank;
      score.textContent = now.scored ? fmt.score(now.score) : "no vectors";
      badge.textContent = now.kind;
      badge.className = `pl-badge pl-${now.kind}`;
      badge.title =
        now.kind === "exact"
          ? "The model's own MaxSim over all vectors: the sum, over the query's tokens, of weight times best similarity."
          : "Stands in for the exact score; the two do not share a scale.";
      put(path, ...trail(now));
      repaintMark();
      open.setAttribute(
        "aria-label",
        `Rank ${now.rank}: ${hit.document}, page ${hit.page}, score ${fmt.score(now.score)} ${now.kind}`,
      );
    };
    function repaintMark() {
      const now = pagelens.parts.marked(hit);
      for (const button of votes) {
        const good = button.dataset.mark === "good";
        button.setAttribute("aria-pressed", String(now === button.dataset.mark));
        button.title = good ? "Mark as good: find more like it" : "Mark as bad: find fewer like it";
        button.setAttribute("aria-label", `${good ? "Good" : "Bad"}: ${hit.document}, page ${hit.page}`);
      }
    }
    return { node, open, paint, repaintMark };
  }
  function trail(hit) {
    const found = hit.stages;
    const nodes = found.map((stage) =>
      h("span", { class: "pl-step" }, h("span", { text: stage.name }), h("b", { text: stage.rank })),
    );
    if (found.length > 1) {
      const moved = found[found.length - 2].rank - found[found.length - 1].rank;
      nodes.push(
        h("span", {
          class: moved > 0 ? "pl-up" : moved < 0 ? "pl-down" : "pl-same",
          title: "Against the stage before the last",
          text: moved > 0 ? `▲${moved}` : moved < 0 ? `▼${-moved}` : "=",
        }),
      );
    }
    return nodes;
  }

  pagelens.results = { card };
})();

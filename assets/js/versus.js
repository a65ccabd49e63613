/* versus: the list of one side of a comparison, a page a row; one of them is chosen. */
(() => {
  "use strict";
  const { h, fmt, imageUrl, moves } = pagelens;

  /* Nodes of a side (`key` a or b) of an answer of the action `compare`; `choose(hit)` hears which page is chosen. */
  function column(found, key, chosen, choose) {
    const result = found[key],
      spent = found[`cost_${key}`];
    const took = [`${fmt.ms(spent.ms)}${spent.cold ? ", cold" : ""}`, `${fmt.bytes(spent.bytes_read)} read`];
    return h(
      "div",
      { class: "pl-versus-side", "data-side": key },
      h(
        "div",
        { class: "pl-versus-head" },
        h(
          "div",
          { class: "pl-versus-name" },
          h("b", { class: `pl-letter pl-letter-${key}`, text: key.toUpperCase() }),
          h("code", { text: result.pipeline, title: result.pipeline }),
        ),
        h("p", {
          class: "pl-muted pl-num",
          title: "Without encoding the query, which A does for both",
          text: took.join(" · "),
        }),
      ),
      h(
        "ol",
        { role: "radiogroup", "aria-label": `Pages of ${key.toUpperCase()}; choose one to explain` },
        result.hits.map((hit) => card(found, key, hit, chosen === hit, choose)),
      ),
    );
  }
  function card(found, key, hit, checked, choose) {
    const [look, words] = moves.verdict(found.moves.find((move) => move.page_id === hit.page_id));
    const radio = h("input", {
      type: "radio",
      name: `pl-compare-${key}-page`,
      value: hit.page_id,
      checked,
      "aria-label": `Rank ${hit.rank} of ${key.toUpperCase()}: ${hit.document}, page ${hit.number}, ${words}`,
      onchange: () => choose(hit),
    });
    return h(
      "li",
      { role: "presentation" },
      h(
        "label",
        { class: "pl-versus-hit" },
        radio,
        h(
          "span",
          { class: "pl-versus-thumb" },
          h("img", {
            alt: "",
            loading: "lazy",
            decoding: "async",
            src: imageUrl(hit.document, hit.number, hit.page_id, "thumb"),
          }),
        ),
        h(
          "span",
          { class: "pl-versus-text" },
          h(
            "span",
            { class: "pl-hit-name" },
            h("span", { class: "pl-rank", text: hit.rank }),
            h("span", { class: "pl-doc", text: hit.document, title: hit.document }),
          ),
          h(
            "span",
            { class: "pl-versus-page" },
            h("span", { text: `Page ${hit.number}` }),
            h(
              "span",
              { class: "pl-versus-score" },
              h("span", { text: hit.scored ? fmt.score(hit.score) : "no score" }),
              h("span", { class: `pl-badge pl-${hit.score_kind}`, text: hit.score_kind }),
            ),
          ),
          h("span", { class: `pl-versus-move ${look}`, text: words }),
        ),
      ),
    );
  }
  pagelens.versus = { column };
})();

/* contrast: why one page scores more than another: what each query word adds to both, and the difference. */
(() => {
  "use strict";
  const { h, openPage } = pagelens;
  /* Nodes for an answer of /contrast; `a` and `b` are the hits, `encoders` a choice to put above. */
  pagelens.contrast = (answer, a, b, encoders) => {
    const most = Math.max(...answer.rows.map((row) => Math.abs(row.difference)), 1e-9);
    const signed = (x) => `${x < 0 ? "−" : "+"}${Math.abs(x).toFixed(3)}`;
    const place = (row) =>
      row.text || `at ${Math.round((row.box[0] + row.box[2]) * 50)} %, ${Math.round((row.box[1] + row.box[3]) * 50)} %`;
    const cell = (row) =>
      h(
        "td",
        {},
        h("span", { class: "pl-num", text: row.contribution.toFixed(3) }),
        h("span", { class: "pl-met", text: place(row), title: row.text }),
      );
    const page = (key, hit, score) =>
      h(
        "button",
        { type: "button", class: "pl-contrast-page", title: `Open ${answer[key]}`, onclick: () => openPage({ document: hit.document, page: hit.number }) },
        h("b", { class: `pl-letter pl-letter-${key}`, text: key.toUpperCase() }),
        h("span", { text: `${hit.document}, page ${hit.number}` }),
        h("b", { class: "pl-num", text: score.toFixed(3) }),
      );
    const winner = answer.difference > 0 ? "A’s page beats B’s" : "B’s page beats A’s";
    const by = Math.abs(answer.difference).toFixed(3);
    const lead = answer.difference === 0 ? "Both pages score the same" : `Why ${winner} by ${by}`;
    return [
      h(
        "div",
        { class: "pl-section-head" },
        h("h3", { text: lead }),
        h("span", { class: "pl-badge pl-exact", text: `exact · ${answer.encoder}` }),
      ),
      encoders,
      h("div", { class: "pl-contrast-pages" }, page("a", a, answer.score_a), page("b", b, answer.score_b)),
      h(
        "div",
        { class: "pl-scroll" },
        h(
          "table",
          { class: "pl-table", id: "pl-contrast-table" },
          h("caption", { class: "pl-sr", text: "What each query word adds to both pages" }),
          h(
            "thead",
            {},
            h(
              "tr",
              {},
              [
                ["Query", ""],
                ["A, met at", ""],
                ["B, met at", ""],
                ["A − B", "pl-num"],
                ["", "pl-swing-head"],
              ].map(([t, c]) => (t ? h("th", { scope: "col", class: c, text: t }) : h("td", { class: c }))),
            ),
          ),
          h(
            "tbody",
            {},
            answer.rows.map((row) =>
              h(
                "tr",
                { "data-token": row.token },
                h("th", { scope: "row", text: row.label }),
                cell(row.a),
                cell(row.b),
                h("td", {
                  class: `pl-num ${row.difference < 0 ? "pl-minus" : "pl-plus"}`,
                  text: signed(row.difference),
                }),
                h(
                  "td",
                  { class: "pl-swing", "aria-hidden": "true" },
                  h("i", {
                    class: row.difference < 0 ? "pl-minus" : "pl-plus",
                    style: { "--part": Math.abs(row.difference) / most },
                  }),
                ),
              ),
            ),
          ),
          h(
            "tfoot",
            {},
            h(
              "tr",
              {},
              h("th", { scope: "row", text: "Score" }),
              h("td", { class: "pl-num-left", text: answer.score_a.toFixed(3) }),
              h("td", { class: "pl-num-left", text: answer.score_b.toFixed(3) }),
              h("td", { class: "pl-num", text: signed(answer.difference) }),
              h("td"),
            ),
          ),
        ),
      ),
    ];
  };
})();

/* recall: how much of the exact answer every quicker way still finds. */
(() => {
  "use strict";
  const { h, put, fmt, plainTable } = pagelens;

  const WHAT = {
    index: [
      "Indexes",
      "Pooled indexes against exact MaxSim over all vectors: what a first stage loses. “In the best 100” is what a later stage can still put right.",
    ],
    scan: [
      "LanceDB's scan",
      "engine=lance against our kernel, over the same vectors and without any ANN index: both are exact, so less than 1 is a fault.",
    ],
    ann: [
      "Approximate index (ANN)",
      "An IVF index that LanceDB makes of the same vectors, built for this measurement and dropped again: Pagelens searches without one. Not refined, its scores are estimates; refined, the real vectors of the best are compared.",
    ],
  };
  /* Puts into `body` what was measured (`found`, or null). */
  pagelens.recall = function (body, found) {
    if (!found) {
      put(
        body,
        h("p", {
          class: "pl-muted",
          text: "Stored vectors are asked as queries, and what every index, LanceDB's own scan and an approximate index of it find is held against the exact answer. It takes from seconds to a few minutes.",
        }),
      );
      return;
    }
    const at = `Recall@${found.k}`;
    put(
      body,
      h("p", {
        class: "pl-muted",
        id: "pl-recall-facts",
        text: `${fmt.date(found.made)}: ${found.queries} stored pages asked of ${fmt.plural(found.pages, "page")} by ${found.encoder}. ${found.notes.join(" ")}`,
      }),
      Object.entries(WHAT).map(([kind, [name, about]]) => {
        const rows = found.rows.filter((row) => row.kind === kind);
        if (!rows.length) return null;
        const deep = kind === "index";
        return [
          h("h3", { text: name }),
          h("p", { class: "pl-muted", text: about }),
          plainTable(
            name,
            `pl-recall-${kind}`,
            [
              kind === "ann" ? "Index, and how" : "Index",
              at,
              "Worst query",
              ...(deep ? [`In the best ${found.k * 10}`] : []),
              "Took",
              deep ? "Exact took" : "Our kernel took",
            ],
            rows.map((row) => [
              kind === "ann" ? `${row.index}, ${row.way}` : row.index,
              row.recall.toFixed(3),
              row.least.toFixed(2),
              ...(deep ? [row.deep.toFixed(3)] : []),
              fmt.ms(row.ms),
              fmt.ms(row.against_ms),
            ]),
          ),
        ];
      }),
    );
  };
})();

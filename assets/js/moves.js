/* moves: where the pages of one list stand in another, in words, as lines between the lists, and as a table. */
(() => {
  "use strict";
  const { h, s } = pagelens;
  const ROW = 84; /* pixels of a row of the lists; .pl-versus-hit has the same */

  function verdict(move) {
    if (move.rank_a === null) return ["pl-only", "only in B"];
    if (move.rank_b === null) return ["pl-only", "only in A"];
    if (move.difference === 0) return ["pl-same", "same rank"];
    return move.difference > 0 ? ["pl-up", `▲${move.difference} in B`] : ["pl-down", `▼${-move.difference} in B`];
  }
  /* Rows of both lists are equally high, so that no line needs measuring: middle of a row to middle of a row. */
  function lines(found) {
    const height = Math.max(found.a.hits.length, found.b.hits.length) * ROW,
      y = (rank) => (rank - 0.5) * ROW;
    const picture = s("svg", {
      class: "pl-versus-moves",
      viewBox: `0 0 100 ${height}`,
      preserveAspectRatio: "none",
      role: "img",
      style: { height: `${height}px` },
      "aria-label": "Where each page of A stands in B; the same numbers are in the table below.",
    });
    for (const move of found.moves) {
      if (move.difference === null) continue;
      const from = y(move.rank_a),
        to = y(move.rank_b);
      picture.append(
        s(
          "path",
          { d: `M0 ${from}C45 ${from} 55 ${to} 100 ${to}`, class: verdict(move)[0], "data-page": move.page_id },
          s("title", { text: `${move.page}: ${move.rank_a} → ${move.rank_b}` }),
        ),
      );
    }
    return picture;
  }
  /* A reference may break before its page number, and had better not within it. */
  const parted = (ref) => {
    const at = ref.lastIndexOf("#");
    return [ref.slice(0, at), h("wbr"), h("span", { class: "pl-num", text: ref.slice(at) })];
  };
  function table(found, open) {
    return h(
      "details",
      { class: "pl-twin", open },
      h("summary", { text: "Moves as a table" }),
      h(
        "div",
        { class: "pl-scroll" },
        h(
          "table",
          { class: "pl-table", id: "pl-moves" },
          h("caption", { class: "pl-sr", text: "Rank of every page by A and by B" }),
          h(
            "thead",
            {},
            h(
              "tr",
              {},
              [
                ["Page", ""],
                ["Rank in A", "pl-num"],
                ["Rank in B", "pl-num"],
                ["From A to B", ""],
              ].map(([t, c]) => h("th", { scope: "col", class: c, text: t })),
            ),
          ),
          h(
            "tbody",
            {},
            found.moves.map((move) =>
              h(
                "tr",
                {},
                h("th", { scope: "row" }, parted(move.page)),
                [move.rank_a, move.rank_b].map((rank) =>
                  h("td", { class: "pl-num", text: rank === null ? "–" : rank }),
                ),
                h("td", { class: verdict(move)[0], text: verdict(move)[1] }),
              ),
            ),
          ),
        ),
      ),
    );
  }

  pagelens.moves = { verdict, lines, table };
})();

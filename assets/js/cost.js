/* cost: where the time of a search went, and how the ranks moved from stage to stage. */
(() => {
  "use strict";
  const { h, put, s, fmt } = pagelens;

  function waterfall(cost, result) {
    cost.hidden = !result;
    if (!result) return;
    const total = Math.max(result.total_ms, 0.001);
    let from = 0;
    const rows = result.stages.map((stage) => {
      const left = (from / total) * 100,
        width = Math.max((stage.ms / total) * 100, 0.6);
      from += stage.ms;
      const facts = [];
      if (stage.candidates_in || stage.candidates_out)
        facts.push(`${fmt.count(stage.candidates_in)} → ${fmt.count(stage.candidates_out)} pages`);
      if (stage.scored && stage.scored < stage.candidates_in) facts.push(`${fmt.count(stage.scored)} scored`);
      if (stage.vectors_compared) facts.push(`${fmt.count(stage.vectors_compared)} vectors`);
      if (stage.bytes_read) facts.push(fmt.bytes(stage.bytes_read));
      if (stage.cold) facts.push("cold");
      if (stage.cache_hit) facts.push("from cache");
      if (stage.approximate) facts.push(stage.approximate);
      if (stage.device) facts.push(stage.device);
      return h(
        "div",
        { class: "pl-fall-row" },
        h("span", { class: "pl-fall-name", text: stage.name }),
        h("span", { class: "pl-num", text: fmt.ms(stage.ms) }),
        h(
          "div",
          { class: "pl-fall-track" },
          h("i", { style: { left: `${Math.min(left, 99.4)}%`, width: `${width}%` } }),
        ),
        h("span", { class: "pl-fall-facts", text: facts.join(" · ") }),
      );
    });
    const table = h(
      "table",
      { class: "pl-table" },
      h("caption", { class: "pl-sr", text: "Stages of this search" }),
      h(
        "thead",
        {},
        h(
          "tr",
          {},
          ["Stage", "ms", "In", "Out", "Vectors", "Bytes", "State"].map((t, i) =>
            h("th", { scope: "col", class: i && i < 6 ? "pl-num" : "", text: t }),
          ),
        ),
      ),
      h(
        "tbody",
        {},
        result.stages.map((x) =>
          h(
            "tr",
            {},
            h("th", { scope: "row", text: x.name }),
            [
              x.ms.toFixed(2),
              fmt.count(x.candidates_in),
              fmt.count(x.candidates_out),
              fmt.count(x.vectors_compared),
              fmt.count(x.bytes_read),
            ].map((t) => h("td", { class: "pl-num", text: t })),
            h("td", {
              text: [x.cold ? "cold" : x.cache_hit ? "cached" : "warm", x.approximate, x.device]
                .filter(Boolean)
                .join("; "),
            }),
          ),
        ),
      ),
    );
    const wasOpen = cost.querySelector("details") && cost.querySelector("details").open;
    put(
      cost,
      h("h3", {}, "Where the time went", h("span", { class: "pl-num", text: fmt.ms(result.total_ms) })),
      h("div", { class: "pl-fall", "aria-hidden": "true" }, rows),
      h(
        "details",
        { class: "pl-twin", open: wasOpen },
        h("summary", { text: "As a table" }),
        h("div", { class: "pl-scroll" }, table),
      ),
    );
  }
  /* Lines from a page's rank in each stage to its rank in the next; ranks beyond the list share the lowest line. */
  function slopes(moves, result) {
    const names = [];
    for (const hit of result ? result.hits : [])
      for (const stage of hit.stages) if (!names.includes(stage.name)) names.push(stage.name);
    moves.hidden = names.length < 2 || !result.complete;
    if (moves.hidden) return;
    const hits = result.hits.slice(0, 12),
      low = hits.length + 2,
      width = 300,
      top = 26,
      step = 17;
    const x = (i) => 34 + (i * (width - 68)) / (names.length - 1),
      y = (rank) => top + Math.min(rank, low) * step - step / 2;
    const picture = s("svg", {
      viewBox: `0 0 ${width} ${top + low * step + 26}`,
      class: "pl-slopes",
      role: "img",
      "aria-label": "Rank of each result in each stage; the same numbers stand on the results.",
    });
    names.forEach((name, i) =>
      picture.append(s("text", { x: x(i), y: 13, "text-anchor": "middle", class: "pl-slope-name", text: name })),
    );
    hits.forEach((hit) => {
      const points = hit.stages.map((stage) => ({
        x: x(names.indexOf(stage.name)),
        y: y(stage.rank),
        rank: stage.rank,
      }));
      const group = s(
        "g",
        { class: hit.rank === 1 ? "pl-slope pl-slope-first" : "pl-slope" },
        s("title", { text: hit.ref }),
        s("polyline", { points: points.map((p) => `${p.x},${p.y}`).join(" ") }),
        points.map((p) => s("circle", { cx: p.x, cy: p.y, r: 2.6 })),
      );
      const first = points[0],
        last = points[points.length - 1];
      group.append(s("text", { x: last.x + 8, y: last.y + 4, text: last.rank }));
      if (first.rank < low)
        group.append(s("text", { x: first.x - 8, y: first.y + 4, "text-anchor": "end", text: first.rank }));
      group.addEventListener("click", () => pagelens.openPage(hit));
      picture.append(group);
    });
    const beyond = hits.some((hit) => hit.stages[0].rank >= low);
    if (beyond) picture.append(s("text", { x: x(0) - 8, y: y(low) + 4, "text-anchor": "end", text: `≥${low}` }));
    /* Where each stage cut: within the picture it is a line at its rank, beyond it only the number. */
    for (const stage of result.stages) {
      const i = names.indexOf(stage.name);
      if (i < 0) continue;
      const cut = Math.min(stage.candidates_out, low) * step + top;
      picture.append(
        s("line", { x1: x(i) - 14, x2: x(i) + 14, y1: cut, y2: cut, class: "pl-cut" }),
        s("text", {
          x: x(i),
          y: top + low * step + 18,
          "text-anchor": "middle",
          class: "pl-slope-name",
          text: `kept ${fmt.count(stage.candidates_out)} of ${fmt.count(stage.candidates_in)}`,
        }),
      );
    }
    put(moves, h("h3", { text: "How ranks moved" }), picture);
  }

  pagelens.cost = { waterfall, slopes };
})();

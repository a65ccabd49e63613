/* many: two pipelines over a set of queries, asked for in pieces; where they differ most comes first. */
(() => {
  "use strict";
  const { h, put, fmt, state, api } = pagelens;
  const SHOWN = 40;

  const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;
  function quantile(values, part) {
    const sorted = [...values].sort((a, b) => a - b),
      at = (sorted.length - 1) * part,
      low = Math.floor(at);
    return sorted[low] + (sorted[Math.min(low + 1, sorted.length - 1)] - sorted[low]) * (at - low);
  }
  const queries = (n) => (n === 1 ? "1 query" : `${fmt.count(n)} queries`);
  const signed = (x, digits) => `${x < 0 ? "−" : "+"}${Math.abs(x).toFixed(digits)}`;

  /* Builds into `form` what is asked for and into `root` what is found; `open(row)` shows one query by itself. */
  function make(form, root, status, open) {
    let asked = 0,
      all = false,
      found = null;
    const lines = h("textarea", {
      id: "pl-many-lines",
      class: "pl-input pl-many-lines",
      rows: 4,
      placeholder: "One query a line",
      "aria-label": "Queries to compare, one a line",
      spellcheck: "false",
    });
    const set = h("select", {
      id: "pl-many-set",
      class: "pl-select",
      "aria-label": "Dataset whose queries are compared",
      onchange: () => paint(),
    });
    const bar = h("div", { class: "pl-many-set" }, set);
    const paint = () => (lines.hidden = Boolean(set.value));
    put(form, bar, lines);

    async function sets() {
      let there = [];
      try {
        const mine = (set) => set.collection === state.collection;
        there = (await api.get("/datasets")).filter((set) => !set.problem).sort((x, y) => mine(y) - mine(x));
      } catch (error) {
        pagelens.notify(error.message, "error");
      }
      const was = set.value || wanted;
      put(
        set,
        h("option", { value: "", text: "Queries of your own, one a line" }),
        there.map((d) => h("option", { value: d.name, text: `Dataset ${d.name}: ${queries(d.questions)}` })),
      );
      if (there.some((d) => d.name === was)) set.value = was;
      paint();
    }
    let wanted = "";
    async function run(a, b) {
      const mine = ++asked,
        rows = [],
        refused = {};
      found = { rows, refused, total: 0, done: 0 };
      all = false;
      status.dataset.complete = "no";
      try {
        do {
          const piece = await api.post("/compare/queries", {
            dataset: set.value,
            lines: lines.value,
            collection: state.collection,
            a,
            b,
            k: state.k,
            filter: state.filter,
            at: found.done,
            many: 10,
          });
          if (mine !== asked) return;
          rows.push(...piece.rows);
          Object.assign(refused, piece.refused);
          found.total = piece.total;
          found.done = Math.min(found.done + 10, piece.total);
          show(found.done < piece.total);
        } while (found.done < found.total);
        status.dataset.complete = "yes";
      } catch (error) {
        if (mine !== asked) return;
        delete status.dataset.complete;
        put(status, h("p", { class: "pl-error", role: "alert", text: error.message }));
        if (!rows.length) root.replaceChildren();
      }
    }
    function stop() {
      asked++;
      if (found && found.rows.length) show(false);
      status.dataset.complete = "yes";
    }
    function show(running) {
      const { rows, refused } = found;
      const labelled = rows.filter((row) => row.labelled);
      put(
        status,
        running ? h("span", { class: "pl-spinner", "aria-hidden": "true" }) : null,
        h("span", {
          text: running ? `${fmt.count(found.done)} of ${queries(found.total)}` : queries(rows.length),
        }),
        running ? h("button", { type: "button", class: "pl-button", onclick: stop, text: "Stop" }) : null,
        Object.entries(refused).map(([id, why]) => h("span", { class: "pl-note", text: `Query ${id}: ${why}` })),
      );
      if (!rows.length) {
        root.replaceChildren();
        return;
      }
      const sorted = [...rows].sort((x, y) => x.rbo - y.rbo || x.overlap - y.overlap);
      put(
        root,
        facts(rows, labelled),
        h("h3", { text: "Where they differ most" }),
        table(all ? sorted : sorted.slice(0, SHOWN), labelled.length > 0),
        sorted.length > SHOWN && !all
          ? h("button", {
              type: "button",
              class: "pl-button",
              onclick: () => {
                all = true;
                show(running);
              },
              text: `Show all ${fmt.count(sorted.length)}`,
            })
          : null,
      );
    }
    function facts(rows, labelled) {
      const fact = (term, value, title) => h("div", { title }, h("dt", { text: term }), h("dd", { text: value }));
      const took = (key) => {
        const warm = rows.filter((row) => !row[key].cold).map((row) => row[key].ms);
        const ms = warm.length ? warm : rows.map((row) => row[key].ms);
        const bytes = mean(rows.map((row) => row[key].bytes_read));
        return `${fmt.ms(quantile(ms, 0.5))}, p95 ${fmt.ms(quantile(ms, 0.95))} · ${fmt.bytes(bytes)}`;
      };
      return h(
        "dl",
        { class: "pl-many-facts", id: "pl-many-facts" },
        fact("overlap", mean(rows.map((row) => row.overlap)).toFixed(3), "Mean part of the pages that both found"),
        fact("rank-biased overlap", mean(rows.map((row) => row.rbo)).toFixed(3), "Mean; the top counts most (p = 0.9)"),
        fact("the same in both", `${rows.filter((row) => !row.moved).length} of ${rows.length}`, ""),
        labelled.length
          ? fact(
              "first relevant page, B − A",
              signed(mean(labelled.map((row) => row.gain)), 3),
              "Mean difference of its reciprocal rank, over queries with labels",
            )
          : null,
        fact("A takes", took("cost_a"), "Median without encoding the query; vector bytes read a query"),
        fact("B takes", took("cost_b"), "Median without encoding the query; vector bytes read a query"),
      );
    }
    function table(rows, labelled) {
      const heads = [
        ["Query", ""],
        ["RBO", "pl-num"],
        ["In both", "pl-num"],
        ["Moved", "pl-num"],
        ["Moved furthest", ""],
        ...(labelled ? [["First relevant", "pl-num"]] : []),
        ["Time of A, B", "pl-num"],
      ];
      const rank = (value) => (value === null ? "none" : value);
      return h(
        "div",
        {
          class: "pl-scroll",
          tabindex: "0",
          role: "region",
          "aria-label": "Queries and how differently they are answered",
        },
        h(
          "table",
          { class: "pl-table", id: "pl-many-table" },
          h("caption", { class: "pl-sr", text: "Queries, those that the two pipelines answer most differently first" }),
          h(
            "thead",
            {},
            h(
              "tr",
              {},
              heads.map(([text, kind]) => h("th", { scope: "col", class: kind, text })),
            ),
          ),
          h(
            "tbody",
            {},
            rows.map((row) =>
              h(
                "tr",
                {},
                h(
                  "th",
                  { scope: "row" },
                  h("button", { type: "button", class: "pl-many-query", onclick: () => open(row), text: row.query }),
                ),
                h(
                  "td",
                  { class: "pl-num" },
                  h("span", { class: "pl-many-bar", style: { "--part": row.rbo }, "aria-hidden": "true" }),
                  row.rbo.toFixed(3),
                ),
                h("td", { class: "pl-num", text: `${row.shared} of ${row.k}` }),
                h("td", { class: "pl-num", text: row.moved }),
                h("td", {
                  class: "pl-many-page",
                  text: row.furthest ? `${row.furthest.page}: ${row.furthest.rank_a} → ${row.furthest.rank_b}` : "–",
                }),
                labelled
                  ? h("td", {
                      class: `pl-num ${row.gain > 0 ? "pl-up" : row.gain < 0 ? "pl-down" : ""}`,
                      text: row.labelled ? `${rank(row.first_a)} → ${rank(row.first_b)}` : "",
                    })
                  : null,
                h("td", { class: "pl-num", text: `${fmt.ms(row.cost_a.ms)}, ${fmt.ms(row.cost_b.ms)}` }),
              ),
            ),
          ),
        ),
      );
    }
    return {
      bar,
      run,
      sets,
      stop: () => asked++,
      dataset: () => set.value,
      want: (name) => (wanted = name),
      asking: () => Boolean(set.value || lines.value.trim()),
      found: () => found,
      show: () => found && show(false),
    };
  }
  pagelens.many = { make };
})();

/* systems: pipelines set against each other as a table, and where each of them lost relevant pages, as bars. */
(() => {
  "use strict";
  const { h, fmt } = pagelens;
  const head = (text, title) => h("th", { scope: "col", class: "pl-num", text, title });
  const real = (value) => value.toFixed(3).replace(/^-/, "−");

  function figure(one, system, name) {
    const { low, high } = system.interval;
    return h(
      "td",
      { class: "pl-num" },
      h(system.best.includes(name) ? "b" : "span", { text: real(system.measures[name]) }),
      system.letters[name] ? h("sup", { text: system.letters[name] }) : null,
      name === one.measure && low !== null
        ? h("small", { class: "pl-interval", text: `${real(low)} to ${real(high)}` })
        : null,
    );
  }
  function change(pair) {
    if (!pair) return h("td", { class: "pl-num pl-muted", text: "–" });
    const p = pair.p_corrected < 0.001 ? "p < .001" : `p = ${pair.p_corrected.toFixed(3).replace(/^0/, "")}`;
    return h(
      "td",
      {
        class: "pl-num",
        title: `better on ${pair.wins}, the same on ${pair.ties}, worse on ${pair.losses} questions`,
      },
      h(pair.significant ? "b" : "span", {
        text: `${pair.difference > 0 ? "+" : ""}${real(pair.difference)}${pair.significant ? "*" : ""}`,
      }),
      h("small", { class: "pl-interval", text: p }),
    );
  }
  /* What the first stage hands on, of all relevant pages: no later stage can find more. */
  function handed({ stages }) {
    if (stages.length < 2) return h("td", { class: "pl-num pl-muted", text: "–" });
    const small = h("small", { class: "pl-interval", text: stages[0].stage });
    return h("td", { class: "pl-num pl-handed" }, h("span", { text: real(stages[0].candidate_recall) }), small);
  }
  const time = (value) => h("td", { class: "pl-num", text: value === undefined ? "" : fmt.ms(value) });

  /* Bold and letters stand only where the paired tests put them. */
  function table(one) {
    const names = Object.keys(one.systems[0].measures),
      compared = one.systems.length > 1,
      lettered = one.systems.some((system) => Object.values(system.letters).some(Boolean)),
      against = new Map(one.comparisons.filter((pair) => pair.against === 1).map((pair) => [pair.system, pair]));
    const columns = [
      names.map((name) => head(name)),
      compared ? head(`${one.measure} against the first`) : null,
      head("Handed on", "Share of the relevant pages that the first stage hands on"),
      ["p50", "p95", "Bytes a page"].map((text) => head(text)),
    ];
    const row = (system) =>
      h(
        "tr",
        {},
        h("th", { scope: "row" }, h("code", { text: system.system })),
        names.map((name) => figure(one, system, name)),
        compared ? change(against.get(system.number)) : null,
        handed(system),
        time(system.latency_ms.p50),
        time(system.latency_ms.p95),
        h("td", { class: "pl-num", text: fmt.bytes(system.vector_bytes_per_page) }),
      );
    return h(
      "div",
      {},
      h(
        "div",
        { class: "pl-scroll", tabindex: "0", role: "region", "aria-label": "Figures of every pipeline" },
        h(
          "table",
          { class: "pl-table", id: "pl-systems" },
          h("caption", { class: "pl-sr", text: `Pipelines on ${one.dataset}` }),
          h("thead", {}, h("tr", {}, h("th", { scope: "col", text: "Pipeline" }), columns)),
          h("tbody", {}, one.systems.map(row)),
        ),
      ),
      h("p", { class: "pl-muted pl-small-print", text: legend(one, compared, lettered) }),
    );
  }
  function legend(one, compared, lettered) {
    const said = [`Below ${one.measure}: its 95 % interval over ${one.means_over} (bootstrap).`];
    if (lettered)
      said.push("In a column, pipelines that share a letter are not told apart; bold is told apart from all others.");
    else if (compared) said.push("No two pipelines are told apart on any measure, so that no letters stand.");
    if (compared)
      said.push("* the paired randomization test finds a difference (p < .05 after Holm's correction for all pairs).");
    said.push("Times are of a search without encoding the query.");
    return said.join(" ");
  }

  /* `run` gives what a record says of a system's pipeline; `choose` hears of a system's number and a fate. */
  function losses(systems, run, choose) {
    return h(
      "section",
      { class: "pl-card pl-losses", id: "pl-losses", "aria-label": "Where relevant pages were lost" },
      h("h3", { text: "Where relevant pages were lost" }),
      systems.map((system, i) => loss(system.system, run(system), (fate) => choose(i, fate))),
    );
  }
  function loss(name, pipeline, choose) {
    const last = pipeline.stages.length - 1,
      lost = Object.values(pipeline.lost).reduce((sum, count) => sum + count, 0);
    const parts = [
      { fate: "found", look: "found", words: "found", count: pipeline.relevant - lost },
      ...pipeline.stages.map((step, i) => ({
        fate: step.name,
        look: i === last ? "last" : `stage-${Math.min(i + 1, 3)}`,
        words: `lost at ${step.text}`,
        count: pipeline.lost[step.name] || 0,
      })),
      { fate: "absent", look: "absent", words: "not in the collection", count: pipeline.lost[""] || 0 },
    ].filter((part) => part.count);
    const chip = (part) =>
      h(
        "button",
        { type: "button", class: "pl-chip", "data-fate": part.fate, onclick: () => choose(part.fate) },
        h("i", { class: `pl-swatch pl-loss-${part.look}`, "aria-hidden": "true" }),
        `${part.words}: ${fmt.count(part.count)}`,
      );
    return h(
      "div",
      { class: "pl-loss" },
      h("code", { text: name }),
      h(
        "div",
        { class: "pl-loss-bar", "aria-hidden": "true" },
        parts.map((part) => h("i", { class: `pl-loss-${part.look}`, style: { "flex-grow": part.count } })),
      ),
      h("div", { class: "pl-chips", role: "group", "aria-label": `Questions of ${name} by fate` }, parts.map(chip)),
    );
  }

  pagelens.systems = { table, losses };
})();

/* evaluate: datasets through pipelines, records set against each other, and the questions that failed. */
(() => {
  "use strict";
  const linked = { records: [], asked: false };
  pagelens.links.push({
    write: (add) => pagelens.currentTab() === "evaluate" && add("e", linked.records.join(",")),
    read(wanted) {
      linked.records = (wanted.get("e") || "").split(",").filter(Boolean);
      linked.asked = linked.records.length > 0;
    },
  });
  pagelens.on("restore", () => {
    if (linked.asked) pagelens.showTab("evaluate");
    linked.asked = false;
  });

  pagelens.part("evaluate", (root) => {
    const { h, put, icon, fmt, state, on, api, notify } = pagelens;
    let known = null,
      making = false;
    const chosen = new Set(linked.records);

    const side = h("aside", { class: "pl-side pl-records", "aria-label": "Evaluations" });
    const measuring = pagelens.measuring({
      known: () => known,
      reload: load,
      started(job) {
        known.jobs.unshift(job);
        making = false;
        paintJobs();
        paintForm();
      },
    });
    const report = pagelens.report({
      forms: () => known.forms,
      async deleted(name) {
        chosen.delete(name);
        await load();
        await show();
      },
    });
    root.append(
      h(
        "div",
        { class: "pl-evaluate" },
        side,
        h("div", { class: "pl-evaluate-main" }, measuring.form, measuring.list, report.nodes),
      ),
    );

    /* --- what there is -------------------------------------------------------------------------------------------- */
    async function load() {
      if (!state.overview) return;
      try {
        known = await api.get("/evaluations");
      } catch (error) {
        notify(error.message, "error");
        return;
      }
      for (const name of chosen) if (!known.records.some((record) => record.name === name)) chosen.delete(name);
      if (!chosen.size && known.records.length) chosen.add(known.records[0].name);
      measuring.paint();
      paintSide();
      paintJobs();
      paintForm();
    }
    const paintJobs = () => measuring.paintJobs(known.jobs, state.jobs || []);
    const paintForm = () => {
      measuring.form.hidden = !making && (known.records.length > 0 || known.jobs.some((one) => one.job.active));
    };
    function paintSide() {
      put(
        side,
        h(
          "div",
          { class: "pl-side-head" },
          h("h2", { text: "Evaluations" }),
          h(
            "button",
            {
              type: "button",
              class: "pl-quiet",
              id: "pl-eval-new",
              "aria-label": "New evaluation",
              title: "New evaluation",
              onclick: begin,
            },
            icon("plus"),
          ),
        ),
        known.records.length > 1 ? h("p", { class: "pl-muted", text: "Tick several to compare them." }) : null,
        h("ul", {}, known.records.map(item)),
        known.records.length
          ? null
          : h("p", {
              class: "pl-muted",
              text: "None yet. What you measure here, or with pagelens eval --save, is kept.",
            }),
      );
    }
    function item(record) {
      const best = Object.values(record.means).sort((a, b) => b - a)[0];
      const figures = `${fmt.plural(Object.keys(record.means).length, "pipeline")}, ${record.measure} up to ${best.toFixed(3)}`;
      return h(
        "li",
        {},
        h(
          "label",
          { class: "pl-record" },
          h("input", {
            type: "checkbox",
            value: record.name,
            checked: chosen.has(record.name),
            onchange: (event) => pick(record.name, event.target.checked),
          }),
          h(
            "span",
            {},
            h("b", { text: record.dataset }),
            h("span", { text: `${fmt.plural(record.questions, "question")} in ${record.collection}` }),
            h("span", { text: figures }),
            h("span", { text: record.name, title: fmt.date(record.date) }),
          ),
        ),
      );
    }
    function begin() {
      making = !making;
      paintForm();
      if (making) document.getElementById("pl-eval-dataset").focus();
    }
    function pick(name, on) {
      if (on) chosen.add(name);
      else chosen.delete(name);
      show();
    }

    async function show() {
      const names = known.records.map((record) => record.name).filter((name) => chosen.has(name));
      linked.records = names;
      pagelens.writeLink();
      if (names.length) await report.show(names);
      else report.empty(known.records.length ? "No evaluation is chosen" : "Nothing has been measured yet");
    }

    /* --- what changes ------------------------------------------------------------------------------------------------------ */
    const watched = new Map();
    on("jobs", async (jobs) => {
      if (!known) return;
      const mine = jobs.filter((job) => job.kind === "evaluate" && watched.get(job.id) !== job.state);
      for (const job of mine) watched.set(job.id, job.state);
      const told = (job) => known.jobs.find((one) => one.job.id === job.id);
      const ended = mine.find((job) => job.state === "done" && told(job)); // others ended before this page was opened
      if (!ended && !mine.some((job) => job.active || told(job))) {
        paintJobs();
        return;
      }
      if (ended) {
        chosen.clear();
        chosen.add(told(ended).record);
      }
      await load();
      if (ended) await show();
    });
    on("overview", () => known && measuring.paint());
    on("details", () => known && measuring.paint());
    on("restore", async () => {
      if (known) return; // a link brought this page back, not a click to another tab
      await load();
      if (known) await show();
    });
  });
})();

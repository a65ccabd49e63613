/* report: records set against each other: what may be said of them, the figures, where pages were lost, questions. */
(() => {
  "use strict";
  const { h, put, icon, fmt, api, dialog, notify } = pagelens;

  /* `forms` gives what a record can be exported as; `deleted` hears that one is gone. */
  pagelens.report = function ({ forms, deleted }) {
    let told = null,
      names = [],
      measure = "",
      ticket = 0,
      questions = null;
    const report = h("div", { class: "pl-report", id: "pl-report" });
    const waiting = h(
      "p",
      { class: "pl-muted", role: "status", hidden: true },
      h("span", { class: "pl-spinner", "aria-hidden": "true" }),
      "Reading the records and testing the differences",
    );

    function empty(title) {
      ticket++;
      names = [];
      waiting.hidden = true;
      report.classList.remove("pl-stale");
      put(
        report,
        h(
          "div",
          { class: "pl-empty" },
          h("p", { class: "pl-empty-title", text: title }),
          h("p", {
            text: "Choose a dataset and some pipelines: every question is asked, and every page that was missed is followed to the stage that lost it.",
          }),
        ),
      );
    }
    async function show(wanted) {
      const mine = ++ticket;
      names = wanted;
      report.classList.add("pl-stale");
      waiting.hidden = false;
      let problem = null;
      try {
        const found = await api.get("/reports", { names, measure });
        if (mine === ticket) told = found;
      } catch (error) {
        problem = error;
      }
      if (mine !== ticket) return;
      if (problem && measure) {
        measure = ""; // not every record has the measure that the last ones were compared by
        await show(wanted);
        return;
      }
      report.classList.remove("pl-stale");
      waiting.hidden = true;
      if (problem) put(report, h("p", { class: "pl-error", role: "alert", text: problem.message }));
      else paint();
    }
    const run = (system) => told.records[system.evaluation].pipelines.find((pipeline) => pipeline.name === system.name);
    function paint() {
      const held = pagelens.holding(report),
        systems = told.reports.flatMap((one) => one.systems.map((system) => ({ ...system, report: one })));
      questions = pagelens.questions({ systems, run });
      put(report, told.reports.map(head), pagelens.systems.losses(systems, run, questions.only), questions.node);
      held();
    }
    function head(one, i) {
      const records = Object.entries(told.records).filter(([name]) =>
        one.systems.some((system) => system.evaluation === name),
      );
      const measures = records[0][1].measures.filter((name) =>
        records.every(([, record]) => record.measures.includes(name)),
      );
      const warnings = [...new Set(records.flatMap(([, record]) => record.warnings))];
      const select = h(
        "select",
        {
          class: "pl-select",
          "aria-label": "Measure that is compared",
          onchange: () => {
            measure = select.value;
            show(names);
          },
        },
        measures.map((name) => h("option", { value: name, text: name })),
      );
      select.value = one.measure;
      return h(
        "section",
        { class: "pl-card pl-systems" },
        h(
          "div",
          { class: "pl-systems-head" },
          h("h2", { text: `${one.dataset}, ${fmt.plural(one.questions, "question")}` }),
          i
            ? null
            : h(
                "div",
                { class: "pl-row" },
                exporting(),
                records.length === 1 && told.reports.length === 1
                  ? h(
                      "button",
                      {
                        type: "button",
                        class: "pl-quiet",
                        "aria-label": "Delete this evaluation",
                        title: "Delete this evaluation",
                        onclick: () => remove(records[0][0]),
                      },
                      icon("trash"),
                    )
                  : null,
              ),
        ),
        h("p", { class: "pl-finding", id: i ? null : "pl-finding", text: one.verdict }),
        h(
          "div",
          { class: "pl-row pl-facts" },
          h("label", { class: "pl-inline" }, h("span", { text: "Compare by" }), select),
          h("span", { text: `Scope ${one.scope}` }),
          records.length === 1 ? h("span", { text: fmt.date(records[0][1].date) }) : null,
        ),
        pagelens.systems.table(one),
        one.boxes.filter((means) => means.point).map(pointing),
        warnings.length
          ? h(
              "details",
              { class: "pl-twin" },
              h("summary", { text: fmt.plural(warnings.length, "warning") }),
              h(
                "ul",
                {},
                warnings.map((text) => h("li", { text })),
              ),
            )
          : null,
      );
    }
    /* How well heat points at the evidence that people boxed, against chance. */
    const pointing = ({ point, iou }) =>
      h("p", {
        class: "pl-muted",
        text: `Over ${fmt.plural(point.questions, "question")} with boxed evidence, the middle of the best region lies in a box ${point.value.toFixed(3)} of the time (by chance ${point.chance.toFixed(3)}); it overlaps one by ${iou.value.toFixed(3)} (${iou.chance.toFixed(3)}).`,
      });
    function exporting() {
      const form = h(
        "select",
        { class: "pl-select", id: "pl-export-form", "aria-label": "Export as" },
        forms().map((one) => h("option", { value: one.name, text: one.summary })),
      );
      form.value = "report.html";
      return h(
        "span",
        { class: "pl-exporting" },
        form,
        h("button", {
          type: "button",
          class: "pl-button",
          id: "pl-export",
          onclick: () => save(form.value),
          text: "Export",
        }),
      );
    }
    async function save(form) {
      try {
        const query = { names, pipeline: questions.system().name };
        const made = await api.ask("GET", `/reports/${api.part(form)}`, { query });
        const address = URL.createObjectURL(await made.blob());
        const link = h("a", { href: address, download: `${names.join("-").slice(0, 80)}-${form}` });
        link.click();
        setTimeout(() => URL.revokeObjectURL(address), 10000);
      } catch (error) {
        notify(error.message, "error");
      }
    }
    async function remove(name) {
      const sure = await dialog({
        title: `Delete the evaluation ${name}?`,
        confirm: "Delete it",
        danger: true,
        body: h("p", {
          text: "The record and what was noted about its questions are removed. The collection and the dataset stay.",
        }),
      });
      if (!sure) return;
      try {
        await api.remove(`/evaluations/${api.part(name)}`);
        await deleted(name);
      } catch (error) {
        notify(error.message, "error");
      }
    }

    return { nodes: [waiting, report], show, empty };
  };
})();

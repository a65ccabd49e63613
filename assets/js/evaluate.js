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
    const { h, put, icon, fmt, state, on, call, dialog, notify } = pagelens;
    let known = null,
      told = null, // the report at hand
      ticket = 0,
      measure = "",
      at = 0, // which system the questions are of
      versus = -1, // which one it is plotted against; -1 its own first stage
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
    const report = h("div", { class: "pl-report", id: "pl-report" });
    const waiting = h(
      "p",
      { class: "pl-muted", role: "status", hidden: true },
      h("span", { class: "pl-spinner", "aria-hidden": "true" }),
      "Reading the records and testing the differences",
    );
    root.append(
      h(
        "div",
        { class: "pl-evaluate" },
        side,
        h("div", { class: "pl-evaluate-main" }, measuring.form, measuring.list, waiting, report),
      ),
    );

    /* --- what there is -------------------------------------------------------------------------------------------- */
    async function load() {
      if (!state.overview) return;
      try {
        known = await call("evaluations");
      } catch (error) {
        put(report, h("p", { class: "pl-error", role: "alert", text: error.message }));
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

    /* --- the report ------------------------------------------------------------------------------------------------- */
    async function show() {
      const mine = ++ticket,
        names = known.records.map((record) => record.name).filter((name) => chosen.has(name));
      linked.records = names;
      pagelens.writeLink();
      if (!names.length) {
        told = null;
        put(
          report,
          h(
            "div",
            { class: "pl-empty" },
            h("p", {
              class: "pl-empty-title",
              text: known.records.length ? "No evaluation is chosen" : "Nothing has been measured yet",
            }),
            h("p", {
              text: "Choose a dataset and some pipelines: every question is asked, and every page that was missed is followed to the stage that lost it.",
            }),
          ),
        );
        return;
      }
      report.classList.add("pl-stale");
      waiting.hidden = false;
      try {
        const found = await call("evaluation_report", { names, measure });
        if (mine !== ticket) return;
        told = found;
      } catch (error) {
        if (mine !== ticket) return;
        if (measure) {
          measure = "";
          show();
          return;
        }
        told = null;
        put(report, h("p", { class: "pl-error", role: "alert", text: error.message }));
        return;
      } finally {
        if (mine === ticket) {
          report.classList.remove("pl-stale");
          waiting.hidden = true;
        }
      }
      at = Math.min(at, systems().length - 1);
      versus = -1;
      paintReport();
    }
    const systems = () => told.reports.flatMap((one) => one.systems.map((system) => ({ ...system, report: one })));
    const run = (system) => told.records[system.evaluation].pipelines.find((pipeline) => pipeline.name === system.name);
    /* Remembers the control in use, by its name; what is returned goes back to it once its like is there again. */
    function holding(node) {
      const now = node.contains(document.activeElement) && document.activeElement.getAttribute("aria-label");
      return () => {
        const again =
          now && [...node.querySelectorAll("[aria-label]")].find((e) => e.getAttribute("aria-label") === now);
        if (again) again.focus();
      };
    }
    function paintReport() {
      const held = holding(report);
      const questions = h("section", {
        class: "pl-card pl-of-questions",
        "aria-label": "Questions",
        id: "pl-of-questions",
      });
      put(
        report,
        told.reports.map(head),
        pagelens.systems.losses(systems(), run, (i, name) => only(i, name, questions)),
        questions,
      );
      paintQuestions(questions);
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
            show();
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
    function exporting() {
      const form = h(
        "select",
        { class: "pl-select", id: "pl-export-form", "aria-label": "Export as" },
        known.forms.map((one) => h("option", { value: one.file, text: one.title })),
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
        const made = await call("export_evaluation", { names: linked.records, form, pipeline: systems()[at].name });
        const address = URL.createObjectURL(new Blob([made.content], { type: "application/octet-stream" }));
        const link = h("a", { href: address, download: made.name });
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
        await call("delete_evaluation", { name });
        chosen.delete(name);
        await load();
        await show();
      } catch (error) {
        notify(error.message, "error");
      }
    }

    let panel = null,
      drawing = 0;
    async function only(i, name, questions) {
      if (i !== at || !panel) {
        at = i;
        versus = -1;
        await paintQuestions(questions);
      }
      if (panel) panel.fate(name);
      questions.scrollIntoView({ block: "start", behavior: "smooth" });
    }

    /* --- questions of one pipeline -------------------------------------------------------------------------------------- */
    async function outcomesOf(system) {
      return call("evaluation_outcomes", {
        name: system.evaluation,
        pipeline: system.name,
        measure: system.report.measure,
      });
    }
    async function paintQuestions(node) {
      const mine = ++drawing,
        all = systems(),
        system = all[at],
        other = all[versus],
        held = holding(node);
      panel = null;
      node.inert = true; // what stands there is about to go
      let outcomes, others;
      try {
        [outcomes, others] = await Promise.all([outcomesOf(system), other ? outcomesOf(other) : null]);
      } catch (error) {
        if (mine === drawing) put(node, h("p", { class: "pl-error", role: "alert", text: error.message }));
        return;
      } finally {
        if (mine === drawing) node.inert = false;
      }
      if (mine !== drawing) return;
      const pipeline = run(system);
      panel = pagelens.failures({
        system: { ...system, stages: pipeline.stages, text: pipeline.text, measure: system.report.measure },
        outcomes,
        changed: () => {},
      });
      const select = (label, value, options, change) => {
        const made = h(
          "select",
          {
            class: "pl-select",
            "aria-label": label,
            onchange: () => {
              change(Number(made.value));
              paintQuestions(node);
            },
          },
          options.map(([key, text]) => h("option", { value: key, text })),
        );
        made.value = value;
        return made;
      };
      const rivals = all.map((one, i) => [i, one.system]).filter(([i]) => i !== at && all[i].report === system.report);
      put(
        node,
        h(
          "div",
          { class: "pl-questions-head" },
          h("h3", { text: "Questions" }),
          h(
            "label",
            { class: "pl-inline" },
            h("span", { text: "of" }),
            select(
              "Pipeline whose questions are shown",
              at,
              all.map((one, i) => [i, one.system]),
              (i) => {
                at = i;
                if (versus === i) versus = -1;
              },
            ),
          ),
          h(
            "label",
            { class: "pl-inline" },
            h("span", { text: "plotted by" }),
            select(
              "What is plotted",
              versus,
              [
                [-1, "first-stage rank and final rank"],
                ...rivals.map(([i, name]) => [i, `${system.report.measure} against ${name}`]),
              ],
              (i) => {
                versus = i;
              },
            ),
          ),
        ),
        h("div", { class: "pl-questions-both" }, plot(outcomes, others, system, other, pipeline).node, panel.node),
      );
      held();
    }
    function plot(outcomes, others, system, other, pipeline) {
      const name = system.report.measure,
        onselect = (ids) => panel.choose(ids);
      if (others) {
        const value = new Map(others.map((one) => [one.question, one.value]));
        const points = outcomes
          .filter((one) => value.has(one.question))
          .map((one) => {
            const a = Math.round(one.value * 100) / 100,
              b = Math.round(value.get(one.question) * 100) / 100;
            return { id: one.question, x: b, y: a, mark: a > b ? "up" : a < b ? "down" : "same" };
          });
        const high = Math.max(1, ...points.flatMap((point) => [point.x, point.y]));
        return pagelens.scatter({
          points,
          x: { label: `${name} of ${other.system}`, low: 0, high },
          y: { label: `${name} of ${system.system}`, low: 0, high },
          onselect,
        });
      }
      const points = outcomes.map((one) => ({
        id: one.question,
        x: one.first,
        y: one.final,
        mark: one.failed ? "lost" : "found",
      }));
      const most = (key) => Math.max(10, ...points.map((point) => point[key] || 0));
      const [first, last] = [pipeline.stages[0], pipeline.stages.at(-1)];
      const axis = (key, label, keep) => ({
        label,
        log: true,
        high: most(key),
        none: "not ranked",
        cut: keep < most(key) ? keep : 0,
      });
      return pagelens.scatter({
        points,
        x: axis("x", `Rank at ${first.text}`, first.keep),
        y: axis("y", "Final rank", last.keep),
        onselect,
      });
    }

    /* --- what changes ------------------------------------------------------------------------------------------------------ */
    const watched = new Map();
    on("jobs", async (jobs) => {
      if (!known) return;
      const mine = jobs.filter((job) => job.kind === "evaluate");
      const news = mine.filter((job) => watched.get(job.id) !== job.state);
      const first = !watched.size;
      for (const job of mine) watched.set(job.id, job.state);
      const done = news
        .filter((job) => job.state === "done")
        .map((job) => (known.jobs.find((one) => one.job.id === job.id) || {}).record)
        .filter(Boolean);
      if (news.length && !first) {
        if (done.length) {
          chosen.clear();
          chosen.add(done[0]);
        }
        await load();
        if (done.length) await show();
      } else paintJobs();
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

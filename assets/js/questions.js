/* questions: those of one pipeline, as a plot and as a list; the plot's rectangle filters the list. */
(() => {
  "use strict";
  const { h, put, api } = pagelens;

  /* Remembers the control in use, by its name; what is returned goes back to it once its like is there again. */
  pagelens.holding = function (node) {
    const now = node.contains(document.activeElement) && document.activeElement.getAttribute("aria-label");
    return () => {
      const again = now && [...node.querySelectorAll("[aria-label]")].find((e) => e.getAttribute("aria-label") === now);
      if (again) again.focus();
    };
  };

  async function outcomesOf(system) {
    return api.get(`/evaluations/${api.part(system.evaluation)}/outcomes`, {
      pipeline: system.name,
      measure: system.report.measure,
    });
  }

  /* `systems` are the report's, `run` gives what a record says of a system's pipeline. */
  pagelens.questions = function ({ systems, run }) {
    let at = 0, // which system the questions are of
      versus = -1, // which one it is plotted against; -1 its own first stage
      panel = null,
      drawing = 0;
    const node = h("section", {
      class: "pl-card pl-of-questions",
      "aria-label": "Questions",
      id: "pl-of-questions",
    });
    async function paint() {
      const mine = ++drawing,
        all = systems,
        system = all[at],
        other = all[versus],
        held = pagelens.holding(node);
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
        system: { ...system, stages: pipeline.stages, pipeline: pipeline.pipeline, measure: system.report.measure },
        outcomes,
      });
      const select = (label, value, options, change) => {
        const made = h(
          "select",
          {
            class: "pl-select",
            "aria-label": label,
            onchange: () => {
              change(Number(made.value));
              paint();
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

    paint();
    return {
      node,
      system: () => systems[at],
      /* The questions of a system whose page had some fate. */
      async only(i, fate) {
        if (i !== at || !panel) {
          at = i;
          versus = -1;
          await paint();
        }
        if (panel) panel.fate(fate);
        node.scrollIntoView({ block: "start", behavior: "smooth" });
      },
    };
  };
})();

/* failures: the questions of one pipeline, failures first, with what lost their pages; notes, judgements, ways on. */
(() => {
  "use strict";
  const { h, put, icon, fmt, state, api, notify } = pagelens;
  const STEP = 40; /* questions shown at a time */

  /* What became of a relevant page, in words. `stages` are the pipeline's. */
  function told(fate, stages) {
    const text = (name) => (stages.find((step) => step.name === name) || { text: name }).text;
    if (fate.state === "absent") return "not in the collection";
    if (fate.state === "refused") return "not searched";
    if (fate.state === "found") return `found at rank ${fmt.count(fate.final)}`;
    const rank =
      fate.rank === null
        ? "not among the pages it ranked"
        : `rank ${fmt.count(fate.rank)}, ${fmt.count(fate.keep)} kept`;
    return `lost at ${text(fate.stage)}: ${rank}`;
  }
  const kind = (fate) => (fate.state === "lost" ? fate.stage : fate.state);
  const worst = (outcome) => outcome.pages.find((fate) => fate.state !== "found") || outcome.pages[0];

  /* Whether the heat points at the evidence that people boxed on a page. */
  const pointed = (box) =>
    `The best region's middle is ${box.point ? "in" : "outside"} the evidence box (overlap ${box.iou.toFixed(2)})`;

  /* `system` is {evaluation, name, pipeline, stages, measure}. */
  pagelens.failures = function ({ system, outcomes }) {
    let shown = STEP,
      chosen = null,
      fate = "",
      tag = "",
      wanted = "",
      onlyFailed = outcomes.some((outcome) => outcome.failed);
    const open = new Set(),
      record = `/evaluations/${api.part(system.evaluation)}`;

    const search = h("input", {
      class: "pl-input",
      type: "search",
      placeholder: "Words of the question",
      "aria-label": "Only questions with these words",
      oninput: () => again(() => (wanted = search.value.trim().toLowerCase())),
    });
    const fates = h("select", {
      class: "pl-select",
      "aria-label": "Only questions whose page was",
      onchange: () => again(() => (fate = fates.value)),
    });
    const tags = h("select", {
      class: "pl-select",
      "aria-label": "Only questions with the tag",
      onchange: () => again(() => (tag = tags.value)),
    });
    const failed = h("input", {
      type: "checkbox",
      checked: onlyFailed,
      onchange: () => again(() => (onlyFailed = failed.checked)),
    });
    const count = h("p", { class: "pl-muted", role: "status", "aria-live": "polite", id: "pl-failures-count" });
    const list = h("ol", { class: "pl-failures", id: "pl-failures", "aria-label": "Questions" });
    const more = h("button", {
      type: "button",
      class: "pl-button",
      onclick: () => {
        shown += STEP;
        paint();
      },
      text: "Show more",
    });
    const node = h(
      "div",
      { class: "pl-questions" },
      h(
        "div",
        { class: "pl-questions-tools" },
        search,
        fates,
        tags,
        h("label", { class: "pl-check" }, failed, h("span", { text: "Failures only" })),
      ),
      count,
      list,
      more,
    );
    function again(change) {
      change();
      shown = STEP;
      paint();
    }
    const fits = (outcome) =>
      (!onlyFailed || outcome.failed) &&
      (!chosen || chosen.has(outcome.question)) &&
      (!fate || outcome.pages.some((one) => kind(one) === fate)) &&
      (!tag || outcome.note.tags.includes(tag)) &&
      (!wanted || outcome.query.toLowerCase().includes(wanted) || outcome.question.toLowerCase() === wanted);

    function options() {
      const found = new Map([["", "Whatever became of it"]]);
      for (const step of system.stages) found.set(step.name, `Lost at ${step.text}`);
      found.set("absent", "Not in the collection");
      if (outcomes.some((outcome) => outcome.refused)) found.set("refused", "Not searched");
      found.set("found", "Found");
      put(
        fates,
        ...[...found].map(([value, text]) =>
          h("option", { value, text, ...(value === fate ? { selected: true } : {}) }),
        ),
      );
      const all = [...new Set(outcomes.flatMap((outcome) => outcome.note.tags))].sort();
      tags.hidden = !all.length;
      put(
        tags,
        h("option", { value: "", text: "Any tag" }),
        ...all.map((value) => h("option", { value, text: value })),
      );
      tags.value = all.includes(tag) ? tag : (tag = "");
    }
    function paint() {
      const found = outcomes.filter(fits);
      count.textContent = `${fmt.plural(found.length, "question")} of ${fmt.count(outcomes.length)}`;
      put(list, ...found.slice(0, shown).map(row));
      more.hidden = found.length <= shown;
    }

    function row(outcome) {
      const summary = h(
        "summary",
        {},
        h("span", { class: "pl-failure-value pl-num", text: outcome.value.toFixed(2), title: system.measure }),
        h("span", { class: "pl-failure-text", text: outcome.query }),
        h("span", {
          class: outcome.failed ? "pl-failure-fate pl-bad-text" : "pl-failure-fate",
          text: outcome.refused || told(worst(outcome), system.stages),
        }),
        outcome.note.tags.map((value) => h("span", { class: "pl-badge", text: value })),
      );
      const body = h("div", { class: "pl-failure-body" });
      const details = h(
        "details",
        {
          open: open.has(outcome.question),
          ontoggle: () => {
            if (!details.open) {
              open.delete(outcome.question);
              return;
            }
            if (open.has(outcome.question) && body.childElementCount) return;
            open.add(outcome.question);
            fill(body, outcome);
          },
        },
        summary,
        body,
      );
      if (details.open) fill(body, outcome);
      return h("li", { "data-question": outcome.question }, details);
    }
    async function fill(body, outcome) {
      put(body, h("p", { class: "pl-muted", text: "Reading the record" }));
      let found;
      try {
        found = await api.get(`${record}/questions/${api.part(outcome.question)}`);
      } catch (error) {
        put(body, h("p", { class: "pl-error", role: "alert", text: error.message }));
        return;
      }
      const here = found.pipelines.find((pipeline) => pipeline.name === system.name);
      const best = outcome.pages[0];
      put(
        body,
        h(
          "div",
          { class: "pl-row" },
          found.gone
            ? h("p", {
                class: "pl-error",
                text: `The collection ${found.collection} is gone, so its pages cannot be shown.`,
              })
            : [
                h("button", {
                  type: "button",
                  class: "pl-button pl-small",
                  onclick: () => ask(found, system.pipeline),
                  text: "Open in Search",
                }),
                best.document && best.state !== "absent"
                  ? h("button", {
                      type: "button",
                      class: "pl-button pl-small",
                      onclick: () => show(found, best),
                      text: "Open the page and its heat",
                    })
                  : null,
              ],
        ),
        section(
          "Should be found",
          outcome.pages.map((one) => card(found, one, told(one, system.stages), one)),
        ),
        section(
          here.top.length ? "Found" : "Nothing was found",
          here.top.map((hit) => card(found, hit, hitWords(hit), null)),
        ),
        noting(outcome),
      );
    }
    const hitWords = (hit) => {
      const before = Object.entries(hit.stages)
        .slice(0, -1)
        .map(([name, rank]) => `${name} ${fmt.count(rank)}`);
      return before.length ? `rank ${hit.rank} (was ${before.join(", ")})` : `rank ${hit.rank}`;
    };
    const section = (title, cards) =>
      h("section", {}, h("h4", { text: title }), h("ul", { class: "pl-failure-pages" }, cards));
    function card(found, at, words, fate) {
      const grade = found.grades[at.page];
      const part = (text) => encodeURIComponent(text).replace(/%2F/g, "/");
      const picture = `pages/${encodeURIComponent(found.collection)}/${part(at.document)}/${at.number}.webp?size=thumb&v=${found.version.slice(0, 16)}`;
      const there = at.document && !found.gone && at.state !== "absent";
      return h(
        "li",
        { class: grade > 0 ? "pl-relevant" : "" },
        there
          ? h(
              "button",
              {
                type: "button",
                class: "pl-failure-thumb",
                "aria-label": `Open ${at.document}, page ${at.number}`,
                onclick: () => show(found, at),
              },
              h("img", { alt: "", loading: "lazy", decoding: "async", src: picture }),
            )
          : h("span", { class: "pl-failure-thumb" }),
        h(
          "div",
          { class: "pl-failure-about" },
          h("b", { text: at.document || at.page, title: at.page }),
          at.document ? h("span", { class: "pl-muted", text: `Page ${at.number}` }) : null,
          h("span", { text: words }),
          grade > 0 && !fate
            ? h("span", { class: "pl-badge", text: grade > 1 ? `label: relevant, ${grade}` : "label: relevant" })
            : null,
          fate && found.boxes[at.page] ? h("span", { class: "pl-muted", text: pointed(found.boxes[at.page]) }) : null,
          fate && fate.cure
            ? h("button", {
                type: "button",
                class: "pl-link",
                onclick: () => ask(found, fate.cure),
                text: `Search with ${fate.cure}`,
              })
            : null,
          there
            ? pagelens.judging({
                query: found.query,
                collection: found.collection,
                document: at.document,
                number: at.number,
                grade: found.judged[at.page],
                onchange: (grades) => {
                  found.judged = grades;
                },
              })
            : null,
        ),
      );
    }
    /* --- on to the other tabs: what they show is in the shared state, so that the address restores it ----------------- */
    async function there(found, pipeline) {
      state.query = found.query;
      state.parts = [];
      state.pipeline = pipeline;
      state.filter = found.filter;
      if (state.collection !== found.collection) await pagelens.choose(found.collection);
      pagelens.emit("restore");
    }
    async function ask(found, pipeline) {
      await there(found, pipeline);
      pagelens.showTab("search");
    }
    async function show(found, at) {
      await there(found, system.pipeline);
      pagelens.openPage({ document: at.document, page: at.number });
    }
    /* --- tags and a note -------------------------------------------------------------------------------------------- */
    function noting(outcome) {
      const known = h(
        "datalist",
        { id: `pl-tags-${outcome.question}` },
        [...new Set(outcomes.flatMap((one) => one.note.tags))].map((value) => h("option", { value })),
      );
      const labels = h("input", {
        class: "pl-input",
        value: outcome.note.tags.join(", "),
        placeholder: "pooling, wrong label",
        list: known.id,
        maxlength: 300,
      });
      const text = h("input", {
        class: "pl-input",
        value: outcome.note.text,
        placeholder: "What is wrong here",
        maxlength: 2000,
      });
      return h(
        "form",
        {
          class: "pl-noting",
          onsubmit: async (event) => {
            event.preventDefault();
            try {
              outcome.note = await api.put(`${record}/notes/${api.part(outcome.question)}`, {
                tags: labels.value.split(",").filter((value) => value.trim()),
                text: text.value,
              });
              notify("Noted.");
              options();
              paint();
            } catch (error) {
              notify(error.message, "error");
            }
          },
        },
        h("label", {}, h("span", { text: "Tags" }), labels),
        h("label", {}, h("span", { text: "Note" }), text),
        known,
        h("button", { type: "submit", class: "pl-button pl-small" }, icon("plus"), "Keep"),
      );
    }

    options();
    paint();
    return {
      node,
      choose(ids) {
        chosen = ids;
        if (ids) failed.checked = onlyFailed = false;
        again(() => {});
      },
      fate(name) {
        fate = name;
        failed.checked = onlyFailed = name !== "found" && onlyFailed;
        options();
        again(() => {});
      },
    };
  };
})();

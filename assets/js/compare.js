/* compare: one query, or many, by two pipelines: both lists, the moves between them, the heat of a pair of pages. */
(() => {
  "use strict";
  /* In the link: `b` is the second pipeline (the first is `p`), `bs` the dataset whose queries are compared. */
  const link = { b: "", set: "", now: null };
  pagelens.links.push({
    read(wanted) {
      link.b = wanted.get("b") || "";
      link.set = wanted.get("bs") || "";
    },
    write(add) {
      if (pagelens.currentTab() !== "compare") return;
      const now = link.now ? link.now() : { a: "", b: link.b, set: link.set };
      add("p", now.a);
      add("b", now.b);
      add("bs", now.set);
    },
  });
  pagelens.on("restore", () => {
    if ((link.b || link.set) && pagelens.currentTab() !== "compare") pagelens.showTab("compare");
  });

  pagelens.part("compare", (root) => {
    const { h, put, state, on, call, icon, moves, versus, heats } = pagelens;
    const SIDES = ["a", "b"];
    let found = null,
      question = null,
      narrowed = "",
      many = false,
      asked = 0,
      told = 0,
      forget = () => {},
      chosen = { a: null, b: null },
      encoder = "";

    /* --- the form ----------------------------------------------------------------------------------------------- */
    const query = h("input", {
      type: "search",
      id: "pl-compare-query",
      class: "pl-query-input",
      placeholder: "What are you looking for?",
      "aria-label": "Query to compare",
      autocomplete: "off",
      spellcheck: "false",
      enterkeyhint: "search",
      oninput: () => (narrowed = ""),
    });
    const go = h("button", { type: "submit", class: "pl-button pl-primary pl-go" }, icon("search"), "Compare");
    const side = (key) => {
      const name = key.toUpperCase();
      const preset = h("select", {
        class: "pl-select",
        id: `pl-compare-preset-${key}`,
        "aria-label": `Preset of ${name}`,
        onchange: () => {
          if (preset.value) {
            text.value = state.overview.pipelines[preset.value];
            ask();
          } else text.focus();
        },
      });
      const text = h("input", {
        class: "pl-input pl-code",
        id: `pl-compare-${key}`,
        "aria-label": `Pipeline ${name}`,
        spellcheck: "false",
        autocomplete: "off",
        oninput: () => paint(),
      });
      const paint = () => {
        preset.value = named(text.value.trim());
      };
      const node = h(
        "div",
        { class: "pl-compare-choice" },
        h("b", { class: `pl-letter pl-letter-${key}`, text: name }),
        preset,
        text,
      );
      return { node, preset, text, paint };
    };
    const named = (text) =>
      Object.keys(state.overview.pipelines).find((name) => [name, state.overview.pipelines[name]].includes(text)) || "";
    /* A preset goes by its name, so that it is fitted to the indexes that the collection has. */
    const pipeline = (key) => named(form[key].text.value.trim()) || form[key].text.value.trim();
    const form = { a: side("a"), b: side("b") };
    const mode = (value, label) =>
      h(
        "label",
        {},
        h("input", { type: "radio", name: "pl-compare-mode", value, onchange: () => turn(value === "many") }),
        h("span", { text: label }),
      );
    const modes = h(
      "div",
      { class: "pl-segments", role: "radiogroup", "aria-label": "What is compared" },
      mode("one", "One query"),
      mode("many", "Many queries"),
    );
    const status = h("div", { class: "pl-status", role: "status", "aria-live": "polite" });
    const blank = h("div", { class: "pl-empty" }),
      lists = h("div", { class: "pl-versus", id: "pl-versus" }),
      set = h("div", { class: "pl-many" }),
      results = h("section", { class: "pl-many-results", id: "pl-many" });
    const twin = h("div"),
      pair = h("section", { class: "pl-card pl-heats", id: "pl-heats" }),
      contrasted = h("section", { class: "pl-card pl-contrast", id: "pl-contrast", "aria-live": "polite" });
    const several = pagelens.many.make(set, results, status, (row) => {
      turn(false);
      query.value = row.text;
      narrowed = row.filter;
      ask();
      query.focus();
    });
    const line = h("div", { class: "pl-query-line" }, query, go);
    root.append(
      h(
        "div",
        { class: "pl-compare" },
        h(
          "form",
          {
            class: "pl-query",
            role: "search",
            onsubmit: (event) => {
              event.preventDefault();
              ask();
            },
          },
          modes,
          set,
          line,
          h("div", { class: "pl-compare-choices" }, form.a.node, form.b.node),
        ),
        status,
        blank,
        results,
        lists,
        twin,
        pair,
        contrasted,
      ),
    );
    function turn(to) {
      if (many === to) return;
      many = to;
      asked++;
      several.stop();
      paintMode();
      if (many) {
        hide();
        several.sets();
        several.show();
        if (!several.found()) idle();
      } else if (found) show();
      else clear();
      pagelens.writeLink();
    }
    function paintMode() {
      modes.querySelector(`[value=${many ? "many" : "one"}]`).checked = true;
      set.hidden = results.hidden = !many;
      line.hidden = many;
      (many ? several.bar : line).append(go);
    }

    /* --- asking ------------------------------------------------------------------------------------------------- */
    const both = () => [state.filter, narrowed].filter(Boolean).map((text, _, all) => (all[1] ? `(${text})` : text));
    async function ask() {
      if (many) {
        if (!several.asking()) {
          idle();
          return;
        }
        pagelens.writeLink();
        hide();
        blank.hidden = true;
        several.run(pipeline("a"), pipeline("b"));
        return;
      }
      const mine = ++asked;
      state.query = query.value.trim();
      if (!pagelens.asking()) {
        clear();
        return;
      }
      pagelens.writeLink();
      put(status, h("span", { class: "pl-spinner", "aria-hidden": "true" }), "Searching by both");
      status.dataset.complete = "no";
      lists.classList.add("pl-stale");
      const wanted = pagelens.asked();
      const request = {
        query: wanted,
        collection: state.collection,
        a: pipeline("a"),
        b: pipeline("b"),
        k: state.k,
        filter: both().join(" and "),
      };
      try {
        const answer = await call("compare", request);
        if (mine !== asked) return;
        found = answer;
        question = wanted;
        encoder = found.a.encoder;
        chosen.a = found.a.hits[0] || null;
        chosen.b = found.b.hits.find((hit) => !chosen.a || hit.page_id !== chosen.a.page_id) || null;
        show();
      } catch (error) {
        if (mine === asked) clear("That comparison did not run", error.message);
      }
    }
    function hide() {
      told++;
      forget();
      status.replaceChildren();
      delete status.dataset.complete;
      lists.hidden = twin.hidden = contrasted.hidden = pair.hidden = true;
    }
    function clear(title, message) {
      found = question = null;
      hide();
      idle(title, message);
    }
    function idle(title, message) {
      blank.hidden = false;
      const pages = state.details ? state.details.collection.pages : 0;
      if (title)
        put(
          blank,
          h("p", { class: "pl-empty-title", text: title }),
          h("p", { class: "pl-error", role: "alert", text: message }),
        );
      else if (!pages)
        put(
          blank,
          h("p", { class: "pl-empty-title", text: "This collection is empty" }),
          h("p", { text: "Add documents first, then compare two ways of searching them here." }),
          h("button", {
            type: "button",
            class: "pl-button pl-primary",
            onclick: () => pagelens.showTab("library"),
            text: "Go to the library",
          }),
        );
      else
        put(
          blank,
          h("p", { class: "pl-empty-title", text: many ? "Ask many, see where it matters" : "Ask once, search twice" }),
          h("p", {
            text: many
              ? "Every query runs by both pipelines; those that they answer most differently come first."
              : "The same query runs by both pipelines: what both find, where their orders part, what each took.",
          }),
        );
    }

    /* --- both lists and the moves between them ------------------------------------------------------------------ */
    function show() {
      const none = !found.moves.length;
      blank.hidden = !none;
      lists.hidden = twin.hidden = none;
      lists.classList.remove("pl-stale");
      if (none)
        put(
          blank,
          h("p", { class: "pl-empty-title", text: "No page fits" }),
          h("p", { text: "Neither pipeline found a candidate." }),
        );
      const notes = [...new Set([...found.a.notes, ...found.b.notes])].map((note) =>
        h("span", { class: "pl-note", text: note }),
      );
      const where = both().join(" and ");
      put(
        status,
        h(
          "span",
          {},
          h("b", { id: "pl-overlap", text: `${found.shared} of ${found.k}` }),
          ` in both (overlap ${found.overlap.toFixed(2)})`,
        ),
        h(
          "span",
          { title: "Rank-biased overlap: 1 the same order, 0 no page shared; the top counts most (p = 0.9)." },
          "Rank-biased overlap ",
          h("b", { id: "pl-rbo", text: found.rbo.toFixed(3) }),
        ),
        where ? h("span", {}, "where ", h("code", { text: where })) : null,
        notes,
      );
      status.dataset.complete = "yes";
      const choose = (key) => (hit) => {
        chosen[key] = hit;
        told++;
        explain();
      };
      put(
        lists,
        versus.column(found, "a", chosen.a, choose("a")),
        moves.lines(found),
        versus.column(found, "b", chosen.b, choose("b")),
      );
      const open = twin.querySelector("details");
      put(twin, moves.table(found, open && open.open));
      explain();
    }
    function paintMoves() {
      for (const path of lists.querySelectorAll("path")) {
        path.classList.toggle(
          "pl-chosen",
          SIDES.some((key) => chosen[key] && chosen[key].page_id === path.dataset.page),
        );
      }
    }
    /* --- the pair of pages: heat beside heat, and one score minus the other ------------------------------------- */
    function explain() {
      paintMoves();
      forget();
      pair.hidden = !chosen.a && !chosen.b;
      if (!pair.hidden) {
        const sides = (value) => ({ a: value("a"), b: value("b") });
        forget = heats.show(
          pair,
          question,
          chosen,
          sides((key) => found[key].encoder),
          sides((key) => found[key].pipeline),
        );
      }
      contrast();
    }
    async function contrast() {
      const mine = ++told,
        { a, b } = chosen;
      contrasted.hidden = !a && !b;
      if (!a || !b || a.page_id === b.page_id) {
        const what =
          a && b
            ? "The same page is chosen in both lists. Choose another in one of them"
            : "Choose a page of each list";
        put(
          contrasted,
          h("h3", { text: "Why one page beats another" }),
          h("p", { class: "pl-muted", text: `${what}, to see word by word why one scores more.` }),
        );
        return;
      }
      contrasted.classList.add("pl-stale");
      const ref = ({ document, page }) => ({ document, page });
      let answer, problem;
      try {
        answer = await call("contrast", {
          query: question,
          collection: state.collection,
          encoder,
          a: ref(a),
          b: ref(b),
        });
      } catch (error) {
        problem = error.message;
      }
      if (mine !== told) return;
      contrasted.classList.remove("pl-stale");
      if (problem)
        put(
          contrasted,
          h("h3", { text: "Why one page beats another" }),
          encoders(),
          h("p", { class: "pl-error", role: "alert", text: problem }),
        );
      else put(contrasted, pagelens.contrast(answer, a, b, encoders()));
    }
    /* Where the two pipelines are decided by different encoders, either one's scores can be taken apart. */
    function encoders() {
      const names = [...new Set([found.a.encoder, found.b.encoder])];
      if (names.length < 2) return null;
      return h(
        "div",
        { class: "pl-segments", role: "radiogroup", "aria-label": "Encoder whose scores are compared" },
        names.map((name) =>
          h(
            "label",
            {},
            h("input", {
              type: "radio",
              name: "pl-compare-encoder",
              value: name,
              checked: name === encoder,
              onchange: () => {
                encoder = name;
                contrast();
              },
            }),
            h("span", { text: name }),
          ),
        ),
      );
    }
    /* --- state -------------------------------------------------------------------------------------------------- */
    link.now = () => ({ a: pipeline("a"), b: pipeline("b"), set: many ? several.dataset() : "" });
    on("overview", () => {
      for (const key of SIDES) {
        const { preset, paint } = form[key];
        put(
          preset,
          ...Object.keys(state.overview.pipelines).map((name) => h("option", { value: name, text: name })),
          h("option", { value: "", text: "own pipeline" }),
        );
        paint();
      }
    });
    on("restore", async () => {
      query.value = state.query;
      const presets = state.overview.pipelines,
        mine = presets[state.pipeline] || state.pipeline,
        other = mine === presets.exact ? presets["two-stage"] : presets.exact;
      form.a.text.value = mine;
      form.b.text.value = link.b ? presets[link.b] || link.b : other;
      for (const key of SIDES) form[key].paint();
      if (link.set) {
        several.want(link.set);
        many = true;
        paintMode();
        hide();
        await several.sets();
        ask();
      } else if (pagelens.asking()) ask();
      else clear();
    });
    on("tab", (name) => {
      const same = found && JSON.stringify(question) === JSON.stringify(pagelens.asked());
      if (name === "compare" && !many && pagelens.asking() && !same) {
        query.value = state.query;
        ask();
      }
    });
    on("collection", () => {
      asked++;
      several.stop();
      if (many) several.sets();
      narrowed = "";
      clear();
    });
    on("details", () => {
      if (!found && !many) clear();
    });
    paintMode();
    clear();
  });
})();

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
    const { h, put, state, on, api, icon, moves, versus, heats } = pagelens;
    const SIDES = ["a", "b"];
    let found = null,
      question = null,
      narrowed = "",
      many = false,
      asked = 0,
      forget = () => {},
      chosen = { a: null, b: null };

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
    const two = pagelens.pipelines.make(() => ask());
    const pipeline = two.name;
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
    const apart = pagelens.apart.make(contrasted);
    const several = pagelens.many.make(set, results, status, (row) => {
      turn(false);
      query.value = row.query;
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
          two.node,
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
        const answer = await api.post("/compare", request);
        if (mine !== asked) return;
        found = answer;
        question = wanted;
        chosen.a = found.a.hits[0] || null;
        chosen.b = found.b.hits.find((hit) => !chosen.a || hit.page_id !== chosen.a.page_id) || null;
        show();
      } catch (error) {
        if (mine === asked) clear("That comparison did not run", error.message);
      }
    }
    function hide() {
      forget();
      apart.hide();
      status.replaceChildren();
      delete status.dataset.complete;
      lists.hidden = twin.hidden = pair.hidden = true;
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
      apart.show(found, question, chosen);
    }
    /* --- state -------------------------------------------------------------------------------------------------- */
    link.now = () => ({ a: pipeline("a"), b: pipeline("b"), set: many ? several.dataset() : "" });
    on("overview", two.refresh);
    on("restore", async () => {
      query.value = state.query;
      const presets = state.overview.pipelines,
        mine = presets[state.pipeline] || state.pipeline,
        other = mine === presets.exact ? presets["two-stage"] : presets.exact;
      two.set("a", mine);
      two.set("b", link.b || other);
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

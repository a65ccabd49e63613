/* search: the query, how it is searched, and results as they come. */
pagelens.part("search", (root, { props, watch, trigger }) => {
  const { h, put, icon, fmt, state, on, asking, asked, writeLink } = pagelens;
  const PATIENCE = 60000; // ms without a word from the server after which a search is given up
  let number = 0,
    pending = 0,
    result = null,
    at = -1;

  /* --- the form ------------------------------------------------------------------------------------------------- */
  const query = h("input", {
    type: "search",
    id: "pl-query",
    class: "pl-query-input",
    placeholder: "What are you looking for?",
    "aria-label": "Query",
    autocomplete: "off",
    spellcheck: "false",
    enterkeyhint: "search",
  });
  const go = h("button", { type: "submit", class: "pl-button pl-primary pl-go" }, icon("search"), "Search");
  const parts = pagelens.parts.row(() => (asking() ? ask() : clear()));
  const examples = h("div", { class: "pl-chips pl-examples", "aria-label": "Examples" });
  const staging = pagelens.staging.controls((typing) => {
    paintNow();
    if (!typing && asking()) ask();
  });
  const filter = h("input", {
    class: "pl-input pl-code",
    id: "pl-filter",
    spellcheck: "false",
    autocomplete: "off",
    placeholder: "for example: page >= 10 and document = 'report.pdf'",
    oninput: () => {
      state.filter = filter.value.trim();
      paintNow();
    },
  });
  const filters = pagelens.filters.bar((text) => {
    state.filter = filter.value = text;
    paintNow();
    if (asking()) ask();
  });
  const picker = h("select", { class: "pl-select", "aria-label": "Only this document", onchange: pickDocument });
  const fields = h("p", { class: "pl-muted pl-help" });
  const more = h(
    "details",
    { class: "pl-more" },
    h("summary", {}, "Pipeline and filter", h("span", { class: "pl-more-now" })),
    h(
      "div",
      { class: "pl-more-body" },
      h("label", { class: "pl-field" }, h("span", { text: "Pipeline" }), staging.field),
      staging.sizes,
      staging.encoders,
      h("label", { class: "pl-field" }, h("span", { text: "Filter" }), filter),
      h("div", { class: "pl-field" }, h("span", { text: "Add a filter" }), filters.builder),
      h("label", { class: "pl-field" }, h("span", { text: "Only this document" }), picker),
      fields,
    ),
  );
  const form = h(
    "form",
    {
      class: "pl-query",
      role: "search",
      onsubmit: (event) => {
        event.preventDefault();
        state.query = query.value.trim();
        ask();
      },
    },
    h("div", { class: "pl-query-line" }, query, go),
    parts.node,
    examples,
    h(
      "div",
      { class: "pl-query-tools" },
      staging.presets,
      h("label", { class: "pl-inline" }, h("span", { text: "Results" }), staging.results),
      filters.chips,
    ),
    more,
  );
  const status = h("div", { class: "pl-status", role: "status", "aria-live": "polite" });
  const verdict = h("div", { class: "pl-verdict", role: "status", hidden: true });
  const refine = h("div", { class: "pl-refine", hidden: true });
  const grid = h("ol", { class: "pl-grid", id: "pl-results", "aria-label": "Results" });
  const blank = h("div", { class: "pl-empty" });
  const cost = h("section", { class: "pl-card pl-cost", "aria-label": "What each stage cost" });
  const moves = h("section", { class: "pl-card pl-moves", "aria-label": "How ranks moved" });
  const keeping = pagelens.keeping.bar(restoreSearch);
  const expected = pagelens.expected.card((fix) => {
    state.pipeline = fix.pipeline;
    state.filter = filter.value = fix.filter;
    state.k = fix.k;
    staging.restore();
    ask();
  });
  root.append(
    h(
      "div",
      { class: "pl-search" },
      form,
      h(
        "div",
        { class: "pl-found" },
        h(
          "div",
          { class: "pl-found-main" },
          h("div", { class: "pl-found-head" }, status, keeping.node),
          verdict,
          refine,
          grid,
          blank,
        ),
        h("aside", { class: "pl-found-side" }, cost, expected.node, moves),
      ),
    ),
  );

  /* A picture dropped anywhere on the form, or pasted into it, is a part of the query. */
  const pictures = (transfer) => [...((transfer && transfer.files) || [])].filter((f) => f.type.startsWith("image/"));
  form.addEventListener("dragover", (event) => {
    if ([...event.dataTransfer.types].includes("Files")) event.preventDefault();
  });
  form.addEventListener("drop", (event) => {
    if (!event.dataTransfer.files.length) return;
    event.preventDefault();
    if (pictures(event.dataTransfer).length) parts.add(pictures(event.dataTransfer));
    else pagelens.notify("Only pictures can be searched with; add documents in the library.", "error");
  });
  form.addEventListener("paste", (event) => {
    const found = pictures(event.clipboardData);
    if (!found.length) return;
    event.preventDefault();
    parts.add(found);
  });

  function paintNow() {
    filters.repaint();
    more.querySelector(".pl-more-now").textContent = [pagelens.staging.text(), state.filter]
      .filter(Boolean)
      .join("   where ");
  }
  function paintFields() {
    staging.repaintPresets();
    filters.repaintFields();
    put(
      fields,
      "Fields: ",
      ...state.overview.fields.flatMap((f, i) => [i ? ", " : "", h("code", { text: f.name }), ` (${f.summary})`]),
      ", ",
      h("code", { text: "meta.NAME" }),
      ` (${state.overview.meta}). Combine with and, or, not; compare with = != < <= > >= in contains.`,
    );
  }
  function pickDocument() {
    const rest = pagelens.filters.clauses(state.filter).filter((clause) => !/^document = '(?:[^']|'')*'$/.test(clause));
    const chosen = picker.value ? [`document = '${picker.value.replace(/'/g, "''")}'`] : [];
    state.filter = filter.value = [...chosen, ...rest].join(" and ");
    paintNow();
    if (asking()) ask();
  }
  function paintDetails() {
    if (state.overview) {
      staging.repaintEncoders();
      filters.repaintFields();
    }
    const documents = (state.details && state.details.documents) || [];
    put(
      picker,
      h("option", { value: "", text: "All documents" }),
      ...documents.map((d) => h("option", { value: d.name, text: d.name })),
    );
    const samples = (state.details && state.details.samples) || [];
    examples.hidden = !samples.length;
    const example = (text) =>
      h("button", {
        type: "button",
        class: "pl-chip",
        text,
        onclick: () => {
          query.value = state.query = text;
          ask();
        },
      });
    put(examples, h("span", { class: "pl-muted", text: "Try" }), ...samples.slice(0, 6).map(example));
    expected.repaint();
    paintBlank();
  }
  function restoreSearch(saved) {
    const texts = saved.query.parts.filter((part) => part.kind === "text" && part.weight === 1);
    state.query = texts.length ? texts[0].text : "";
    state.parts = saved.query.parts.filter((part) => part !== texts[0]);
    state.pipeline = saved.pipeline;
    state.filter = saved.filter;
    state.k = saved.k;
    if (saved.collection !== state.collection) pagelens.choose(saved.collection).then(restore);
    else restore();
  }
  function restore() {
    query.value = state.query;
    filter.value = state.filter;
    parts.repaint();
    staging.restore();
    paintNow();
    if (asking()) ask();
  }

  /* --- asking ------------------------------------------------------------------------------------------------------ */
  function clear() {
    pending = 0;
    result = null;
    state.hits = [];
    show();
    status.replaceChildren();
    writeLink();
  }
  function ask() {
    if (!asking()) {
      clear();
      return;
    }
    state.filter = filter.value.trim();
    number += 1;
    pending = number;
    at = -1;
    paintNow();
    parts.repaint();
    refine.hidden = true;
    grid.classList.add("pl-stale");
    status.dataset.complete = "no";
    put(status, h("span", { class: "pl-spinner", "aria-hidden": "true" }), "Searching");
    const wait = pending;
    setTimeout(() => {
      if (pending === wait && state.overview && document.querySelector(".pl-model-warming"))
        put(
          status,
          h("span", { class: "pl-spinner", "aria-hidden": "true" }),
          "Warming up the model; the first search waits for it",
        );
    }, 900);
    send();
    writeLink();
  }
  /* One search at a time: a newer one waits for the answer of the one under way, and only the newest is sent then. */
  let running = 0,
    since = 0;
  function send() {
    if (running && Date.now() - since < PATIENCE) return;
    running = number;
    since = Date.now();
    trigger("ask", {
      number,
      query: asked(),
      collection: state.collection,
      pipeline: state.pipeline,
      k: pagelens.staging.asked(),
      filter: state.filter,
    });
  }
  watch("value", () => {
    const answer = props.value;
    if (!answer) return;
    since = Date.now();
    if (answer.number === running && !(answer.ok && !answer.result.complete)) {
      running = 0;
      if (pending && pending !== answer.number) send();
    }
    if (answer.number !== pending) return;
    grid.classList.remove("pl-stale");
    if (!answer.ok) {
      pending = 0;
      result = null;
      state.hits = [];
      show();
      status.replaceChildren();
      fail(answer.error);
      return;
    }
    result = answer.result;
    if (result.complete) pending = 0;
    state.hits = result.hits;
    show();
  });
  /* Marks are gathered first, so that the list does not change under the pointer. */
  function marked() {
    parts.repaint();
    for (const card of cards.values()) card.repaintMark();
    const marks = state.parts.filter((part) => part.kind === "mark").length;
    refine.hidden = false;
    put(
      refine,
      h("span", { text: marks ? `${fmt.plural(marks, "page")} marked.` : "No page is marked any more." }),
      h("button", {
        type: "button",
        class: "pl-button pl-primary",
        onclick: ask,
        text: marks ? "Refine the search" : "Search again",
      }),
    );
    writeLink();
  }

  /* --- results ------------------------------------------------------------------------------------------------------- */
  function fail(message) {
    blank.hidden = false;
    put(
      blank,
      h("p", { class: "pl-empty-title", text: "That search did not run" }),
      h("p", { class: "pl-error", role: "alert", text: message }),
    );
  }
  function paintBlank() {
    if (result && result.hits.length) {
      blank.hidden = true;
      return;
    }
    const pages = state.details ? state.details.collection.pages : 0;
    blank.hidden = false;
    if (!pages)
      put(
        blank,
        h("p", { class: "pl-empty-title", text: "This collection is empty" }),
        h("p", { text: "Add documents first, then search them here." }),
        h("button", {
          type: "button",
          class: "pl-button pl-primary",
          onclick: () => pagelens.showTab("library"),
          text: "Go to the library",
        }),
      );
    else if (result)
      put(
        blank,
        h("p", { class: "pl-empty-title", text: "No page fits" }),
        h("p", {
          text: state.filter
            ? "The filter lets no page through that the first stage could rank. Loosen it, or check its spelling."
            : "The first stage found no candidate. Other words, or another pipeline, may.",
        }),
      );
    else
      put(
        blank,
        h("p", { class: "pl-empty-title", text: "Ask in your own words" }),
        h("p", {
          text: `The ${fmt.plural(pages, "page")} of ${state.collection} are ranked by what stands on them. Open a result to see, word by word, why it was found.`,
        }),
      );
  }
  const cards = new Map();
  function show() {
    const hits = result ? result.hits : [];
    grid.hidden = !hits.length;
    const kept = new Set();
    put(
      grid,
      ...hits.map((hit) => {
        const key = `${result.collection}/${hit.page_id}`;
        kept.add(key);
        if (!cards.has(key)) cards.set(key, pagelens.results.card(hit, marked));
        cards.get(key).paint(hit);
        return cards.get(key).node;
      }),
    );
    for (const key of cards.keys()) if (!kept.has(key)) cards.delete(key);
    paintBlank();
    paintStatus();
    paintVerdict();
    keeping.show(result);
    pagelens.cost.waterfall(cost, result);
    pagelens.cost.slopes(moves, result);
    expected.show(result);
  }
  function paintStatus() {
    if (!result) return;
    const parts = [h("b", { text: fmt.plural(result.hits.length, "page") }), h("code", { text: result.pipeline })];
    if (result.complete) parts.push(h("span", { text: `${fmt.ms(result.total_ms)} in all` }));
    else
      parts.unshift(
        h(
          "span",
          { class: "pl-provisional" },
          h("span", { class: "pl-spinner", "aria-hidden": "true" }),
          "Provisional order, later stages still run",
        ),
      );
    parts.push(...(result.notes || []).map((note) => h("span", { class: "pl-note", text: note })));
    put(status, ...parts);
    status.dataset.complete = result.complete ? "yes" : "no";
  }

  function paintVerdict() {
    const said = result && result.complete ? result.verdict : null;
    verdict.hidden = !said;
    if (!said) return;
    verdict.className = `pl-verdict pl-verdict-${said.state}`;
    put(verdict, h("b", { text: said.statement }), h("span", { class: "pl-muted", text: said.basis }));
  }

  /* --- keys and state --------------------------------------------------------------------------------------------------- */
  function step(by) {
    const buttons = [...grid.querySelectorAll(".pl-hit")];
    if (!buttons.length) return;
    const now = buttons.indexOf(document.activeElement);
    at = Math.max(0, Math.min(buttons.length - 1, (now < 0 ? at : now) + by));
    buttons[at].focus();
    buttons[at].scrollIntoView({ block: "nearest" });
  }
  on("key", (event) => {
    if (pagelens.currentTab() === "search" && (event.key === "j" || event.key === "k")) {
      event.preventDefault();
      step(event.key === "j" ? 1 : -1);
    }
  });
  on("focus-query", () => {
    query.focus();
    query.select();
  });
  on("overview", paintFields);
  on("details", paintDetails);
  on("collection", () => {
    clear();
    parts.repaint();
    if (asking() && document.documentElement.dataset.pagelens) ask();
  });
  on("deleted", () => {
    if (asking() && result) ask();
  });
  on("ask", restore);
  on("restore", restore);
  parts.repaint();
  show();
});

/* compare: one query by two pipelines: both lists, the moves between them, and what each took. */
pagelens.part("compare", (root) => {
  const { h, put, fmt, state, on, call, imageUrl, icon, moves } = pagelens;
  const SIDES = ["a", "b"];
  let found = null,
    asked = 0,
    told = 0,
    chosen = { a: null, b: null },
    encoder = "";

  /* --- the form ------------------------------------------------------------------------------------------------- */
  const query = h("input", {
    type: "search",
    id: "pl-compare-query",
    class: "pl-query-input",
    placeholder: "What are you looking for?",
    "aria-label": "Query to compare",
    autocomplete: "off",
    spellcheck: "false",
    enterkeyhint: "search",
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
  const status = h("div", { class: "pl-status", role: "status", "aria-live": "polite" });
  const blank = h("div", { class: "pl-empty" }),
    lists = h("div", { class: "pl-versus", id: "pl-versus" });
  const twin = h("div"),
    versus = h("section", { class: "pl-card pl-contrast", id: "pl-contrast", "aria-live": "polite" });
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
        h("div", { class: "pl-query-line" }, query, go),
        h("div", { class: "pl-compare-choices" }, form.a.node, form.b.node),
      ),
      status,
      blank,
      lists,
      twin,
      versus,
    ),
  );

  /* --- asking --------------------------------------------------------------------------------------------------- */
  async function ask() {
    const text = query.value.trim(),
      mine = ++asked;
    if (!text) {
      clear();
      return;
    }
    state.query = text;
    pagelens.writeLink();
    put(status, h("span", { class: "pl-spinner", "aria-hidden": "true" }), "Searching by both");
    status.dataset.complete = "no";
    lists.classList.add("pl-stale");
    const request = {
      query: text,
      collection: state.collection,
      a: pipeline("a"),
      b: pipeline("b"),
      k: state.k,
      filter: state.filter,
    };
    try {
      const answer = await call("compare", request);
      if (mine !== asked) return;
      found = answer;
      encoder = found.a.encoder;
      chosen.a = found.a.hits[0] || null;
      chosen.b = found.b.hits.find((hit) => !chosen.a || hit.page_id !== chosen.a.page_id) || null;
      show();
    } catch (error) {
      if (mine === asked) clear("That comparison did not run", error.message);
    }
  }
  function clear(title, message) {
    found = null;
    told++;
    status.replaceChildren();
    delete status.dataset.complete;
    lists.hidden = twin.hidden = versus.hidden = true;
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
        h("p", { class: "pl-empty-title", text: "Ask once, search twice" }),
        h("p", {
          text: "The same query runs by both pipelines: what both find, where their orders part, what each took.",
        }),
      );
  }

  /* --- both lists and the moves between them -------------------------------------------------------------------- */
  const moveOf = (hit) => found.moves.find((move) => move.page_id === hit.page_id);
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
      state.filter ? h("span", {}, "where ", h("code", { text: state.filter })) : null,
      notes,
    );
    status.dataset.complete = "yes";
    put(lists, column("a"), moves.lines(found), column("b"));
    const open = twin.querySelector("details");
    put(twin, moves.table(found, open && open.open));
    contrast();
  }
  function column(key) {
    const result = found[key],
      spent = result.cost;
    const took = [`${fmt.ms(spent.ms)}${spent.cold ? ", cold" : ""}`, `${fmt.bytes(spent.bytes_read)} read`];
    return h(
      "div",
      { class: "pl-versus-side", "data-side": key },
      h(
        "div",
        { class: "pl-versus-head" },
        h(
          "div",
          { class: "pl-versus-name" },
          h("b", { class: `pl-letter pl-letter-${key}`, text: key.toUpperCase() }),
          h("code", { text: result.pipeline, title: result.pipeline }),
        ),
        h("p", {
          class: "pl-muted pl-num",
          title: "Without encoding the query, which A does for both",
          text: took.join(" · "),
        }),
      ),
      h(
        "ol",
        { role: "radiogroup", "aria-label": `Pages of ${key.toUpperCase()}; choose one to explain` },
        result.hits.map((hit) => card(key, hit)),
      ),
    );
  }
  function card(key, hit) {
    const [look, words] = moves.verdict(moveOf(hit));
    const radio = h("input", {
      type: "radio",
      name: `pl-compare-${key}-page`,
      value: hit.page_id,
      checked: chosen[key] === hit,
      "aria-label": `Rank ${hit.rank} of ${key.toUpperCase()}: ${hit.document}, page ${hit.page}, ${words}`,
      onchange: () => {
        chosen[key] = hit;
        paintMoves();
        contrast();
      },
    });
    return h(
      "li",
      { role: "presentation" },
      h(
        "label",
        { class: "pl-versus-hit" },
        radio,
        h(
          "span",
          { class: "pl-versus-thumb" },
          h("img", {
            alt: "",
            loading: "lazy",
            decoding: "async",
            src: imageUrl(hit.document, hit.page, hit.page_id, "thumb"),
          }),
        ),
        h(
          "span",
          { class: "pl-versus-text" },
          h(
            "span",
            { class: "pl-hit-name" },
            h("span", { class: "pl-rank", text: hit.rank }),
            h("span", { class: "pl-doc", text: hit.document, title: hit.document }),
          ),
          h(
            "span",
            { class: "pl-versus-page" },
            h("span", { text: `Page ${hit.page}` }),
            h(
              "span",
              { class: "pl-versus-score" },
              h("span", { text: hit.scored ? fmt.score(hit.score) : "no vectors" }),
              h("span", { class: `pl-badge pl-${hit.kind}`, text: hit.kind }),
            ),
          ),
          h("span", { class: `pl-versus-move ${look}`, text: words }),
        ),
      ),
    );
  }
  function paintMoves() {
    for (const path of lists.querySelectorAll("path")) {
      path.classList.toggle(
        "pl-chosen",
        SIDES.some((key) => chosen[key] && chosen[key].page_id === path.dataset.page),
      );
    }
  }
  /* --- one page minus another ----------------------------------------------------------------------------------- */
  async function contrast() {
    const mine = ++told,
      { a, b } = chosen;
    paintMoves();
    versus.hidden = !a && !b;
    if (!a || !b || a.page_id === b.page_id) {
      const what =
        a && b ? "The same page is chosen in both lists. Choose another in one of them" : "Choose a page of each list";
      put(
        versus,
        h("h3", { text: "Why one page beats another" }),
        h("p", { class: "pl-muted", text: `${what}, to see word by word why one scores more.` }),
      );
      return;
    }
    versus.classList.add("pl-stale");
    const ref = ({ document, page }) => ({ document, page });
    let answer, problem;
    try {
      answer = await call("contrast", {
        query: found.a.query,
        collection: state.collection,
        encoder,
        a: ref(a),
        b: ref(b),
      });
    } catch (error) {
      problem = error.message;
    }
    if (mine !== told) return;
    versus.classList.remove("pl-stale");
    if (problem)
      put(
        versus,
        h("h3", { text: "Why one page beats another" }),
        encoders(),
        h("p", { class: "pl-error", role: "alert", text: problem }),
      );
    else put(versus, pagelens.contrast(answer, a, b, encoders()));
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
  /* --- state ---------------------------------------------------------------------------------------------------- */
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
  on("restore", () => {
    query.value = state.query;
    const mine = state.overview.pipelines[state.pipeline] || state.pipeline,
      exact = state.overview.pipelines.exact;
    form.a.text.value = mine;
    form.b.text.value = mine === exact ? state.overview.pipelines["two-stage"] : exact;
    for (const key of SIDES) form[key].paint();
    if (state.query) ask();
    else clear();
  });
  on("tab", (name) => {
    if (name === "compare" && state.query && (!found || state.query !== found.a.query)) {
      query.value = state.query;
      ask();
    }
  });
  on("collection", () => {
    asked++;
    clear();
  });
  on("details", () => {
    if (!found) clear();
  });
  clear();
});

/* search: the query, its pipeline, results as they come, and what every stage cost. */
pagelens.part("search", (root, { props, watch, trigger }) => {
  const { h, put, s, icon, fmt, state, on, openPage, imageUrl, writeLink } = pagelens;
  const ABOUT = {
    exact: "Every vector of every page: the reference, and the slowest",
    "two-stage": "Pooled rows find candidates, exact MaxSim ranks them",
    "three-stage": "One vector a page, then rows, then exact",
    fused: "Word search and pooled rows find candidates together, exact MaxSim ranks them",
    hybrid: "Word search and three-line windows, their scores added up",
    text: "Words only (BM25), no model",
  };
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
  const examples = h("div", { class: "pl-chips", "aria-label": "Examples" });
  const presets = h("div", { class: "pl-segments", role: "radiogroup", "aria-label": "Pipeline preset" });
  const pipeline = h("input", {
    class: "pl-input pl-code",
    id: "pl-pipeline",
    spellcheck: "false",
    autocomplete: "off",
    oninput: () => {
      state.pipeline = pipeline.value.trim();
      paintPreset();
      paintSizes();
    },
  });
  const sizes = h("div", { class: "pl-sizes" });
  const k = h("input", {
    class: "pl-input pl-short",
    id: "pl-k",
    type: "number",
    min: 1,
    max: 200,
    onchange: () => {
      state.k = Math.min(200, Math.max(1, Math.round(Number(k.value)) || 12));
      k.value = state.k;
      if (state.query) ask();
    },
  });
  const filter = h("input", {
    class: "pl-input pl-code",
    id: "pl-filter",
    spellcheck: "false",
    autocomplete: "off",
    placeholder: "for example: page >= 10 and document = 'report.pdf'",
    oninput: () => {
      state.filter = filter.value.trim();
    },
  });
  const picker = h("select", { class: "pl-select", "aria-label": "Only this document", onchange: pickDocument });
  const encoders = h("div", { class: "pl-field", hidden: true });
  const fields = h("p", { class: "pl-muted pl-help" });
  const more = h(
    "details",
    { class: "pl-more" },
    h("summary", {}, "Pipeline and filter", h("span", { class: "pl-more-now" })),
    h(
      "div",
      { class: "pl-more-body" },
      h("label", { class: "pl-field" }, h("span", { text: "Pipeline" }), pipeline),
      sizes,
      encoders,
      h("label", { class: "pl-field" }, h("span", { text: "Filter" }), filter),
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
    examples,
    h(
      "div",
      { class: "pl-query-tools" },
      presets,
      h("label", { class: "pl-inline" }, h("span", { text: "Results" }), k),
    ),
    more,
  );
  const status = h("div", { class: "pl-status", role: "status", "aria-live": "polite" });
  const grid = h("ol", { class: "pl-grid", id: "pl-results", "aria-label": "Results" });
  const blank = h("div", { class: "pl-empty" });
  const cost = h("section", { class: "pl-card pl-cost", "aria-label": "What each stage cost" });
  const moves = h("section", { class: "pl-card pl-moves", "aria-label": "How ranks moved" });
  root.append(
    h(
      "div",
      { class: "pl-search" },
      form,
      h(
        "div",
        { class: "pl-found" },
        h("div", { class: "pl-found-main" }, status, grid, blank),
        h("aside", { class: "pl-found-side" }, cost, moves),
      ),
    ),
  );

  const text = () => (state.overview && state.overview.pipelines[state.pipeline]) || state.pipeline;
  /* Steps of a pipeline: split at the ">" that stand outside parentheses. */
  function steps(source) {
    const parts = [];
    let depth = 0,
      from = 0;
    for (let i = 0; i <= source.length; i++) {
      const c = source[i];
      if (c === "(" || c === "[") depth++;
      if (c === ")" || c === "]") depth--;
      if (i === source.length || (c === ">" && depth === 0)) {
        parts.push(source.slice(from, i).trim());
        from = i + 1;
      }
    }
    return parts.map((part) => {
      const m = /^([\s\S]*?)(?::\s*(\d+))?$/.exec(part);
      return { source: m[1], keep: m[2] ? Number(m[2]) : null };
    });
  }
  function paintSizes() {
    const found = steps(text());
    put(
      sizes,
      ...found.slice(0, -1).map((step, i) =>
        h(
          "label",
          { class: "pl-inline" },
          h("span", {}, h("code", { text: step.source || "?" }), " keeps"),
          h("input", {
            class: "pl-input pl-short",
            type: "number",
            min: 1,
            max: 100000,
            value: step.keep || 256,
            onchange: (event) => {
              found[i].keep = Math.max(1, Math.round(Number(event.target.value)) || 1);
              pipeline.value = found.map((x) => (x.keep ? `${x.source}:${x.keep}` : x.source)).join(" > ");
              state.pipeline = pipeline.value;
              paintPreset();
              if (state.query) ask();
            },
          }),
        ),
      ),
    );
    more.querySelector(".pl-more-now").textContent = [text(), state.filter].filter(Boolean).join("   where ");
  }
  function paintPreset() {
    for (const input of presets.querySelectorAll("input"))
      input.checked = input.value === state.pipeline || state.overview.pipelines[input.value] === state.pipeline;
  }
  function paintPresets() {
    put(
      presets,
      ...Object.keys(state.overview.pipelines).map((name) =>
        h(
          "label",
          { title: ABOUT[name] || state.overview.pipelines[name] },
          h("input", {
            type: "radio",
            name: "pl-preset",
            value: name,
            onchange: () => {
              state.pipeline = name;
              pipeline.value = text();
              paintSizes();
              if (state.query) ask();
            },
          }),
          h("span", { text: name }),
        ),
      ),
    );
    put(
      fields,
      "Fields: ",
      ...state.overview.fields.flatMap((f, i) => [i ? ", " : "", h("code", { text: f.name }), ` (${f.summary})`]),
      ". Combine with and, or, not; compare with = != < <= > >= in contains.",
    );
    paintEncoders();
    paintPreset();
  }
  function paintEncoders() {
    const spaces = (state.details && state.details.collection.spaces) || [];
    const offer = (space, x) =>
      h("button", {
        type: "button",
        class: "pl-chip",
        title: `Put ${x.name}@${space.encoder} in front of the pipeline`,
        onclick: () => lead(`${x.name}@${space.encoder}`),
        text: `${x.name}@${space.encoder}`,
      });
    encoders.hidden = spaces.length < 2;
    const offers = spaces.slice(1).flatMap((space) => space.indexes.map((x) => offer(space, x)));
    put(
      encoders,
      h("span", { text: "Start with" }),
      h("div", { class: "pl-chips", role: "group", "aria-label": "Start with an index of another encoder" }, offers),
    );
  }
  /* The given stage finds the candidates, and what ranked last before still ranks them. */
  function lead(source) {
    const last = steps(text()).at(-1);
    pipeline.value = `${source}:256 > ${last.keep ? `${last.source}:${last.keep}` : last.source}`;
    state.pipeline = pipeline.value;
    paintPreset();
    paintSizes();
    if (state.query) ask();
  }
  function pickDocument() {
    const rest = state.filter.replace(/^document = '(?:[^']|'')*'(?: and )?/, "");
    const chosen = picker.value ? `document = '${picker.value.replace(/'/g, "''")}'` : "";
    state.filter = [chosen, rest].filter(Boolean).join(" and ");
    filter.value = state.filter;
    paintSizes();
    if (state.query) ask();
  }
  function paintDetails() {
    if (state.overview) paintEncoders();
    const documents = (state.details && state.details.documents) || [];
    put(
      picker,
      h("option", { value: "", text: "All documents" }),
      ...documents.map((d) => h("option", { value: d.name, text: d.name })),
    );
    const samples = (state.details && state.details.samples) || [];
    examples.hidden = !samples.length;
    put(
      examples,
      h("span", { class: "pl-muted", text: "Try" }),
      ...samples.slice(0, 6).map((sample) =>
        h("button", {
          type: "button",
          class: "pl-chip",
          text: sample,
          onclick: () => {
            query.value = state.query = sample;
            ask();
          },
        }),
      ),
    );
    paintBlank();
  }

  /* --- asking ------------------------------------------------------------------------------------------------------ */
  function ask() {
    if (!state.query) {
      result = null;
      show();
      paintBlank();
      writeLink();
      return;
    }
    state.filter = filter.value.trim();
    number += 1;
    pending = number;
    at = -1;
    paintSizes();
    grid.classList.add("pl-stale");
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
    trigger("ask", {
      number,
      query: state.query,
      collection: state.collection,
      pipeline: state.pipeline,
      k: state.k,
      filter: state.filter,
    });
    writeLink();
  }
  watch("value", () => {
    const answer = props.value;
    if (!answer || answer.number !== pending) return;
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
        if (!cards.has(key)) cards.set(key, card(hit));
        cards.get(key).paint(hit);
        return cards.get(key).node;
      }),
    );
    for (const key of cards.keys()) if (!kept.has(key)) cards.delete(key);
    paintBlank();
    paintStatus();
    waterfall();
    slopes();
  }
  function card(hit) {
    const rank = h("span", { class: "pl-rank" }),
      score = h("span", { class: "pl-score" }),
      badge = h("span", { class: "pl-badge" }),
      path = h("span", { class: "pl-path" });
    const image = h("img", {
      loading: "lazy",
      decoding: "async",
      alt: "",
      src: imageUrl(hit.document, hit.page, hit.page_id, "thumb"),
    });
    const open = h(
      "button",
      { type: "button", class: "pl-hit", onclick: () => openPage(hit) },
      h("span", { class: "pl-thumb" }, image),
      h(
        "span",
        { class: "pl-hit-text" },
        h(
          "span",
          { class: "pl-hit-name" },
          rank,
          h("span", { class: "pl-doc", text: hit.document, title: hit.document }),
        ),
        h("span", { class: "pl-hit-page", text: `Page ${hit.page}` }),
        h("span", { class: "pl-hit-score" }, score, badge),
        path,
      ),
    );
    const node = h("li", {}, open);
    const paint = (now) => {
      rank.textContent = now.rank;
      score.textContent = now.scored ? fmt.score(now.score) : "no vectors";
      badge.textContent = now.kind;
      badge.className = `pl-badge pl-${now.kind}`;
      badge.title =
        now.kind === "exact"
          ? "The model's own MaxSim over all vectors: the sum, over the query's tokens, of weight times best similarity."
          : "Stands in for the exact score; the two do not share a scale.";
      put(path, ...trail(now));
      open.setAttribute(
        "aria-label",
        `Rank ${now.rank}: ${hit.document}, page ${hit.page}, score ${fmt.score(now.score)} ${now.kind}`,
      );
    };
    return { node, open, paint };
  }
  function trail(hit) {
    const found = hit.stages;
    const nodes = found.map((stage) =>
      h("span", { class: "pl-step" }, h("span", { text: stage.name }), h("b", { text: stage.rank })),
    );
    if (found.length > 1) {
      const moved = found[found.length - 2].rank - found[found.length - 1].rank;
      nodes.push(
        h("span", {
          class: moved > 0 ? "pl-up" : moved < 0 ? "pl-down" : "pl-same",
          title: "Against the stage before the last",
          text: moved > 0 ? `▲${moved}` : moved < 0 ? `▼${-moved}` : "=",
        }),
      );
    }
    return nodes;
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

  /* --- what it cost --------------------------------------------------------------------------------------------------- */
  function waterfall() {
    cost.hidden = !result;
    if (!result) return;
    const total = Math.max(result.total_ms, 0.001);
    let from = 0;
    const rows = result.stages.map((stage) => {
      const left = (from / total) * 100,
        width = Math.max((stage.ms / total) * 100, 0.6);
      from += stage.ms;
      const facts = [];
      if (stage.candidates_in || stage.candidates_out)
        facts.push(`${fmt.count(stage.candidates_in)} → ${fmt.count(stage.candidates_out)} pages`);
      if (stage.vectors_compared) facts.push(`${fmt.count(stage.vectors_compared)} vectors`);
      if (stage.bytes_read) facts.push(fmt.bytes(stage.bytes_read));
      if (stage.cold) facts.push("cold");
      if (stage.cache_hit) facts.push("from cache");
      return h(
        "div",
        { class: "pl-fall-row" },
        h("span", { class: "pl-fall-name", text: stage.name }),
        h("span", { class: "pl-num", text: fmt.ms(stage.ms) }),
        h(
          "div",
          { class: "pl-fall-track" },
          h("i", { style: { left: `${Math.min(left, 99.4)}%`, width: `${width}%` } }),
        ),
        h("span", { class: "pl-fall-facts", text: facts.join(" · ") }),
      );
    });
    const table = h(
      "table",
      { class: "pl-table" },
      h("caption", { class: "pl-sr", text: "Stages of this search" }),
      h(
        "thead",
        {},
        h(
          "tr",
          {},
          ["Stage", "ms", "In", "Out", "Vectors", "Bytes", "State"].map((t, i) =>
            h("th", { scope: "col", class: i && i < 6 ? "pl-num" : "", text: t }),
          ),
        ),
      ),
      h(
        "tbody",
        {},
        result.stages.map((x) =>
          h(
            "tr",
            {},
            h("th", { scope: "row", text: x.name }),
            [
              x.ms.toFixed(2),
              fmt.count(x.candidates_in),
              fmt.count(x.candidates_out),
              fmt.count(x.vectors_compared),
              fmt.count(x.bytes_read),
            ].map((t) => h("td", { class: "pl-num", text: t })),
            h("td", { text: x.cold ? "cold" : x.cache_hit ? "cached" : "warm" }),
          ),
        ),
      ),
    );
    const wasOpen = cost.querySelector("details") && cost.querySelector("details").open;
    put(
      cost,
      h("h3", {}, "Where the time went", h("span", { class: "pl-num", text: fmt.ms(result.total_ms) })),
      h("div", { class: "pl-fall", "aria-hidden": "true" }, rows),
      h(
        "details",
        { class: "pl-twin", open: wasOpen },
        h("summary", { text: "As a table" }),
        h("div", { class: "pl-scroll" }, table),
      ),
    );
  }
  /* Lines from a page's rank in each stage to its rank in the next; ranks beyond the list share the lowest line. */
  function slopes() {
    const names = [];
    for (const hit of result ? result.hits : [])
      for (const stage of hit.stages) if (!names.includes(stage.name)) names.push(stage.name);
    moves.hidden = names.length < 2 || !result.complete;
    if (moves.hidden) return;
    const hits = result.hits.slice(0, 12),
      low = hits.length + 2,
      width = 300,
      top = 26,
      step = 17;
    const x = (i) => 34 + (i * (width - 68)) / (names.length - 1),
      y = (rank) => top + Math.min(rank, low) * step - step / 2;
    const picture = s("svg", {
      viewBox: `0 0 ${width} ${top + low * step + 4}`,
      class: "pl-slopes",
      role: "img",
      "aria-label": "Rank of each result in each stage; the same numbers stand on the results.",
    });
    names.forEach((name, i) =>
      picture.append(s("text", { x: x(i), y: 13, "text-anchor": "middle", class: "pl-slope-name", text: name })),
    );
    hits.forEach((hit) => {
      const points = hit.stages.map((stage) => ({
        x: x(names.indexOf(stage.name)),
        y: y(stage.rank),
        rank: stage.rank,
      }));
      const group = s(
        "g",
        { class: hit.rank === 1 ? "pl-slope pl-slope-first" : "pl-slope" },
        s("title", { text: hit.ref }),
        s("polyline", { points: points.map((p) => `${p.x},${p.y}`).join(" ") }),
        points.map((p) => s("circle", { cx: p.x, cy: p.y, r: 2.6 })),
      );
      const first = points[0],
        last = points[points.length - 1];
      group.append(s("text", { x: last.x + 8, y: last.y + 4, text: last.rank }));
      if (first.rank < low)
        group.append(s("text", { x: first.x - 8, y: first.y + 4, "text-anchor": "end", text: first.rank }));
      group.addEventListener("click", () => openPage(hit));
      picture.append(group);
    });
    const beyond = hits.some((hit) => hit.stages[0].rank >= low);
    if (beyond) picture.append(s("text", { x: x(0) - 8, y: y(low) + 4, "text-anchor": "end", text: `≥${low}` }));
    put(moves, h("h3", { text: "How ranks moved" }), picture);
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
  on("overview", paintPresets);
  on("details", paintDetails);
  on("collection", () => {
    pending = 0;
    result = null;
    state.hits = [];
    show();
    status.replaceChildren();
    if (state.query && document.documentElement.dataset.pagelens) ask();
  });
  on("deleted", () => {
    if (state.query && result) ask();
  });
  on("restore", () => {
    query.value = state.query;
    pipeline.value = text();
    filter.value = state.filter;
    k.value = state.k;
    paintPreset();
    paintSizes();
    if (state.query) ask();
  });
  show();
});

/* viewer: the page picture with zoom and pan, the heat over it, the score as a ledger, and the page's text. */
pagelens.part("viewer", (root) => {
  const { h, put, s, icon, fmt, state, on, call, imageUrl, openPage, showTab, notify } = pagelens;
  const heat = pagelens.heat;
  let page = null,
    why = null,
    ticket = 0,
    sims = null,
    places = null,
    combined = null;
  const look = { on: true, chosen: [], opacity: 0.85, scale: "ember", mode: "shared", pooled: "", encoder: "" };
  try {
    Object.assign(look, JSON.parse(localStorage.getItem("pagelens-look") || "{}"), {
      on: true,
      chosen: [],
      pooled: "",
    });
  } catch {
    /* first visit */
  }
  if (!heat.SCALES[look.scale]) look.scale = "ember";
  const keep = () => {
    try {
      localStorage.setItem(
        "pagelens-look",
        JSON.stringify({ opacity: look.opacity, scale: look.scale, mode: look.mode }),
      );
    } catch {
      /* private window */
    }
  };

  /* --- frame -------------------------------------------------------------------------------------------------------- */
  const quiet = (label, name, action, key) =>
    h(
      "button",
      {
        type: "button",
        class: "pl-quiet",
        "aria-label": label,
        title: key ? `${label} (${key})` : label,
        onclick: action,
      },
      icon(name),
    );
  const title = h("h2", { class: "pl-view-title" }),
    number = h("input", {
      class: "pl-input pl-short",
      type: "number",
      min: 1,
      "aria-label": "Go to page",
      onchange: () => go(Number(number.value)),
    }),
    of = h("span", { class: "pl-muted" });
  const back = h(
    "button",
    { type: "button", class: "pl-button pl-subtle", onclick: () => showTab("search") },
    icon("back"),
    "Results",
  );
  const before = quiet("Previous page", "left", () => go(page.page - 1), "["),
    after = quiet("Next page", "right", () => go(page.page + 1), "]");
  const percent = h("span", { class: "pl-num pl-percent", "aria-live": "off" });
  const link = quiet("Copy a link to this page", "link", async () => {
    try {
      await navigator.clipboard.writeText(location.href);
      notify("Link copied.");
    } catch {
      notify(location.href);
    }
  });
  const image = h("img", { class: "pl-paper-image", alt: "", draggable: "false" }),
    canvas = h("canvas", { class: "pl-heat", id: "pl-heat", "aria-hidden": "true" });
  const marks = s("svg", {
    class: "pl-marks",
    viewBox: "0 0 1000 1000",
    preserveAspectRatio: "none",
    "aria-hidden": "true",
  });
  const paper = h("div", { class: "pl-paper" }, image, canvas, marks);
  const tip = h("div", { class: "pl-tip", hidden: true });
  const stage = h(
    "div",
    {
      class: "pl-stage",
      tabindex: "0",
      role: "group",
      "aria-label": "Page picture. Plus, minus and zero zoom; arrow keys move.",
    },
    paper,
    tip,
  );
  const tools = h(
    "div",
    { class: "pl-view-tools" },
    back,
    title,
    h("div", { class: "pl-row pl-pager" }, before, number, of, after),
    h(
      "div",
      { class: "pl-row pl-zoom" },
      quiet("Zoom out", "minus", () => zoom(1 / 1.25), "-"),
      percent,
      quiet("Zoom in", "plus", () => zoom(1.25), "+"),
      quiet("Fit", "fit", () => fit(), "0"),
      link,
    ),
  );
  const panel = h("div", { class: "pl-panel" });
  const view = h("div", { class: "pl-view" }, h("div", { class: "pl-view-main" }, tools, stage), panel);
  const blank = h("div", { class: "pl-empty" });
  root.append(h("div", { class: "pl-viewer" }, blank, view));
  view.hidden = true;
  empty("No page is open", "Open a result of a search, or a document of the library.");
  function empty(head, body, act) {
    view.hidden = true;
    blank.hidden = false;
    put(
      blank,
      h("p", { class: "pl-empty-title", text: head }),
      h("p", { text: body }),
      act ||
        h("button", { type: "button", class: "pl-button", onclick: () => showTab("search"), text: "Go to search" }),
    );
  }

  /* Which encoder's vectors explain the page: the chosen one while the collection has it, else the pipeline's last. */
  const spaces = () => (state.details && state.details.collection.spaces) || [];
  const spaceNow = () => (spaces().some((x) => x.encoder === look.encoder) ? look.encoder : "");

  /* --- opening --------------------------------------------------------------------------------------------------------- */
  on("open", async (ref) => {
    const mine = ++ticket;
    stage.classList.add("pl-stale");
    try {
      const found = await call("read_page", { collection: state.collection, document: ref.document, page: ref.page });
      if (mine !== ticket) return;
      page = found;
      why = sims = places = combined = null;
      look.pooled = "";
      hideTip();
      paintFrame();
      paintPanel(Boolean(state.query));
      drawHeat();
      if (!state.query) return;
      const told = await call("explain_page", {
        collection: state.collection,
        document: ref.document,
        page: ref.page,
        query: state.query,
        encoder: spaceNow(),
        pipeline: state.pipeline,
      });
      if (mine !== ticket) return;
      why = told;
      sims = heat.values(why.similarities);
      places = heat.boxes(why.boxes);
      look.chosen = look.chosen.filter((t) => t < why.tokens.length);
      if (look.query !== why.query) {
        look.chosen = [];
        look.query = why.query;
      }
      paintPanel(false);
      drawHeat();
    } catch (error) {
      if (mine !== ticket) return;
      if (page && page.document === ref.document && page.page === ref.page) paintPanel(false, error.message);
      else {
        page = null;
        empty("That page cannot be shown", error.message);
      }
    }
  });
  on("collection", () => {
    ticket++;
    page = why = null;
    empty("No page is open", "Open a result of a search, or a document of the library.");
  });
  on("deleted", (name) => {
    if (page && page.document === name) {
      ticket++;
      page = why = null;
      empty("This document was deleted", name);
    }
  });
  on("tab", (name) => {
    if (name === "page" && page)
      requestAnimationFrame(() => {
        if (!box.moved) fit();
      });
  });
  function go(to) {
    if (!page) return;
    to = Math.round(to);
    if (!(to >= 1 && to <= page.pages)) {
      number.value = page.page;
      return;
    }
    if (to !== page.page) openPage({ document: page.document, page: to });
  }
  function paintFrame() {
    blank.hidden = true;
    view.hidden = false;
    title.textContent = page.document;
    title.title = page.document;
    number.value = page.page;
    number.max = page.pages;
    of.textContent = `of ${fmt.count(page.pages)}`;
    before.disabled = page.page <= 1;
    after.disabled = page.page >= page.pages;
    image.alt = `${page.document}, page ${page.page}`;
    image.src = imageUrl(page.document, page.page, page.page_id, "page");
    paper.style.width = `${page.width}px`;
    paper.style.height = `${page.height}px`;
    back.hidden = !state.hits.length && !state.query;
    marks.replaceChildren();
    requestAnimationFrame(() => fit());
  }
  image.addEventListener("load", () => stage.classList.remove("pl-stale"));
  image.addEventListener("error", () => {
    stage.classList.remove("pl-stale");
    if (page) notify("The picture of this page could not be loaded.", "error");
  });

  /* --- zoom and pan ------------------------------------------------------------------------------------------------------ */
  const box = { x: 0, y: 0, scale: 1, least: 0.1, moved: false };
  function place() {
    const w = page.width * box.scale,
      t = page.height * box.scale,
      sw = stage.clientWidth,
      sh = stage.clientHeight;
    box.x = w <= sw ? (sw - w) / 2 : Math.min(24, Math.max(sw - w - 24, box.x));
    box.y = t <= sh ? (sh - t) / 2 : Math.min(24, Math.max(sh - t - 24, box.y));
    paper.style.transform = `translate(${box.x}px, ${box.y}px) scale(${box.scale})`;
    percent.textContent = `${Math.round(box.scale * 100)}%`;
    stage.classList.toggle("pl-zoomed", box.moved);
  }
  function fit() {
    if (!page || !stage.clientWidth) return;
    const wide = (stage.clientWidth - 24) / page.width,
      tall = (stage.clientHeight - 24) / page.height;
    box.scale = Math.min(wide, tall);
    box.least = box.scale * 0.6;
    box.moved = false;
    place();
  }
  function zoom(factor, cx = stage.clientWidth / 2, cy = stage.clientHeight / 2) {
    if (!page) return;
    const scale = Math.min(8, Math.max(box.least, box.scale * factor)),
      f = scale / box.scale;
    box.x = cx - (cx - box.x) * f;
    box.y = cy - (cy - box.y) * f;
    box.scale = scale;
    box.moved = true;
    place();
  }
  const local = (event) => {
    const r = stage.getBoundingClientRect();
    return { x: event.clientX - r.left, y: event.clientY - r.top };
  };
  stage.addEventListener(
    "wheel",
    (event) => {
      if (!page) return;
      event.preventDefault();
      const p = local(event);
      zoom(Math.exp(-Math.max(-120, Math.min(120, event.deltaY)) * 0.0022), p.x, p.y);
    },
    { passive: false },
  );
  const fingers = new Map();
  stage.addEventListener("pointerdown", (event) => {
    if (event.button) return;
    fingers.set(event.pointerId, local(event));
    if (event.pointerType === "mouse" || fingers.size > 1 || box.moved) stage.setPointerCapture(event.pointerId);
    stage.classList.add("pl-grabbing");
  });
  stage.addEventListener("pointermove", (event) => {
    if (!page) return;
    const p = local(event),
      last = fingers.get(event.pointerId);
    if (!last) {
      hover(p);
      return;
    }
    if (fingers.size === 2) {
      const other = [...fingers].find(([id]) => id !== event.pointerId)[1];
      const was = Math.hypot(last.x - other.x, last.y - other.y),
        now = Math.hypot(p.x - other.x, p.y - other.y);
      if (was > 0) zoom(now / was, (p.x + other.x) / 2, (p.y + other.y) / 2);
    } else if (event.pointerType === "mouse" || box.moved) {
      if (p.x !== last.x || p.y !== last.y) {
        box.x += p.x - last.x;
        box.y += p.y - last.y;
        box.moved = true;
        place();
        hideTip();
      }
    }
    fingers.set(event.pointerId, p);
  });
  const lift = (event) => {
    const p = fingers.get(event.pointerId);
    fingers.delete(event.pointerId);
    if (!fingers.size) stage.classList.remove("pl-grabbing");
    if (p && event.type === "pointerup" && event.pointerType !== "mouse") hover(p);
  };
  stage.addEventListener("pointerup", lift);
  stage.addEventListener("pointercancel", lift);
  stage.addEventListener("pointerleave", () => hideTip());
  stage.addEventListener("dblclick", (event) => {
    const p = local(event);
    zoom(1.8, p.x, p.y);
  });
  stage.addEventListener("keydown", (event) => {
    const by = { ArrowLeft: [60, 0], ArrowRight: [-60, 0], ArrowUp: [0, 60], ArrowDown: [0, -60] }[event.key];
    if (!by || !page) return;
    event.preventDefault();
    box.x += by[0];
    box.y += by[1];
    box.moved = true;
    place();
  });
  new ResizeObserver(() => {
    if (page && stage.clientWidth) {
      if (box.moved) place();
      else fit();
    }
  }).observe(stage);

  /* --- heat ------------------------------------------------------------------------------------------------------------------ */
  const pooledView = () => (why && look.pooled ? why.pooled.find((p) => p.index === look.pooled) : null);
  function layer() {
    const pooled = pooledView();
    if (pooled) {
      const values = heat.values(pooled.similarities),
        [m, n] = pooled.similarities.shape;
      return {
        list: heat.combine(values, m, n, why.weights, look.chosen),
        boxes: heat.boxes(pooled.boxes),
        grid: true,
        pooled,
      };
    }
    const [m, n] = why.similarities.shape;
    return { list: heat.combine(sims, m, n, why.weights, look.chosen), boxes: places, grid: Boolean(why.grid) };
  }
  function drawHeat() {
    canvas.hidden = !(why && look.on);
    marks.querySelectorAll(".pl-cell").forEach((node) => node.remove());
    if (!why || !page) {
      canvas.width = canvas.width;
      return;
    }
    combined = layer();
    const { low, high } = heat.range(combined.list, look.mode);
    combined.low = low;
    combined.high = high;
    heat.draw(canvas, {
      list: combined.list,
      places: combined.boxes,
      grid: combined.grid,
      aspect: page.height / page.width,
      scale: look.scale,
      low,
      high,
      opacity: look.opacity,
    });
    if (combined.pooled && look.on)
      for (let j = 0; j < combined.list.length; j++) marks.append(mark(boxAt(combined.boxes, j), "pl-cell"));
    paintLegend();
  }
  const boxAt = (list, j) => [0, 1, 2, 3].map((i) => list[4 * j + i]);
  const mark = (b, kind) =>
    s("rect", {
      class: kind,
      x: b[0] * 1000,
      y: b[1] * 1000,
      width: Math.max(0, b[2] - b[0]) * 1000,
      height: Math.max(0, b[3] - b[1]) * 1000,
    });
  function highlight(b) {
    marks.querySelectorAll(".pl-mark-box").forEach((node) => node.remove());
    if (b && b[2] > b[0]) marks.append(mark(b, "pl-mark-box"));
  }
  function reveal(b) {
    highlight(b);
    if (!(b[2] > b[0])) return;
    const want = Math.max(box.scale, Math.min(2, (stage.clientWidth * 0.25) / ((b[2] - b[0]) * page.width)));
    if (want > box.scale * 1.5 || box.moved) {
      box.scale = Math.max(box.scale, Math.min(want, box.scale * 2));
      box.moved = true;
    }
    box.x = stage.clientWidth / 2 - ((b[0] + b[2]) / 2) * page.width * box.scale;
    box.y = stage.clientHeight / 2 - ((b[1] + b[3]) / 2) * page.height * box.scale;
    place();
  }
  function hideTip() {
    tip.hidden = true;
  }
  function hover(p) {
    if (!why || !combined || !look.on) {
      hideTip();
      return;
    }
    const px = (p.x - box.x) / box.scale / page.width,
      py = (p.y - box.y) / box.scale / page.height;
    let best = -1,
      area = Infinity;
    for (let j = 0; j < combined.list.length; j++) {
      const [x0, y0, x1, y1] = boxAt(combined.boxes, j),
        pad = combined.grid ? 0 : (y1 - y0) * 0.3;
      if (
        x1 > x0 &&
        px >= x0 - pad * 0.5 &&
        px <= x1 + pad * 0.5 &&
        py >= y0 - pad &&
        py <= y1 + pad &&
        (x1 - x0) * (y1 - y0) < area
      ) {
        best = j;
        area = (x1 - x0) * (y1 - y0);
      }
    }
    if (best < 0) {
      hideTip();
      return;
    }
    const source = combined.pooled ? heat.values(combined.pooled.similarities) : sims,
      n = combined.list.length;
    const use = look.chosen.length ? look.chosen : [...why.tokens.keys()];
    const rows = use
      .map((t) => ({ label: why.tokens[t], value: source[t * n + best] }))
      .sort((a, b) => b.value - a.value)
      .slice(0, 6);
    const name = combined.pooled
      ? `${combined.pooled.index} ${best + 1}`
      : why.labels[best] ||
        (why.grid ? `patch r${Math.floor(best / why.grid[1]) + 1} c${(best % why.grid[1]) + 1}` : `vector ${best + 1}`);
    put(
      tip,
      h("b", { text: name }),
      h(
        "dl",
        {},
        rows.map((r) => [h("dt", { text: r.label }), h("dd", { class: "pl-num", text: r.value.toFixed(2) })]),
      ),
    );
    tip.hidden = false;
    const w = tip.offsetWidth,
      t = tip.offsetHeight;
    tip.style.left = `${Math.min(stage.clientWidth - w - 6, Math.max(6, p.x + 14))}px`;
    tip.style.top = `${p.y + 18 + t > stage.clientHeight ? Math.max(6, p.y - t - 10) : p.y + 18}px`;
  }

  /* --- panel -------------------------------------------------------------------------------------------------------------------- */
  const legend = h("div", { class: "pl-legend" });
  function paintLegend() {
    if (!combined) return;
    put(
      legend,
      h("span", { class: "pl-num", text: combined.low.toFixed(2) }),
      h("i", { style: { background: heat.gradient(look.scale) } }),
      h("span", { class: "pl-num", text: combined.high.toFixed(2) }),
    );
  }
  const chips = () =>
    h(
      "div",
      { class: "pl-chips pl-tokens", role: "group", "aria-label": "Query words that the heat shows" },
      h("button", {
        type: "button",
        class: "pl-chip",
        "aria-pressed": look.chosen.length ? "false" : "true",
        onclick: () => choose([]),
        text: "All",
      }),
      why.tokens.map((label, t) =>
        h("button", {
          type: "button",
          class: "pl-chip",
          "data-token": t,
          "aria-pressed": look.chosen.includes(t) ? "true" : "false",
          onclick: () => toggle(t),
          text: label,
        }),
      ),
    );
  let tokenRow = null;
  function choose(list) {
    look.chosen = list;
    const next = chips();
    const had =
      document.activeElement && tokenRow.contains(document.activeElement)
        ? [...tokenRow.children].indexOf(document.activeElement)
        : -1;
    tokenRow.replaceWith(next);
    tokenRow = next;
    if (had >= 0 && next.children[had]) next.children[had].focus();
    drawHeat();
    paintRows();
  }
  const toggle = (t) => choose(look.chosen.includes(t) ? look.chosen.filter((x) => x !== t) : [...look.chosen, t]);
  let rows = [];
  function paintRows() {
    rows.forEach(({ node, row }) =>
      node.classList.toggle("pl-off", look.chosen.length > 0 && !look.chosen.includes(row.token)),
    );
  }
  const segments = (label, name, options, value, change) =>
    h(
      "div",
      { class: "pl-segments", role: "radiogroup", "aria-label": label },
      options.map(([key, text, hint]) =>
        h(
          "label",
          { title: hint || null },
          h("input", { type: "radio", name, value: key, checked: key === value, onchange: () => change(key) }),
          h("span", { text }),
        ),
      ),
    );

  function paintPanel(waiting, problem) {
    const text = h(
      "section",
      { class: "pl-section" },
      h(
        "details",
        { open: !why && !waiting },
        h(
          "summary",
          {},
          h("h3", { text: "Page text" }),
          h("span", {
            class: "pl-muted",
            text:
              { text: "text layer", ocr: "read by OCR", mixed: "text layer and OCR", none: "none" }[page.source] ||
              page.source,
          }),
        ),
        h("pre", {
          class: "pl-text",
          id: "pl-page-text",
          tabindex: "0",
          text: page.text || "No words were found on this page.",
        }),
      ),
    );
    if (!why) {
      const note = problem
        ? h("p", { class: "pl-error", role: "alert", text: problem })
        : waiting
          ? h(
              "p",
              { class: "pl-muted" },
              h("span", { class: "pl-spinner" }),
              "Comparing the query with every vector of this page",
            )
          : h(
              "div",
              {},
              h("p", { text: "Search for something to see which parts of this page answer it." }),
              h("button", {
                type: "button",
                class: "pl-button",
                onclick: () => {
                  showTab("search");
                  setTimeout(() => pagelens.emit("focus-query"), 80);
                },
                text: "Search",
              }),
            );
      put(
        panel,
        h("section", { class: "pl-section" }, h("h3", { text: waiting ? "Heat" : "Nothing searched" }), note),
        text,
      );
      return;
    }
    tokenRow = chips();
    const shown = h("input", {
      type: "checkbox",
      id: "pl-heat-on",
      checked: look.on,
      onchange: () => {
        look.on = shown.checked;
        drawHeat();
      },
    });
    const opacity = h("input", {
      type: "range",
      min: 0.1,
      max: 1,
      step: 0.05,
      value: look.opacity,
      "aria-label": "Opacity",
      oninput: () => {
        look.opacity = Number(opacity.value);
        keep();
        drawHeat();
      },
    });
    const scale = h(
      "select",
      {
        class: "pl-select",
        "aria-label": "Colour scale",
        onchange: () => {
          look.scale = scale.value;
          keep();
          drawHeat();
        },
      },
      Object.keys(heat.SCALES).map((name) => h("option", { value: name, text: name })),
    );
    scale.value = look.scale;
    const saw = h("p", { class: "pl-muted pl-saw", "aria-live": "polite" });
    const paintSaw = () => {
      const p = pooledView();
      saw.textContent = p
        ? `${p.index} keeps ${fmt.plural(p.similarities.shape[1], "vector")} of this page's ${fmt.count(why.similarities.shape[1])}: ${fmt.score(p.score)} there (approximate), ${fmt.score(why.score)} with all (exact).`
        : "What a first stage sees is coarser: choose one to draw its cells over the page.";
    };
    paintSaw();
    const total = why.ledger.reduce((most, row) => Math.max(most, row.share), 0) || 1;
    rows = why.ledger.map((row) => {
      const node = h(
        "tr",
        {
          tabindex: "0",
          "data-token": row.token,
          onmouseenter: () => highlight(row.box),
          onmouseleave: () => highlight(null),
          onfocus: () => highlight(row.box),
          onblur: () => highlight(null),
          onclick: () => {
            choose([row.token]);
            reveal(row.box);
          },
          onkeydown: (event) => {
            if (event.key === "Enter") {
              choose([row.token]);
              reveal(row.box);
            }
          },
        },
        h("th", { scope: "row", text: row.label }),
        h("td", { class: "pl-num pl-muted", text: row.weight.toFixed(2) }),
        h("td", {
          class: "pl-best",
          text: row.text || (row.vector >= 0 ? `vector ${row.vector + 1}` : "–"),
          title: row.text,
        }),
        h("td", { class: "pl-num", text: row.similarity.toFixed(2) }),
        h("td", { class: "pl-num", text: row.contribution.toFixed(2) }),
        h(
          "td",
          { class: "pl-share" },
          h("span", { class: "pl-share-bar", style: { "--share": Math.max(0, row.share / total) } }),
          h("span", { class: "pl-num", text: `${Math.round(row.share * 100)}%` }),
        ),
      );
      return { node, row };
    });
    put(
      panel,
      h(
        "section",
        { class: "pl-section" },
        h(
          "div",
          { class: "pl-section-head" },
          h("h3", { text: "Heat" }),
          h("label", { class: "pl-switch" }, shown, h("span", { text: "On" })),
        ),
        h("p", { class: "pl-view-query", text: why.query }),
        tokenRow,
        why.tokens_left_out
          ? h("p", { class: "pl-muted", text: `${why.tokens_left_out} query words that matter least are left out.` })
          : null,
        h(
          "div",
          { class: "pl-look" },
          h("label", {}, h("span", { text: "Opacity" }), opacity),
          h("label", {}, h("span", { text: "Colours" }), scale),
          segments(
            "Range of the colours",
            "pl-mode",
            [
              ["shared", "Same on all pages", "One fixed range, so that pages can be compared"],
              ["page", "This page", "From the middle value of this page to its highest"],
            ],
            look.mode,
            (key) => {
              look.mode = key;
              keep();
              drawHeat();
            },
          ),
        ),
        legend,
      ),
      spaces().length > 1
        ? h(
            "section",
            { class: "pl-section" },
            h("h3", { text: "Encoder" }),
            segments(
              "Encoder whose vectors explain the page",
              "pl-space",
              spaces().map((x) => [x.encoder, x.encoder]),
              why.encoder,
              (encoder) => {
                look.encoder = encoder;
                look.chosen = [];
                pagelens.emit("open", state.open);
              },
            ),
          )
        : null,
      h(
        "section",
        { class: "pl-section" },
        h("h3", { text: "What stage 1 saw" }),
        segments(
          "Index drawn over the page",
          "pl-pooled",
          [["", "every vector"], ...why.pooled.map((p) => [p.index, p.index])],
          look.pooled,
          (key) => {
            look.pooled = key;
            highlight(null);
            drawHeat();
            paintSaw();
          },
        ),
        saw,
      ),
      h(
        "section",
        { class: "pl-section" },
        h(
          "div",
          { class: "pl-section-head" },
          h("h3", { text: "Score, word by word" }),
          h(
            "span",
            { class: "pl-total" },
            h("b", { class: "pl-num", text: fmt.score(why.score) }),
            h("span", { class: "pl-badge pl-exact", text: "exact" }),
          ),
        ),
        h(
          "div",
          { class: "pl-scroll" },
          h(
            "table",
            { class: "pl-table pl-ledger", id: "pl-ledger" },
            h(
              "thead",
              {},
              h(
                "tr",
                {},
                [
                  ["Query", ""],
                  ["Weight", "pl-num"],
                  ["Best on page", ""],
                  ["Sim.", "pl-num"],
                  ["Adds", "pl-num"],
                  ["Share", ""],
                ].map(([t, c]) => h("th", { scope: "col", class: c, text: t })),
              ),
            ),
            h(
              "tbody",
              {},
              rows.map((r) => r.node),
            ),
            h(
              "tfoot",
              {},
              h(
                "tr",
                {},
                h("th", { scope: "row", colspan: "4", text: "Score: the sum" }),
                h("td", { class: "pl-num", text: fmt.score(why.score) }),
                h("td"),
              ),
            ),
          ),
        ),
        h("p", {
          class: "pl-muted",
          text: "Each query word takes its most similar place on the page; weight times similarity is what it adds.",
        }),
      ),
      why.regions.length
        ? h(
            "section",
            { class: "pl-section" },
            h(
              "div",
              { class: "pl-section-head" },
              h("h3", { text: "Where the score was won" }),
              h("span", { class: "pl-muted", text: "share of the page's" }),
            ),
            h(
              "ol",
              { class: "pl-regions" },
              why.regions.map((r) =>
                h(
                  "li",
                  {},
                  h(
                    "button",
                    {
                      type: "button",
                      class: "pl-region",
                      onmouseenter: () => highlight(r.box),
                      onmouseleave: () => highlight(null),
                      onfocus: () => highlight(r.box),
                      onblur: () => highlight(null),
                      onclick: () => reveal(r.box),
                    },
                    h("span", { class: "pl-num", text: `${Math.round(r.share * 100)}%` }),
                    h("span", {}, h("span", { class: "pl-badge", text: r.kind }), ` ${r.text || "(no text)"}`),
                  ),
                ),
              ),
            ),
          )
        : null,
      pagelens.saw({
        page,
        why,
        kind: (spaces().find((x) => x.encoder === why.encoder) || {}).kind,
        marks,
        mark,
        reveal,
        highlight,
      }),
      text,
    );
    paintRows();
  }

  on("key", (event) => {
    if (pagelens.currentTab() !== "page" || !page) return;
    const act = {
      "[": () => go(page.page - 1),
      "]": () => go(page.page + 1),
      "+": () => zoom(1.25),
      "=": () => zoom(1.25),
      "-": () => zoom(1 / 1.25),
      0: () => fit(),
      a: () => why && choose([]),
      h: () => {
        look.on = !look.on;
        const box_ = document.getElementById("pl-heat-on");
        if (box_) box_.checked = look.on;
        drawHeat();
      },
    }[event.key];
    if (act) {
      event.preventDefault();
      act();
    } else if (/^[1-9]$/.test(event.key) && why && Number(event.key) <= why.tokens.length)
      choose([Number(event.key) - 1]);
  });
});

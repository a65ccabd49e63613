/* viewer: an open page: its picture with the heat over it, and what the panel tells of it. */
pagelens.part("viewer", (root) => {
  const { h, put, icon, fmt, state, on, call, asking, asked, imageUrl, openPage, showTab, notify } = pagelens;
  const heat = pagelens.heat;
  let page = null,
    why = null,
    ticket = 0,
    seen = null,
    combined = null;
  const look = { on: true, chosen: [], pooled: "", encoder: "" };
  const shown = () => ({ join: look.join, range: look.range, colour: look.colour, opacity: look.opacity });
  on("overview", () => {
    if (look.join) return;
    Object.assign(look, heat.looks().usual);
    try {
      Object.assign(look, JSON.parse(localStorage.getItem("pagelens-heat") || "{}"));
    } catch {
      /* a private window, or not ours */
    }
    if (!heat.looks().colours[look.colour]) look.colour = heat.looks().usual.colour;
  });
  const keep = () => {
    try {
      localStorage.setItem("pagelens-heat", JSON.stringify(shown()));
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
  const tip = h("div", { class: "pl-tip", hidden: true });
  const picks = h("div", {
    class: "pl-picks",
    hidden: true,
    role: "group",
    "aria-label": "The part of the page picked",
  });
  const stage = pagelens.stage({
    hover,
    scaled: (text) => (percent.textContent = text),
    picked: paintPick,
  });
  const { image, canvas, marks, mark } = stage;
  stage.node.append(tip);
  const picker = quiet("Pick a part to search with", "select", () => setPicking(!picking), "r");
  const tools = h(
    "div",
    { class: "pl-view-tools" },
    back,
    title,
    h("div", { class: "pl-row pl-pager" }, before, number, of, after),
    h(
      "div",
      { class: "pl-row pl-zoom" },
      quiet("Zoom out", "minus", () => stage.zoom(1 / 1.25), "-"),
      percent,
      quiet("Zoom in", "plus", () => stage.zoom(1.25), "+"),
      quiet("Fit", "fit", () => stage.fit(), "0"),
      picker,
      quiet("Save this page as a picture with its heat", "save", () => savePage()),
      link,
    ),
  );
  const panel = h("div", { class: "pl-panel" });
  const view = h(
    "div",
    { class: "pl-view" },
    h("div", { class: "pl-view-main" }, h("div", {}, tools, picks), stage.node),
    panel,
  );
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

  /* --- opening -------------------------------------------------------------------------------------------------------------- */
  on("open", async (ref) => {
    const mine = ++ticket;
    stage.node.classList.add("pl-stale");
    try {
      const found = await call("read_page", { collection: state.collection, document: ref.document, page: ref.page });
      if (mine !== ticket) return;
      page = found;
      why = seen = combined = null;
      look.pooled = "";
      hideTip();
      paintFrame();
      panelled.paint(asking());
      drawHeat();
      if (!asking()) return;
      const told = await call("explain_page", {
        collection: state.collection,
        document: ref.document,
        page: ref.page,
        query: asked(),
        encoder: spaceNow(),
        pipeline: state.pipeline,
      });
      if (mine !== ticket) return;
      why = told;
      seen = heat.read(why);
      look.chosen = look.chosen.filter((t) => t < why.tokens.length);
      if (look.query !== why.query && !look.restoring) look.chosen = [];
      look.query = why.query;
      look.restoring = false;
      panelled.paint(false);
      drawHeat();
    } catch (error) {
      if (mine !== ticket) return;
      if (page && page.document === ref.document && page.page === ref.page) panelled.paint(false, error.message);
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
        if (!stage.box.moved) stage.fit();
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
    back.hidden = !state.hits.length && !asking();
    setPicking(false);
    stage.open(page);
  }
  image.addEventListener("load", () => stage.node.classList.remove("pl-stale"));
  image.addEventListener("error", () => {
    stage.node.classList.remove("pl-stale");
    if (page) notify("The picture of this page could not be loaded.", "error");
  });
  pagelens.links.push({
    write(add) {
      if (pagelens.currentTab() === "page" && look.chosen.length) add("t", look.chosen.join("."));
    },
    read(wanted) {
      const tokens = (wanted.get("t") || "").split(".").filter((text) => /^\d+$/.test(text));
      look.chosen = tokens.map(Number);
      look.restoring = tokens.length > 0;
    },
  });

  /* --- a part of the page as a query ------------------------------------------------------------------------------- */
  let picking = false;
  function setPicking(on) {
    if (!page) return;
    picking = on;
    picker.setAttribute("aria-pressed", String(on));
    stage.picking(on);
    if (on) paintPick(null);
    else picks.hidden = true;
  }
  function paintPick(box) {
    picks.hidden = !picking;
    if (!picking) return;
    const button = (text, kind, act) => h("button", { type: "button", class: `pl-button ${kind}`, onclick: act, text });
    if (!box)
      put(
        picks,
        h("span", { text: "Drag a rectangle over the page; or move one with the arrow keys, and size it with Shift." }),
        button("Cancel", "", () => setPicking(false)),
      );
    else
      put(
        picks,
        button("Search for this part", "pl-primary", () => askRegion(box, false)),
        asking() ? button("Add to the query", "", () => askRegion(box, true)) : null,
        button("Cancel", "", () => setPicking(false)),
      );
  }
  function askRegion(box, adding) {
    const ref = `${page.document}#page=${page.page}`;
    const part = { kind: "region", page: ref, box: box.map((x) => Number(x.toFixed(4))), weight: 1 };
    setPicking(false);
    if (!adding) state.query = "";
    state.parts = adding ? [...state.parts, part] : [part];
    showTab("search");
    pagelens.emit("ask");
  }
  async function savePage() {
    if (!page) return;
    try {
      const tokens = look.chosen.length ? look.chosen.map((t) => why.positions[t]) : null;
      await pagelens.keeping.download("png", {
        page: `${page.document}#page=${page.page}`,
        ...(why ? { look: { ...shown(), tokens }, encoder: why.encoder } : {}),
      });
    } catch (error) {
      notify(error.message, "error");
    }
  }

  /* --- heat --------------------------------------------------------------------------------------------------------- */
  const pooledView = () => (why && look.pooled ? why.pooled.find((p) => p.index === look.pooled) : null);
  /* What a pooled index saw is on the scale of the page itself, so that both can be compared. */
  function layer() {
    const pooled = pooledView(),
      own = heat.combined(seen, look.chosen, look.join),
      drawn = pooled ? heat.read(why, pooled) : seen;
    const several = (look.chosen.length || seen.weights.length) > 1;
    return {
      list: pooled ? heat.combined(drawn, look.chosen, look.join) : own,
      ...heat.bounds(heat.placed(own, seen.boxes), look, several),
      boxes: drawn.boxes,
      similarities: drawn.similarities,
      grid: Boolean(pooled || why.grid),
      pooled,
    };
  }
  function drawHeat() {
    canvas.hidden = !(why && look.on);
    marks.querySelectorAll(".pl-cell").forEach((node) => node.remove());
    if (!why || !page) {
      canvas.width = canvas.width;
      return;
    }
    combined = layer();
    const { list, boxes: places, low, high } = combined;
    heat.draw(canvas, { ...shown(), list, places, low, high, aspect: page.height / page.width });
    if (combined.pooled && look.on)
      for (let j = 0; j < combined.list.length; j++) marks.append(mark(boxAt(combined.boxes, j), "pl-cell"));
    panelled.legend();
  }
  const boxAt = (list, j) => [0, 1, 2, 3].map((i) => list[4 * j + i]);
  function hideTip() {
    tip.hidden = true;
  }
  function hover(p) {
    if (!p || !why || !combined || !look.on || picking) {
      hideTip();
      return;
    }
    const px = p.fx,
      py = p.fy;
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
    const source = combined.similarities,
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
    tip.style.left = `${Math.min(stage.node.clientWidth - w - 6, Math.max(6, p.x + 14))}px`;
    tip.style.top = `${p.y + 18 + t > stage.node.clientHeight ? Math.max(6, p.y - t - 10) : p.y + 18}px`;
  }

  /* --- panel -------------------------------------------------------------------------------------------------------- */
  const panelled = pagelens.panel(panel, {
    look,
    keep,
    marks: stage,
    page: () => page,
    why: () => why,
    pooled: pooledView,
    combined: () => combined,
    spaces,
    draw: drawHeat,
    region: (box) => askRegion(box, false),
  });
  const choose = panelled.choose;
  on("key", (event) => {
    if (pagelens.currentTab() !== "page" || !page) return;
    const act = {
      "[": () => go(page.page - 1),
      "]": () => go(page.page + 1),
      "+": () => stage.zoom(1.25),
      "=": () => stage.zoom(1.25),
      "-": () => stage.zoom(1 / 1.25),
      0: () => stage.fit(),
      r: () => setPicking(!picking),
      Escape: () => picking && setPicking(false),
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

/* bar: name, collection, state of the model, theme, keys. */
pagelens.part("bar", (root) => {
  const { h, put, icon, state, on, call, choose, showKeys, notify } = pagelens;
  const mark = () => h("span", { class: "pl-mark", "aria-hidden": "true" });
  const select = h("select", {
    class: "pl-select",
    id: "pl-collection",
    "aria-label": "Collection",
    onchange: () => choose(select.value),
  });
  const model = h("button", {
    type: "button",
    class: "pl-model",
    "aria-live": "polite",
    onclick: () => pagelens.models.show(),
  });
  const theme = h("button", { type: "button", class: "pl-quiet", onclick: toggleTheme });
  root.append(
    h(
      "header",
      { class: "pl-bar" },
      h("div", { class: "pl-brand" }, mark(), h("span", { class: "pl-name", text: "Pagelens" })),
      h(
        "div",
        { class: "pl-bar-end" },
        model,
        h("label", { class: "pl-collection" }, h("span", { class: "pl-sr", text: "Collection" }), select),
        h(
          "button",
          {
            type: "button",
            class: "pl-quiet",
            "aria-label": "Keyboard shortcuts",
            title: "Keyboard shortcuts (?)",
            onclick: showKeys,
          },
          icon("keys"),
        ),
        theme,
      ),
    ),
  );

  function dark() {
    return document.body.classList.contains("dark");
  }
  function paintTheme() {
    put(theme, icon(dark() ? "sun" : "moon"));
    theme.setAttribute("aria-label", dark() ? "Light theme" : "Dark theme");
    theme.title = theme.getAttribute("aria-label");
  }
  function toggleTheme() {
    document.body.classList.toggle("dark");
    try {
      localStorage.setItem("pagelens-theme", dark() ? "dark" : "light");
    } catch {
      /* private window: lasts as long as the page */
    }
    paintTheme();
  }
  try {
    const kept = localStorage.getItem("pagelens-theme");
    if (kept && !new URLSearchParams(location.search).has("__theme"))
      document.body.classList.toggle("dark", kept === "dark");
  } catch {
    /* as above */
  }
  new MutationObserver(paintTheme).observe(document.body, { attributes: true, attributeFilter: ["class"] });
  paintTheme();

  function paintCollections() {
    const names = state.overview.collections.map((c) => c.name);
    if (state.collection && !names.includes(state.collection)) names.unshift(state.collection);
    put(select, ...names.map((name) => h("option", { value: name, text: name })));
    select.value = state.collection;
    select.disabled = names.length < 2;
  }
  on("overview", () => {
    paintCollections();
    paintModel(state.overview.model);
  });
  on("collection", paintCollections);

  function paintModel(info) {
    model.className = `pl-model pl-model-${info.state}`;
    model.textContent =
      { cold: "Models", warming: "Warming up the model", ready: "Model ready", failed: "Model not available" }[
        info.state
      ] || "Models";
    model.title = info.detail || "Models: load, unload, and what there is";
    if (info.state === "failed" && info.detail) notify(info.detail, "error");
    if (info.state === "warming" || info.state === "cold")
      setTimeout(() => call("model_state").then(paintModel, () => setTimeout(() => paintModel(info), 5000)), 1500);
  }
});

/* models: what there is to choose from, where its weights are, what a page takes here, and loading one or letting it go. */
(() => {
  "use strict";
  const { h, put, icon, fmt, api, dialog, notify } = pagelens;
  const KIND = { words: "a vector a word", patches: "a vector a patch", page: "one vector a page", score: "scores pages" };
  const STATE = {
    absent: "Weights not here",
    here: "Ready to load",
    loading: "Loading",
    loaded: "Loaded",
    failed: "Failed to load",
  };

  const size = (billions) =>
    billions >= 1 ? `${billions.toFixed(1).replace(/\.0$/, "")} B weights` : `${Math.round(billions * 1000)} M weights`;
  const speed = (seconds) =>
    seconds >= 1 ? `${seconds.toFixed(1)} s a page here` : `${(1 / seconds).toFixed(1)} pages a second here`;

  function facts(model) {
    const known = [KIND[model.kind] || model.kind];
    if (model.parameters) known.push(size(model.parameters));
    if (model.download && !model.folder) known.push(`${fmt.bytes(model.download)} to fetch`);
    known.push(model.licence);
    if (model.available) known.push(model.seconds_per_page ? speed(model.seconds_per_page) : "not timed here yet");
    if (model.device) known.push(`on ${model.device}`);
    return known.filter(Boolean);
  }

  function copying(text) {
    const button = h(
      "button",
      {
        type: "button",
        class: "pl-quiet",
        "aria-label": "Copy the command",
        title: "Copy",
        onclick: async () => {
          try {
            await navigator.clipboard.writeText(text);
            notify("Copied.");
          } catch {
            notify(text);
          }
        },
      },
      icon("copy"),
    );
    return h("div", { class: "pl-command" }, h("code", { text }), button);
  }

  /* The reason without its command, which stands below it with a button that copies it. */
  const why = (model) => (model.command && !model.available ? model.reason.replace(/; run: .*$/s, ".") : model.reason);

  /* One model; `end` stands at its right (a radio's row has none, the list of models has its buttons). */
  function row(model, end) {
    return h(
      "div",
      { class: "pl-model-row", "data-model": model.id, "data-state": model.state },
      h(
        "div",
        { class: "pl-model-head" },
        h("b", { text: model.name }),
        h("code", { class: "pl-muted", text: model.id }),
        h("span", {
          class: `pl-badge pl-model-state pl-state-${model.state}`,
          text: STATE[model.state] || model.state,
        }),
        end || null,
      ),
      h("p", { class: "pl-model-summary", text: model.summary }),
      h(
        "p",
        { class: "pl-facts pl-model-facts" },
        facts(model).map((text) => h("span", { text })),
      ),
      model.folder ? h("p", { class: "pl-muted pl-model-folder", title: model.folder, text: model.folder }) : null,
      model.own_code
        ? h("p", { class: "pl-model-code", text: `May run code of its own here, allowed at revision ${model.own_code}.` })
        : null,
      model.reason ? h("p", { class: "pl-model-reason", text: why(model) }) : null,
      model.command && !model.available ? copying(model.command) : null,
    );
  }

  const here = (model) => model.available;
  function grouped(models, make) {
    const usable = models.filter(here),
      rest = models.filter((model) => !here(model));
    return [
      h("div", { class: "pl-model-list" }, usable.map(make)),
      rest.length
        ? h(
            "details",
            { class: "pl-model-rest" },
            h("summary", { text: `${fmt.plural(rest.length, "model")} whose weights are not on this machine` }),
            h("div", { class: "pl-model-list" }, rest.map(make)),
          )
        : null,
    ];
  }

  /* A group of radios; `value()` is the chosen id. `except` are ids that are not offered. */
  async function picker(chosen, except = []) {
    const models = (await api.get("/models")).filter((model) => model.kind !== "score" && !except.includes(model.id));
    let value = models.some((model) => model.id === chosen && here(model))
      ? chosen
      : (models.find(here) || { id: "" }).id;
    const node = h(
      "div",
      { class: "pl-models", role: "radiogroup", "aria-label": "Encoder" },
      grouped(models, (model) =>
        h(
          "label",
          { class: "pl-model-choice" },
          h("input", {
            type: "radio",
            name: "pl-encoder",
            value: model.id,
            checked: model.id === value,
            disabled: !here(model),
            onchange: () => {
              value = model.id;
            },
          }),
          row(model),
        ),
      ),
    );
    return { node, value: () => value };
  }

  /* Getting a model: what it takes and its licence first, then a job whose bytes are watched; `after` when it ends. */
  async function get(model, after) {
    const offer = await api.get(`/models/${api.part(model.id)}/offer`);
    const terms = offer.repositories.map((one) =>
      h(
        "li",
        {},
        h("code", { text: one.name }),
        h("span", { text: ` ${fmt.bytes(one.bytes)}, licence: ${one.licence || "its card names none"}` }),
        one.terms ? h("span", { class: "pl-muted", text: ` (${one.terms})` }) : null,
        one.gated ? h("span", { text: "; its owners ask that you agree on its page first" }) : null,
      ),
    );
    const body = h(
      "div",
      { class: "pl-get" },
      h("ul", {}, terms),
      h("p", { text: `${fmt.bytes(offer.bytes)} to fetch; ${fmt.bytes(offer.free)} are free in ${offer.folder}.` }),
    );
    if (!(await dialog({ title: `Get ${model.name}`, body, confirm: "Accept the licence and get it" }))) return;
    watch(model.id, await api.post(`/models/${api.part(model.id)}/get`, { licence: offer.licence }), after);
  }

  const getting = new Map();
  async function watch(id, started, after) {
    let job = started;
    getting.set(id, job);
    after();
    while (["waiting", "running", "stopping"].includes(job.state)) {
      await new Promise((resolve) => setTimeout(resolve, 1000));
      job = await api.get(`/jobs/${api.part(job.id)}`);
      getting.set(id, job);
      const bar = document.querySelector(`[data-getting="${CSS.escape(id)}"]`);
      if (bar) bar.textContent = fetched(job);
    }
    getting.delete(id);
    notify(job.message || "Stopped; get it again to go on from there.", job.state === "failed" ? "error" : "info");
    after();
  }
  const fetched = (job) =>
    job.pages_total ? `${fmt.bytes(job.pages_done)} of ${fmt.bytes(job.pages_total)}` : "Asking the hub";

  /* What this machine should use first, and why. */
  function advised(best) {
    const pace = best.seconds_per_page ? ` ${speed(best.seconds_per_page).replace(/ here$/, "")}, ${best.measured}.` : "";
    return h("p", { class: "pl-model-advice" }, h("b", { text: `For this machine: ${best.model}. ` }), best.why + pace);
  }

  /* All models with their state; loading ones are watched until they are there. */
  async function show() {
    const body = h("div", { class: "pl-models" });
    let open = true;
    const best = await api.get("/models/advice").catch(() => null);
    async function paint() {
      let models;
      try {
        models = await api.get("/models");
      } catch (error) {
        put(body, h("p", { class: "pl-error", role: "alert", text: error.message }));
        return;
      }
      const wasOpen = body.querySelector("details") && body.querySelector("details").open;
      const had =
        document.activeElement && document.activeElement.closest && document.activeElement.closest("[data-model]");
      put(
        body,
        best ? advised(best) : null,
        grouped(models, (model) => row(model, act(model, paint))),
      );
      if (wasOpen) body.querySelector("details").open = true;
      const again = had && body.querySelector(`[data-model="${CSS.escape(had.dataset.model)}"] button`);
      if (again) again.focus();
      if (open && models.some((model) => model.state === "loading")) setTimeout(paint, 1000);
    }
    await paint();
    await dialog({ title: "Models", body, wide: true });
    open = false;
  }
  function act(model, after) {
    const button = (text, name) =>
      h("button", {
        type: "button",
        class: "pl-button pl-small",
        text,
        onclick: async (event) => {
          event.target.disabled = true;
          try {
            await api.post(`/models/${api.part(model.id)}/${name}`);
          } catch (error) {
            notify(error.message, "error");
          }
          after();
        },
      });
    if (model.state === "loaded") return button("Unload", "unload");
    if (model.available && model.state === "here") return button("Load", "load");
    if (model.state === "failed") return button("Try again", "load");
    if (getting.has(model.id))
      return h("span", { class: "pl-muted", "data-getting": model.id, text: fetched(getting.get(model.id)) });
    if (model.state === "absent" && model.hub)
      return h("button", {
        type: "button",
        class: "pl-button pl-small",
        text: "Get",
        onclick: async (event) => {
          event.target.disabled = true;
          try {
            await get(model, after);
          } catch (error) {
            notify(error.message, "error");
          }
          after();
        },
      });
    return model.state === "loading" ? h("span", { class: "pl-spinner", "aria-hidden": "true" }) : null;
  }

  pagelens.models = { picker, show, kinds: KIND };
})();

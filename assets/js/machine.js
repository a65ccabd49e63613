/* machine: models in memory, the home folder, versions, and what the doctor says. */
(() => {
  "use strict";
  const { h, put, fmt, api } = pagelens;

  /* The models that are loaded, or were to be. */
  async function models(body) {
    const all = await api.get("/models"),
      held = all.filter((model) => ["loaded", "loading", "failed"].includes(model.state));
    const ready = all.filter((model) => model.available).length;
    put(
      body,
      h("p", {
        class: "pl-muted",
        text: `${ready} of ${fmt.plural(all.length, "model")} can be used here; ${held.filter((model) => model.state === "loaded").length} loaded.`,
      }),
      h(
        "ul",
        { class: "pl-job-list" },
        held.map((model) =>
          h(
            "li",
            { "data-model": model.id },
            h(
              "div",
              { class: "pl-system-head" },
              h("b", { text: model.name }),
              h("span", { class: `pl-badge pl-state-${model.state}`, text: model.state }),
            ),
            h("p", {
              class: "pl-muted",
              text: [
                model.device && `on ${model.device}`,
                model.parameters &&
                  `about ${fmt.bytes(model.parameters * 1e9 * (model.device.startsWith("cuda") ? 2 : 4))} of weights`,
                model.seconds_per_page &&
                  `${model.seconds_per_page.toFixed(model.seconds_per_page < 1 ? 2 : 1)} s a page`,
                model.state === "failed" && model.reason,
              ]
                .filter(Boolean)
                .join(", "),
            }),
          ),
        ),
      ),
    );
  }
  function machine(body, told) {
    const bytes = told.folders.reduce((sum, folder) => sum + folder.bytes, 0);
    const sign = (check) => (check.ok ? "ok" : check.ok === null ? "–" : "missing");
    put(
      body,
      h("p", {}, h("code", { text: told.home }), ` ${fmt.bytes(bytes)}, ${fmt.bytes(told.free)} free on its disk`),
      h(
        "dl",
        { class: "pl-figures" },
        told.folders.map((one) => h("div", {}, h("dt", { text: one.name }), h("dd", { text: fmt.bytes(one.bytes) }))),
      ),
      h("h3", { text: "Versions" }),
      h(
        "dl",
        { class: "pl-figures" },
        Object.entries(told.versions).map(([name, value]) => h("div", {}, h("dt", { text: name }), h("dd", { text: value }))),
      ),
      h("h3", { text: "Doctor" }),
      h(
        "ul",
        { class: "pl-checks", "aria-label": "What the doctor says" },
        told.checks.map((check) =>
          h(
            "li",
            { class: check.ok === false ? "pl-check-bad" : "" },
            h("span", { class: "pl-badge", text: sign(check) }),
            h("span", {}, h("b", { text: check.name }), ` ${check.detail}`),
            check.cure ? h("code", { text: check.cure }) : null,
          ),
        ),
      ),
    );
  }
  pagelens.machine = { models, machine };
})();

/* system: the collection on disk, its suspicious pages, how long its searches took, what they miss; jobs; the machine.
   Others add a section of their own with `pagelens.systemSections.push(() => node)`. */
pagelens.systemSections = [];
pagelens.part("system", (root) => {
  const { h, put, fmt, state, on, emit, api, notify, plainTable } = pagelens;
  const KIND = {
    audit: "Audit",
    recall: "Recall",
    compact: "Compaction",
    ingest: "Adding files",
    words: "Reading words",
    embed: "Embedding",
    index: "Adding an index",
    evaluate: "Evaluation",
  };
  let known = null,
    ticket = 0;
  const seen = new Map();

  const section = (id, title, end = null) => {
    const body = h("div", { class: "pl-stack" });
    const node = h(
      "section",
      { class: "pl-card pl-stack", id, "aria-labelledby": `${id}-title` },
      h("div", { class: "pl-system-head" }, h("h2", { id: `${id}-title`, text: title }), end),
      body,
    );
    return { node, body };
  };
  const button = (id, text, onclick) => h("button", { type: "button", class: "pl-button", id, onclick, text });
  const verify = button("pl-verify", "Check", check),
    compact = button("pl-compact", "Compact", () => start("compact")),
    measure = button("pl-run-recall", "Measure", () => start("recall"));
  const disk = section("pl-disk", "On disk", h("div", { class: "pl-row" }, verify, compact));
  const verdict = h("div", { role: "status", "aria-live": "polite" });
  const audit = pagelens.audit({ changed, run: () => start("audit") });
  const latency = pagelens.latency();
  const recall = section("pl-recall", "What quicker ways miss", measure);
  const jobs = section("pl-history", "Jobs");
  const models = section("pl-loaded", "Models", button("pl-all-models", "All models", showModels));
  const here = section("pl-machine", "This installation");
  const more = h("div", { class: "pl-system-more", id: "pl-system-more" });
  const title = h("p", { class: "pl-muted", id: "pl-system-collection" });
  root.append(
    h(
      "div",
      { class: "pl-system" },
      title,
      disk.node,
      audit.node,
      latency.node,
      recall.node,
      h("div", { class: "pl-system-pair" }, jobs.node, models.node),
      here.node,
      more,
    ),
  );

  /* --- asking ---------------------------------------------------------------------------------------------------- */
  async function load() {
    const mine = ++ticket;
    if (!state.overview || !state.overview.collections.some((one) => one.name === state.collection)) {
      known = null;
      paint();
      return;
    }
    try {
      const told = await api.get(api.collection(state.collection, "/upkeep"));
      if (mine !== ticket) return;
      known = told;
      paint();
    } catch (error) {
      if (mine === ticket) put(disk.body, h("p", { class: "pl-error", role: "alert", text: error.message }));
    }
  }
  async function look() {
    try {
      const [told] = await Promise.all([api.get("/system"), pagelens.machine.models(models.body)]);
      pagelens.machine.machine(here.body, told);
    } catch (error) {
      put(here.body, h("p", { class: "pl-error", role: "alert", text: error.message }));
    }
  }
  async function start(name) {
    try {
      await api.post(api.collection(state.collection, `/${name}`), name === "compact" ? undefined : {});
      emit("watch-jobs");
    } catch (error) {
      notify(error.message, "error");
    }
  }
  async function check() {
    put(verdict, h("span", { class: "pl-spinner", "aria-hidden": "true" }), "Checking");
    try {
      const { problems } = await api.get(api.collection(state.collection, "/verify"));
      put(
        verdict,
        problems.length
          ? h(
              "ul",
              { class: "pl-problems" },
              problems.map((text) => h("li", { class: "pl-error", text })),
            )
          : h("p", {
              text: "Everything fits together: every page has its vectors and pictures, and nothing is left over.",
            }),
      );
    } catch (error) {
      put(verdict, h("p", { class: "pl-error", text: error.message }));
    }
  }
  function changed(quarantine) {
    known.quarantine = quarantine;
    audit.paint(known.audit, known.quarantine);
    load();
    pagelens.loadOverview();
  }
  async function showModels() {
    await pagelens.models.show();
    pagelens.machine.models(models.body);
  }

  /* --- the collection --------------------------------------------------------------------------------------------- */
  function paint() {
    const none = !known;
    for (const one of [disk.node, audit.node, latency.node, recall.node]) one.hidden = none;
    title.textContent = none ? `There is no collection “${state.collection}” yet.` : `Collection ${state.collection}`;
    if (none) return;
    paintDisk();
    audit.paint(known.audit, known.quarantine);
    latency.paint(known.latency);
    pagelens.recall(recall.body, known.recall);
    paintJobs();
  }
  function paintDisk() {
    const { info, tables } = known;
    const sum = (key) => tables.reduce((total, one) => total + one[key], 0);
    const dead = sum("bytes") - sum("live"),
      behind = sum("unindexed");
    const facts = [
      [
        "Pages",
        `${fmt.count(info.pages)}${info.quarantined ? `, ${fmt.count(info.quarantined)} in quarantine` : ""}`,
      ],
      ["Documents", fmt.count(info.documents)],
      ["On disk", fmt.bytes(info.bytes)],
      ["Old versions", fmt.bytes(Math.max(0, dead))],
      ["Unindexed rows", fmt.count(behind)],
    ];
    put(
      disk.body,
      h(
        "dl",
        { class: "pl-figures" },
        facts.map(([name, value]) => h("div", {}, h("dt", { text: name }), h("dd", { text: value }))),
      ),
      behind
        ? h("p", {
            class: "pl-note",
            text: "Unindexed rows are found all the same, only more slowly; compacting indexes them.",
          })
        : null,
      verdict,
      h(
        "details",
        { class: "pl-twin", open: disk.open, ontoggle: (event) => (disk.open = event.target.open) },
        h("summary", { text: fmt.plural(tables.length, "table") }),
        plainTable(
          "Tables on disk",
          "pl-tables",
          ["Table", "Rows", "On disk", "Of it live", "Files", "Versions", "Indexes", "Unindexed"],
          tables.map((one) => [
            [one.holds, h("br"), h("code", { class: "pl-muted", text: one.name })],
            fmt.count(one.rows),
            fmt.bytes(one.bytes),
            fmt.bytes(one.live),
            fmt.count(one.files),
            fmt.count(one.versions),
            one.indexes.map((index) => `${index.kind} ${index.name}`).join(", ") || "none",
            fmt.count(one.unindexed),
          ]),
        ),
      ),
    );
  }
  /* --- jobs ------------------------------------------------------------------------------------------------------- */
  function paintJobs() {
    const all = state.jobs || [],
      mine = (kind) => all.some((job) => job.active && job.kind === kind && job.collection === state.collection);
    for (const [kind, at] of [
      ["audit", "pl-run-audit"],
      ["recall", "pl-run-recall"],
      ["compact", "pl-compact"],
    ]) {
      const node = document.getElementById(at);
      if (node) node.disabled = mine(kind);
    }
    put(
      jobs.body,
      all.length
        ? h(
            "ul",
            { class: "pl-job-list", tabindex: "0", "aria-label": "Jobs, newest first" },
            all.slice(0, 30).map(job),
          )
        : h("p", { class: "pl-muted", text: "Nothing has run in the background yet." }),
    );
  }
  function job(one) {
    const stage = one.stages.find((stage) => stage.done < stage.total) || one.stages[one.stages.length - 1];
    const act = (name, text) =>
      h("button", {
        type: "button",
        class: "pl-button pl-small",
        "aria-label": `${text}: ${KIND[one.kind] || one.kind} of ${one.collection}`,
        onclick: async () => {
          try {
            await api.post(`/jobs/${one.id}/${name}`);
          } catch (error) {
            notify(error.message, "error");
          }
          emit("watch-jobs");
        },
        text,
      });
    return h(
      "li",
      { "data-job": one.id, "data-kind": one.kind, "data-state": one.state },
      h(
        "div",
        { class: "pl-system-head" },
        h("span", {}, h("b", { text: KIND[one.kind] || one.kind }), ` ${one.collection}`),
        h(
          "span",
          { class: "pl-row" },
          h("span", { class: `pl-badge pl-job-${one.state}`, text: one.state }),
          ["waiting", "running"].includes(one.state) ? act("stop", "Stop") : null,
          ["stopped", "failed", "interrupted"].includes(one.state) ? act("resume", "Run again") : null,
        ),
      ),
      one.active && stage && stage.total
        ? h(
            "div",
            {
              class: "pl-meter",
              role: "progressbar",
              "aria-label": KIND[one.kind] || one.kind,
              "aria-valuemin": "0",
              "aria-valuemax": stage.total,
              "aria-valuenow": stage.done,
            },
            h("i", { style: { width: `${Math.min(1, stage.done / stage.total) * 100}%` } }),
          )
        : null,
      h("p", { class: "pl-muted", text: [fmt.date(one.started), one.message].filter(Boolean).join(": ") }),
    );
  }
  /* --- state ---------------------------------------------------------------------------------------------------- */
  const shown = () => pagelens.currentTab() === "system";
  on("collection", () => {
    verdict.replaceChildren();
    if (shown()) load();
  });
  on("tab", (name) => {
    if (name === "system") {
      load();
      look();
    }
  });
  on("restore", () => {
    if (shown()) {
      load();
      look();
    }
  });
  on("jobs", (all) => {
    let ended = false;
    for (const one of all) {
      ended = ended || (seen.has(one.id) && seen.get(one.id) && !one.active);
      seen.set(one.id, one.active);
    }
    paintJobs();
    if (ended && shown()) load();
  });
  put(more, ...pagelens.systemSections.map((make) => make()));
  if (state.overview) {
    load();
    look();
  }
});

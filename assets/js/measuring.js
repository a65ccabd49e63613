/* measuring: the form that starts an evaluation, and the evaluations that are on their way. */
(() => {
  "use strict";
  const { h, put, icon, fmt, state, emit, api, notify, datasets } = pagelens;
  const SCOPES = {
    "": ["As the dataset says", "The scope of the dataset"],
    document: ["Its own document", "Each question searches the document it names"],
    corpus: ["All of the dataset", "Each question searches all pages of the dataset"],
    union: ["All of the collection", "Each question searches every page of the collection"],
  };
  const STATES = {
    waiting: "Waiting",
    stopping: "Stopping",
    stopped: "Stopped",
    failed: "Failed",
    interrupted: "Interrupted",
  };

  /* Hidden evaluations stay hidden when the page is opened again. */
  const KEY = "pagelens-hidden-evaluations";
  function remembered() {
    try {
      return JSON.parse(localStorage.getItem(KEY) || "[]");
    } catch {
      return []; // a private window
    }
  }
  function remember(ids) {
    try {
      localStorage.setItem(KEY, JSON.stringify([...ids].slice(-50)));
    } catch {
      /* lasts as long as the page */
    }
  }

  /* `known` gives what the server said of datasets; `reload` asks it again; `started` hears of a job. */
  pagelens.measuring = function ({ known, reload, started }) {
    const dataset = h("select", { class: "pl-select", id: "pl-eval-dataset", onchange: paintDataset });
    const collection = h("select", { class: "pl-select", id: "pl-eval-collection" });
    const about = h("p", { class: "pl-muted", id: "pl-eval-about", "aria-live": "polite" });
    const tools = h("div", { class: "pl-row" });
    const scope = h("select", { class: "pl-select", id: "pl-eval-scope" });
    const presets = h("div", { class: "pl-chips", role: "group", "aria-label": "Pipelines to measure" });
    const own = h("input", {
      class: "pl-input pl-code",
      id: "pl-eval-own",
      spellcheck: "false",
      autocomplete: "off",
      placeholder: "rows:{50,100,256} > full:10",
    });
    const measures = h("input", {
      class: "pl-input pl-code",
      id: "pl-eval-measures",
      spellcheck: "false",
      autocomplete: "off",
    });
    const problem = h("p", { class: "pl-error", role: "alert", hidden: true });
    const go = h(
      "button",
      { type: "submit", class: "pl-button pl-primary", id: "pl-eval-start" },
      icon("play"),
      "Measure",
    );
    const field = (label, ...inside) => h("label", { class: "pl-field" }, h("span", { text: label }), ...inside);
    const chosen = new Set(["two-stage"]),
      others = [];

    const menu = h(
      "div",
      { class: "pl-row" },
      button("Add questions", datasets.fromFiles, "pl-dataset-add"),
      button("Add a folder", datasets.fromFolder, "pl-dataset-folder"),
      button("From judgements", datasets.fromJudgements, "pl-dataset-judged"),
    );
    const form = h(
      "form",
      {
        class: "pl-card pl-measuring",
        id: "pl-measuring",
        "aria-label": "Measure pipelines on a dataset",
        onsubmit: start,
      },
      h("h3", { text: "Measure pipelines on a dataset" }),
      h(
        "div",
        { class: "pl-field" },
        h("label", { for: "pl-eval-dataset", text: "Dataset" }),
        h("div", { class: "pl-measuring-dataset" }, dataset, menu),
      ),
      h("div", { class: "pl-field" }, h("span"), h("div", {}, about, tools)),
      field("Collection", collection),
      field("Each question searches", scope),
      h("div", { class: "pl-field" }, h("span", { text: "Pipelines" }), presets),
      h(
        "div",
        { class: "pl-field" },
        h("label", { for: "pl-eval-own", text: "Another pipeline" }),
        h(
          "div",
          { class: "pl-measuring-own" },
          own,
          h("button", { type: "button", class: "pl-button", onclick: addOwn }, icon("plus"), "Add"),
        ),
      ),
      field("Measures, the first is compared", measures),
      problem,
      h("div", { class: "pl-row" }, go),
    );

    function button(text, action, id) {
      const run = async () => {
        tell("");
        try {
          const name = await action();
          if (!name) return;
          await reload();
          dataset.value = name;
          paintDataset();
        } catch (error) {
          tell(error.message);
        }
      };
      return h("button", { type: "button", class: "pl-button pl-small", id, onclick: run, text });
    }
    function tell(text) {
      problem.textContent = text;
      problem.hidden = !text;
    }
    function addOwn() {
      const text = own.value.trim();
      if (!text) return;
      if (!state.overview.pipelines[text] && !others.includes(text)) others.push(text);
      chosen.add(text);
      own.value = "";
      paintPipelines();
    }
    own.addEventListener("keydown", (event) => {
      if (event.key !== "Enter") return;
      event.preventDefault();
      addOwn();
    });
    function paintPipelines() {
      const names = [...Object.keys(state.overview.pipelines), ...others];
      put(
        presets,
        names.map((name) =>
          h("button", {
            type: "button",
            class: "pl-chip",
            "aria-pressed": String(chosen.has(name)),
            title: state.overview.pipelines[name] || name,
            onclick: (event) => {
              if (!chosen.delete(name)) chosen.add(name);
              event.currentTarget.setAttribute("aria-pressed", String(chosen.has(name)));
            },
            text: name,
          }),
        ),
      );
    }
    function paintDataset() {
      const found = known().datasets.find((one) => one.name === dataset.value);
      if (!found) {
        put(about);
        put(tools);
        return;
      }
      const facts = [
        fmt.plural(found.questions, "question"),
        `${fmt.plural(found.relevant_pages, "relevant page")}`,
        found.collection ? `about the pages of ${found.collection}` : null,
      ];
      put(
        about,
        found.problem ? h("span", { class: "pl-error", text: found.problem }) : facts.filter(Boolean).join(" · "),
        found.warnings.map((text) => h("span", { class: "pl-note", text })),
      );
      if (found.collection) collection.value = found.collection;
      else if (state.overview.collections.some((c) => c.name === found.name)) collection.value = found.name;
      put(
        tools,
        found.problem ? null : act("Check it", () => datasets.look(found.name)),
        found.problem || found.collection ? null : act("Index its documents", () => index(found)),
        found.removable ? act("Remove it", () => gone(found)) : null,
      );
      put(
        scope,
        Object.entries(SCOPES).map(([value, [text, title]]) =>
          h("option", { value, title, text: value === "" ? `${text} (${found.scope})` : text }),
        ),
      );
    }
    const act = (text, action) =>
      h("button", {
        type: "button",
        class: "pl-link",
        text,
        onclick: async () => {
          tell("");
          try {
            await action();
          } catch (error) {
            tell(error.message);
          }
        },
      });
    async function index(found) {
      const name = collection.value || found.name;
      await api.post(`/datasets/${api.part(found.name)}/ingest`, undefined, { collection: name });
      emit("watch-jobs");
      notify(`The documents of ${found.name} are being added to ${name}; the library shows how far it is.`);
    }
    async function gone(found) {
      if (await datasets.remove(found)) await reload();
    }
    async function start(event) {
      event.preventDefault();
      tell("");
      addOwn();
      const request = {
        dataset: dataset.value,
        collection: collection.value,
        scope: scope.value,
        pipelines: [...chosen],
        measures: measures.value.split(/[\s,;]+(?![^(]*\))/).filter(Boolean),
      };
      go.disabled = true;
      try {
        started(await api.post("/evaluations", request));
        emit("watch-jobs");
      } catch (error) {
        tell(error.message);
      }
      go.disabled = false;
    }
    function paint() {
      const now = dataset.value,
        all = known().datasets;
      put(
        dataset,
        all.map((one) => h("option", { value: one.name, text: one.name })),
      );
      if (all.some((one) => one.name === now)) dataset.value = now;
      const place = collection.value || state.collection;
      put(
        collection,
        state.overview.collections.map((c) => h("option", { value: c.name, text: c.name })),
      );
      collection.value = place;
      if (!measures.value) measures.value = known().measures.join(" ");
      paintPipelines();
      paintDataset();
    }

    /* --- on their way ------------------------------------------------------------------------------------------------ */
    const list = h("div", { class: "pl-jobs", role: "group", "aria-label": "Evaluations on their way" });
    const cards = new Map(),
      hidden = new Set(remembered());
    function card(told) {
      const id = told.job.id;
      const title = h("h3"),
        note = h("p", { class: "pl-muted" }),
        bar = h("i"),
        meter = h(
          "div",
          { class: "pl-meter", role: "progressbar", "aria-label": "Searches done", "aria-valuemin": "0" },
          bar,
        );
      const act = (name) => async () => {
        try {
          await api.post(`/jobs/${id}/${name}`);
        } catch (error) {
          notify(error.message, "error");
        }
        emit("watch-jobs");
      };
      const stop = h("button", { type: "button", class: "pl-button", onclick: act("stop") }, icon("stop"), "Stop");
      const resume = h(
        "button",
        { type: "button", class: "pl-button pl-primary", onclick: act("resume") },
        icon("play"),
        "Resume",
      );
      const away = h(
        "button",
        {
          type: "button",
          class: "pl-quiet",
          "aria-label": "Hide this evaluation",
          onclick: () => {
            hidden.add(id);
            remember(hidden);
            node.hidden = true;
          },
        },
        icon("close"),
      );
      const node = h(
        "section",
        { class: "pl-card pl-job", "data-job": id },
        h(
          "div",
          { class: "pl-job-head" },
          h("div", {}, title, note),
          h("div", { class: "pl-row" }, stop, resume, away),
        ),
        meter,
      );
      return { node, title, note, bar, meter, stop, resume, away };
    }
    /* `told` are the evaluations as the server last said; `jobs` how far every job is now. */
    function paintJobs(told, jobs) {
      const now = new Map(jobs.map((job) => [job.id, job]));
      for (const one of told) {
        const job = now.get(one.job.id) || one.job;
        if (!cards.has(job.id)) cards.set(job.id, card(one));
        const c = cards.get(job.id);
        c.node.hidden = job.state === "done" || (hidden.has(job.id) && !job.active);
        c.node.dataset.state = job.state;
        const what = `${fmt.plural(one.pipelines.length, "pipeline")} on ${one.dataset}`;
        c.title.textContent =
          job.state === "running" ? `Measuring ${what}` : `${STATES[job.state] || job.state}: ${what}`;
        const facts = [one.pipelines.join(", ")];
        if (job.pages_total) facts.push(`${fmt.count(job.pages_done)} of ${fmt.count(job.pages_total)} searches`);
        if (job.active && job.pages_done) facts.push(`${fmt.duration(job.eta_seconds)} left`);
        if (job.message) facts.push(job.message);
        c.note.textContent = facts.join("  ·  ");
        c.bar.style.width = `${job.pages_total ? (100 * job.pages_done) / job.pages_total : 0}%`;
        c.meter.setAttribute("aria-valuemax", job.pages_total || 1);
        c.meter.setAttribute("aria-valuenow", job.pages_done);
        c.stop.hidden = !["waiting", "running"].includes(job.state);
        c.resume.hidden = !["stopped", "failed", "interrupted"].includes(job.state);
        c.away.hidden = job.active;
      }
      const order = told.map((one) => cards.get(one.job.id).node);
      if (order.length !== list.children.length || order.some((node, i) => list.children[i] !== node))
        put(list, ...order);
    }
    return { form, list, paint, paintJobs };
  };
})();

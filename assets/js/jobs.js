/* jobs: work on the server, whatever becomes of this page; asked for once a second while there is some. */
pagelens.part("jobs", (root) => {
  const { h, put, icon, emit, fmt, state, on, api, refresh, loadOverview, notify } = pagelens;
  const STATES = {
    waiting: "Waiting",
    running: "Running",
    stopping: "Stopping after this batch",
    stopped: "Stopped",
    done: "Done",
    failed: "Failed",
    interrupted: "Interrupted",
  };
  const WHAT = {
    read: "Read",
    prepare: "Prepare",
    embed: "Embed",
    words: "Words",
    write: "Write",
    index: "Index",
    bytes: "Fetch",
  };
  const WORK = {
    words: (job) => `reading the words in pictures of ${job.collection}`,
    embed: (job) => `embedding ${job.collection} with ${job.encoder}`,
    index: (job) => `adding an index to ${job.collection}`,
    audit: (job) => `looking for suspicious pages in ${job.collection}`,
    recall: (job) => `measuring recall in ${job.collection}`,
    compact: (job) => `compacting ${job.collection}`,
    get: (job) => `getting the model ${job.encoder}`,
  };
  /* Kinds that another tab shows. */
  const ELSEWHERE = { evaluate: "evaluate", audit: "system", recall: "system", compact: "system" };
  const cards = new Map();
  const seen = new Map();
  let primed = false; // the first list holds what ended before this page was opened
  const hidden = new Set();
  try {
    for (const id of JSON.parse(localStorage.getItem("pagelens-hidden-jobs") || "[]")) hidden.add(id);
  } catch {
    /* private window */
  }
  const hide = (id) => {
    hidden.add(id);
    try {
      localStorage.setItem("pagelens-hidden-jobs", JSON.stringify([...hidden].slice(-50)));
    } catch {
      /* lasts as long as the page */
    }
  };
  const list = h("div", { class: "pl-jobs", "aria-label": "Jobs" });
  root.append(list);

  function card() {
    const title = h("h3"),
      note = h("p", { class: "pl-muted" }),
      bars = h("div", { class: "pl-job-bars" }),
      files = h("div", { class: "pl-job-files" });
    const stop = h("button", { type: "button", class: "pl-button" }, icon("stop"), "Stop");
    const resume = h("button", { type: "button", class: "pl-button pl-primary" }, icon("play"), "Resume");
    const hide = h("button", { type: "button", class: "pl-quiet", "aria-label": "Hide this job" }, icon("close"));
    const node = h(
      "section",
      { class: "pl-card pl-job" },
      h("div", { class: "pl-job-head" }, h("div", {}, title, note), h("div", { class: "pl-row" }, stop, resume, hide)),
      bars,
      files,
    );
    return { node, title, note, bars, files, stop, resume, hide, open: false, touched: false };
  }
  function paint(job) {
    if (!cards.has(job.id)) {
      const made = card();
      made.stop.onclick = () => act("stop", job.id);
      made.resume.onclick = () => act("resume", job.id);
      made.hide.onclick = () => {
        hide(job.id);
        made.node.hidden = true;
      };
      cards.set(job.id, made);
    }
    const c = cards.get(job.id);
    c.node.dataset.state = job.state;
    c.node.hidden = hidden.has(job.id) && !job.active;
    const what = WORK[job.kind] ? WORK[job.kind](job) : `adding to ${job.collection}`;
    c.title.textContent =
      job.state === "running" ? what[0].toUpperCase() + what.slice(1) : `${STATES[job.state] || job.state}: ${what}`;
    const facts = [];
    if (job.kind === "get") facts.push(`${fmt.bytes(job.pages_done)} of ${fmt.bytes(job.pages_total)}`);
    else if (job.kind !== "index")
      facts.push(`${fmt.count(job.pages_done)} of ${fmt.plural(job.pages_total, "page")}`);
    if (job.active && job.pages_done && job.kind !== "get")
      facts.push(
        `${job.pages_per_second.toFixed(job.pages_per_second < 10 ? 1 : 0)} pages/s`,
        `${fmt.duration(job.eta_seconds)} left`,
      );
    if (!job.active) facts.push(fmt.duration(job.seconds));
    if (job.active && job.current) facts.push(job.current);
    if (job.message) facts.push(job.message);
    c.note.textContent = facts.join("  ·  ");
    c.stop.hidden = !["waiting", "running"].includes(job.state);
    c.resume.hidden = !["stopped", "failed", "interrupted"].includes(job.state);
    c.hide.hidden = job.active;
    c.bars.hidden = job.state === "done";
    put(
      c.bars,
      ...job.stages.map((stage) => {
        const share = stage.total ? Math.min(1, stage.done / stage.total) : 0;
        return h(
          "div",
          { class: "pl-stagebar" },
          h("span", { text: WHAT[stage.name] || stage.name }),
          h(
            "div",
            {
              class: "pl-meter",
              role: "progressbar",
              "aria-label": stage.name,
              "aria-valuemin": "0",
              "aria-valuemax": stage.total,
              "aria-valuenow": stage.done,
            },
            h("i", { style: { width: `${share * 100}%` } }),
          ),
          h("span", { class: "pl-num", text: `${fmt.count(stage.done)}/${fmt.count(stage.total)}` }),
          h("span", {
            class: "pl-num pl-muted",
            title: stage.name === job.bottleneck ? "The other stages wait for this one" : null,
            text: pace(stage, job),
          }),
        );
      }),
    );
    put(c.files, job.documents.length ? outcomes(job, c) : null);
  }
  /* What a stage gets through while it works, and whether the others wait for it. */
  function pace(stage, job) {
    if (stage.name === "index" || !stage.done || stage.seconds < 0.05)
      return stage.seconds >= 0.05 ? `${stage.seconds.toFixed(1)} s` : "";
    const rate = stage.pages_per_second;
    return `${rate.toFixed(rate < 10 ? 1 : 0)}/s${stage.name === job.bottleneck ? ", slowest" : ""}`;
  }
  function outcomes(job, c) {
    const bad = job.documents.filter((d) => (d.reason && !d.pages && !d.left_out) || d.failed.length);
    const summary = [fmt.plural(job.documents.length, "file")];
    if (bad.length) summary.push(`${bad.length} with a problem`);
    if (c.open === false && bad.length && !c.touched) c.open = true;
    const rows = job.documents.map((d) =>
      h(
        "tr",
        { class: bad.includes(d) ? "pl-bad" : "" },
        h("th", { scope: "row", text: d.name }),
        h("td", { class: "pl-num", text: d.pages }),
        h("td", { class: "pl-num", text: d.indexed }),
        h("td", { class: "pl-num", text: d.skipped }),
        h(
          "td",
          {},
          d.reason ? h("div", { text: d.reason }) : null,
          d.replaced ? h("div", { text: `Replaced ${d.replaced}` }) : null,
          d.failed.map((f) => h("div", { text: `Page ${f.page}: ${f.reason}` })),
          d.notices.map((f) => h("div", { text: `Page ${f.page}: ${f.reason}` })),
          !d.reason && !d.failed.length && d.skipped && d.skipped === d.pages ? "Already here" : null,
        ),
      ),
    );
    return h(
      "details",
      {
        open: c.open,
        ontoggle: (event) => {
          c.touched = c.touched || event.target.open !== c.open;
          c.open = event.target.open;
        },
      },
      h("summary", { text: summary.join(", ") }),
      h(
        "div",
        { class: "pl-scroll" },
        h(
          "table",
          { class: "pl-table" },
          h(
            "thead",
            {},
            h(
              "tr",
              {},
              ["File", "Pages", "Indexed", "Skipped", "Notes"].map((t, i) =>
                h("th", { scope: "col", class: i && i < 4 ? "pl-num" : "", text: t }),
              ),
            ),
          ),
          h("tbody", {}, rows),
        ),
      ),
    );
  }
  async function act(name, job) {
    try {
      await api.post(`/jobs/${job}/${name}`);
    } catch (error) {
      notify(error.message, "error");
    }
    poll();
  }
  /* Asked again every second while a job is at work, and when something was started. */
  let asking = 0;
  async function poll() {
    clearTimeout(asking);
    try {
      known = await api.get("/jobs");
    } catch {
      asking = setTimeout(poll, 5000); // the server may be back by then
      return;
    }
    update();
    clearTimeout(asking);
    if (known.some((job) => job.active)) asking = setTimeout(poll, 1000);
  }
  let known = null;
  function update() {
    const all = known || [],
      jobs = all.filter((job) => !ELSEWHERE[job.kind]);
    state.jobs = all;
    emit("jobs", all);
    for (const job of all) if (ELSEWHERE[job.kind]) elsewhere(job);
    jobs.forEach((job, i) => {
      const before = seen.get(job.id);
      if (job.active || before || i < 1 || ["stopped", "failed", "interrupted"].includes(job.state)) paint(job);
      // A quick job may have ended before it was first seen here.
      if (!job.active && (before ? before.active : primed)) finished(job);
      else if (before && job.active && job.collection === state.collection && settled(job) !== settled(before))
        changed();
      seen.set(job.id, job);
    });
    primed = primed || Boolean(known);
    const order = jobs.filter((job) => cards.has(job.id)).map((job) => cards.get(job.id).node);
    settle();
    if (order.some((node, i) => list.children[i] !== node) || order.length !== list.children.length)
      put(list, ...order);
    busy("library", jobs);
    for (const tab of new Set(Object.values(ELSEWHERE)))
      busy(
        tab,
        all.filter((job) => ELSEWHERE[job.kind] === tab),
      );
  }
  function busy(tab, jobs) {
    const button = document.getElementById(`pl-tab-${tab}-button`);
    if (button) button.dataset.busy = jobs.some((job) => job.active) ? "yes" : "";
  }
  /* Said here, since the tab itself may not have been opened yet. */
  function elsewhere(job) {
    const before = seen.get(job.id);
    seen.set(job.id, job);
    if (job.active || (before ? !before.active : !primed)) return;
    const ended = job.kind === "evaluate" ? `The evaluation on ${job.collection} has ended.` : job.message;
    if (job.state === "done") notify(ended);
    else if (job.message) notify(job.message, job.state === "failed" ? "error" : "info");
  }
  const settled = (job) => job.documents.filter((d) => d.indexed + d.skipped + d.failed.length >= d.pages).length;
  const changed = pagelens.debounce(800, async () => {
    await loadOverview();
    await refresh();
  });
  async function finished(job) {
    await loadOverview();
    if (job.collection === state.collection) await refresh();
    if (job.state === "done") {
      const pages = job.documents.reduce((sum, d) => sum + d.indexed, 0);
      notify(
        job.kind === "embed"
          ? `${fmt.plural(pages, "page")} of ${job.collection} embedded with ${job.encoder}.`
          : job.kind === "index"
            ? `The index is in ${job.collection}.`
            : `${fmt.plural(pages, "page")} added to ${job.collection}.`,
      );
    } else if (job.message) notify(job.message, job.state === "failed" ? "error" : "info");
  }
  function settle() {
    const slot = document.getElementById("pl-job-slot");
    if (slot && list.parentElement !== slot) slot.append(list);
  }
  on("library-ready", settle);
  on("watch-jobs", poll);
  poll();
});

/* adding: files dropped or chosen, sent to the server, and the plan of what adding them costs. */
(() => {
  "use strict";
  const { h, put, icon, fmt, state, emit, call, notify } = pagelens;
  const READABLE = /\.(pdf|png|jpe?g|webp|tiff?|bmp|gif)$/i;

  /* The place to drop files on, and the plan under it. */
  function adding() {
    const files = h("input", {
      type: "file",
      id: "pl-files",
      multiple: true,
      class: "pl-sr",
      accept: ".pdf,.png,.jpg,.jpeg,.webp,.tif,.tiff,.bmp,.gif",
      onchange: () => take(files, false),
    });
    const folder = h("input", {
      type: "file",
      id: "pl-folder",
      webkitdirectory: true,
      multiple: true,
      class: "pl-sr",
      onchange: () => take(folder, true),
    });
    const limit = h("span");
    const drop = h(
      "div",
      { class: "pl-drop", ondragover: dragging, ondragleave: () => drop.classList.remove("pl-over"), ondrop: dropped },
      icon("upload"),
      h("p", { class: "pl-drop-title", text: "Drop PDFs, scans or whole folders here" }),
      h("p", { class: "pl-muted" }, "PDF, PNG, JPEG, WebP, TIFF, BMP, GIF", limit),
      h(
        "div",
        { class: "pl-row" },
        h("label", { class: "pl-button", for: "pl-files" }, "Choose files"),
        files,
        h("label", { class: "pl-button", for: "pl-folder" }, "Choose a folder"),
        folder,
      ),
    );
    const plan = h("section", { class: "pl-card pl-plan", hidden: true, "aria-live": "polite" });
    function dragging(event) {
      event.preventDefault();
      drop.classList.add("pl-over");
    }
    async function dropped(event) {
      event.preventDefault();
      drop.classList.remove("pl-over");
      const entries = [...event.dataTransfer.items]
        .map((item) => item.webkitGetAsEntry && item.webkitGetAsEntry())
        .filter(Boolean);
      const found = [];
      for (const entry of entries) await walk(entry, "", found);
      upload(found);
    }
    async function walk(entry, above, found) {
      const name = above + entry.name;
      if (entry.isFile) {
        if (!above || READABLE.test(entry.name))
          found.push({ name, file: await new Promise((resolve, reject) => entry.file(resolve, reject)) });
        return;
      }
      const reader = entry.createReader();
      for (;;) {
        const some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
        if (!some.length) return;
        for (const inner of some) await walk(inner, `${name}/`, found);
      }
    }
    function take(input, whole) {
      const found = [...input.files]
        .map((file) => ({ name: whole ? file.webkitRelativePath || file.name : file.name, file }))
        .filter((item) => !whole || READABLE.test(item.name));
      input.value = "";
      if (!found.length) {
        notify("There is no PDF or image in that folder.", "error");
        return;
      }
      upload(found);
    }
    function send(batch, item, progress) {
      return new Promise((resolve) => {
        const request = new XMLHttpRequest();
        request.open("PUT", `api/v1/uploads/${batch}?name=${encodeURIComponent(item.name)}`);
        request.upload.onprogress = (event) => progress(event.loaded);
        request.onload = () => {
          let reason = "";
          if (request.status !== 200) {
            try {
              reason = JSON.parse(request.responseText).error;
            } catch {
              reason = `The server refused it (${request.status}).`;
            }
          }
          resolve(reason);
        };
        request.onerror = () => resolve("The upload broke off.");
        request.send(item.file);
      });
    }
    let uploading = false;
    async function upload(items) {
      if (uploading || !items.length) return;
      uploading = true;
      const most = state.overview.max_upload_mb * 1024 * 1024;
      const total = items.reduce((sum, item) => sum + item.file.size, 0) || 1;
      const bar = h("i"),
        note = h("p", { class: "pl-muted" });
      plan.hidden = false;
      put(
        plan,
        h("h3", { text: `Taking in ${fmt.plural(items.length, "file")}` }),
        h("div", { class: "pl-meter" }, bar),
        note,
      );
      const refused = [];
      let sent = 0;
      try {
        const answer = await fetch("api/v1/uploads", { method: "POST" });
        const { batch } = await answer.json();
        for (const item of items) {
          note.textContent = item.name;
          const reason =
            item.file.size > most
              ? `Larger than the limit of ${state.overview.max_upload_mb} MB.`
              : await send(batch, item, (n) => {
                  bar.style.width = `${((sent + n) / total) * 100}%`;
                });
          if (reason) refused.push({ name: item.name, pages: 0, note: reason });
          sent += item.file.size;
          bar.style.width = `${(sent / total) * 100}%`;
        }
        note.textContent = "Counting pages";
        const found = await call("plan_ingest", { collection: state.collection, batch });
        paintPlan(batch, { ...found, files: [...found.files, ...refused] });
      } catch (error) {
        plan.hidden = true;
        notify(error.message, "error");
      }
      uploading = false;
    }
    function paintPlan(batch, p) {
      const start = h(
        "button",
        {
          type: "button",
          class: "pl-button pl-primary",
          id: "pl-start",
          disabled: p.pages_to_read === 0,
          onclick: begin,
        },
        icon("play"),
        "Start",
      );
      const noted = p.files.filter((f) => f.note).length;
      put(
        plan,
        h(
          "div",
          { class: "pl-job-head" },
          h(
            "div",
            {},
            h("h3", { text: p.pages_to_read ? "Ready to add" : "Nothing to add" }),
            h(
              "p",
              { class: "pl-plan-facts" },
              [
                [fmt.count(p.files.length - p.files.filter((f) => f.note && !f.pages).length), "files"],
                [fmt.count(p.pages_to_read), "pages to read"],
                [p.pages_to_read ? `about ${fmt.duration(p.seconds)}` : "no time", "on this machine"],
                [p.pages_to_read ? fmt.bytes(p.bytes) : "0 B", "on disk"],
              ].map(([value, what]) => h("span", {}, h("b", { text: value }), ` ${what}`)),
            ),
          ),
          h(
            "div",
            { class: "pl-row" },
            h("button", { type: "button", class: "pl-button", onclick: cancel, text: "Cancel" }),
            start,
          ),
        ),
        h(
          "details",
          { open: noted > 0 || p.files.length <= 6 },
          h("summary", {
            text: noted
              ? `${fmt.plural(p.files.length, "file")}, ${noted} with a note`
              : fmt.plural(p.files.length, "file"),
          }),
          h(
            "div",
            { class: "pl-scroll" },
            h(
              "table",
              { class: "pl-table" },
              h(
                "tbody",
                {},
                p.files.map((f) =>
                  h(
                    "tr",
                    { class: f.note && !f.pages ? "pl-bad" : "" },
                    h("th", { scope: "row", text: f.name }),
                    h("td", { class: "pl-num", text: f.pages ? fmt.plural(f.pages, "page") : "" }),
                    h("td", { text: f.note }),
                  ),
                ),
              ),
            ),
          ),
        ),
      );
      async function begin() {
        start.disabled = true;
        try {
          await call("start_ingest", { collection: state.collection, batch });
          plan.hidden = true;
          emit("watch-jobs");
        } catch (error) {
          start.disabled = false;
          notify(error.message, "error");
        }
      }
      async function cancel() {
        plan.hidden = true;
        try {
          await call("discard_upload", { batch });
        } catch {
          /* swept later */
        }
      }
    }

    const repaint = () => {
      limit.textContent = state.overview ? `, up to ${state.overview.max_upload_mb} MB each` : "";
    };
    return { drop, plan, repaint };
  }

  pagelens.adding = adding;
})();

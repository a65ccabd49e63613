/* adding: files dropped or chosen, sent to the server, and the plan of what adding them costs. */
(() => {
  "use strict";
  const { h, put, icon, fmt, state, emit, api, notify } = pagelens;
  const READABLE = /\.(pdf|png|jpe?g|jfif|webp|tiff?|bmp|gif|hei[cf]|avif|svgz?|docx?|odt|rtf|ppt|pp[ts]x|odp|xlsx?|ods)$/i;
  const SYSTEM = /^(\.|~\$)|^(thumbs\.db|ehthumbs\.db|desktop\.ini|__macosx)$/i;
  const NAMED = 20;
  const LEFT_OUT = "Not read: it is no PDF or picture.";

  /* Files of a folder that are of no kind that is read: the first by name, the rest counted by suffix. */
  function leftOut() {
    const named = [],
      rest = new Map();
    return {
      add(name) {
        if (named.length < NAMED) named.push(name);
        else {
          const suffix = /\.[^./]*$/.exec(name)?.[0].toLowerCase() || "no suffix",
            kind = rest.has(suffix) || rest.size < NAMED ? suffix : "other kinds";
          rest.set(kind, (rest.get(kind) || 0) + 1);
        }
      },
      rows: () =>
        [...named, ...[...rest].map(([kind, count]) => `and ${fmt.count(count)} more of ${kind}`)].map((name) => ({
          name,
          pages: 0,
          note: LEFT_OUT,
        })),
    };
  }

  /* The place to drop files on, and the plan under it. */
  function adding() {
    const files = h("input", {
      type: "file",
      id: "pl-files",
      multiple: true,
      class: "pl-sr",
      accept:
        ".pdf,.png,.jpg,.jpeg,.jfif,.webp,.tif,.tiff,.bmp,.gif,.heic,.heif,.avif,.svg,.svgz," +
        ".docx,.doc,.odt,.rtf,.pptx,.ppt,.ppsx,.odp,.xlsx,.xls,.ods",
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
      const found = [],
        others = leftOut();
      for (const entry of entries) await walk(entry, "", found, others);
      upload(found, others.rows());
    }
    async function walk(entry, above, found, others) {
      const name = above + entry.name;
      if (above && SYSTEM.test(entry.name)) return;
      if (entry.isFile) {
        if (!above || READABLE.test(entry.name))
          found.push({ name, file: await new Promise((resolve, reject) => entry.file(resolve, reject)) });
        else others.add(name);
        return;
      }
      const reader = entry.createReader();
      for (;;) {
        const some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
        if (!some.length) return;
        for (const inner of some) await walk(inner, `${name}/`, found, others);
      }
    }
    function take(input, whole) {
      const found = [],
        others = leftOut();
      for (const file of input.files) {
        const name = whole ? file.webkitRelativePath || file.name : file.name;
        if (whole && name.split("/").some((part) => SYSTEM.test(part))) continue;
        if (!whole || READABLE.test(name)) found.push({ name, file });
        else others.add(name);
      }
      input.value = "";
      upload(found, others.rows());
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
    async function upload(items, others) {
      if (uploading) return;
      if (!items.length) {
        const first = others.slice(0, 3).map((row) => row.name);
        const rest = first.length ? ` It holds ${first.join(", ")}${others.length > 3 ? " and others" : ""}.` : "";
        notify(`There is no PDF or image in that folder.${rest}`, "error");
        return;
      }
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
        const plan = async (replace) => {
          const found = await api.post("/plan", { collection: state.collection, batch, replace });
          return { ...found, files: [...found.files, ...refused, ...others] };
        };
        paintPlan(batch, await plan([]), plan, []);
      } catch (error) {
        plan.hidden = true;
        notify(error.message, "error");
      }
      uploading = false;
    }
    /* `replace` are the documents that files of their names are to take the place of; `replan` asks what that does. */
    function paintPlan(batch, p, replan, replace) {
      async function choose(name, wanted) {
        const chosen = wanted ? [...replace, name] : replace.filter((other) => other !== name);
        try {
          paintPlan(batch, await replan(chosen), replan, chosen);
          plan.querySelector(`[data-replace="${CSS.escape(name)}"]`)?.focus();
        } catch (error) {
          notify(error.message, "error");
        }
      }
      const choice = (f) =>
        f.namesake || replace.includes(f.name)
          ? h(
              "label",
              { class: "pl-check" },
              h("input", {
                type: "checkbox",
                checked: replace.includes(f.name),
                "data-replace": f.namesake || f.name,
                onchange: (event) => choose(f.namesake || f.name, event.target.checked),
              }),
              h("span", { text: `Replace ${f.namesake || f.name}` }),
            )
          : null;
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
      const noted = p.files.filter((f) => f.note).length,
        taken = p.files.length - p.files.filter((f) => f.note && !f.pages).length;
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
                [fmt.count(taken), taken === 1 ? "file" : "files"],
                [fmt.count(p.pages_to_read), p.pages_to_read === 1 ? "page to read" : "pages to read"],
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
                    h("td", {}, f.note ? h("div", { text: f.note }) : null, choice(f)),
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
          await api.post("/jobs", { collection: state.collection, batch, replace });
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
          await api.remove(`/uploads/${batch}`);
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

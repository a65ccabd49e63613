/* library: what is in a collection, and how more gets in. */
pagelens.part("library", (root) => {
  const { h, put, icon, fmt, state, on, emit, call, choose, refresh, loadOverview, dialog, notify } = pagelens;
  const READABLE = /\.(pdf|png|jpe?g|webp|tiff?|bmp|gif)$/i;

  const side = h("aside", { class: "pl-side", "aria-label": "Collections" });
  const head = h("div", { class: "pl-lib-head" });
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
  const documents = h("section", { class: "pl-docs" });
  root.append(
    h(
      "div",
      { class: "pl-library" },
      side,
      h("div", { class: "pl-lib-main" }, head, drop, plan, h("div", { id: "pl-job-slot" }), documents),
    ),
  );

  /* --- collections ---------------------------------------------------------------------------------------------- */
  function paintSide() {
    const all = state.overview.collections;
    put(
      side,
      h(
        "div",
        { class: "pl-side-head" },
        h("h2", { text: "Collections" }),
        h(
          "button",
          {
            type: "button",
            class: "pl-quiet",
            "aria-label": "New collection",
            title: "New collection",
            onclick: create,
          },
          icon("plus"),
        ),
      ),
      h(
        "ul",
        {},
        all.map((c) =>
          h(
            "li",
            {},
            h(
              "button",
              {
                type: "button",
                class: "pl-side-item",
                "aria-current": c.name === state.collection ? "true" : null,
                onclick: () => choose(c.name),
              },
              h("b", { text: c.name }),
              h("span", {
                text: c.pages ? `${fmt.plural(c.documents, "document")}, ${fmt.plural(c.pages, "page")}` : "Empty",
              }),
            ),
          ),
        ),
      ),
      all.length ? null : h("p", { class: "pl-muted", text: "None yet. The first files you add make one." }),
    );
  }
  async function create() {
    let encoder;
    try {
      encoder = await pagelens.models.picker("reader");
    } catch (error) {
      notify(error.message, "error");
      return;
    }
    const name = h("input", {
      class: "pl-input",
      required: true,
      maxlength: 64,
      placeholder: "annual-reports",
      id: "pl-new-name",
    });
    const dpi = h("input", { class: "pl-input pl-short", type: "number", min: 36, max: 600, value: "144" });
    const crop = h("input", { type: "checkbox" }),
      furniture = h("input", { type: "checkbox" }),
      ocr = h("input", { type: "checkbox", checked: true });
    const request = await dialog({
      title: "New collection",
      confirm: "Create",
      wide: true,
      body: h(
        "div",
        { class: "pl-form" },
        h("label", {}, h("span", { text: "Name" }), name),
        h("div", { class: "pl-field-block" }, h("span", { text: "Encoder" }), encoder.node),
        h("label", {}, h("span", { text: "Resolution, dots per inch" }), dpi),
        h("label", { class: "pl-check" }, ocr, h("span", { text: "Read scans and pictures of text (OCR)" })),
        h("label", { class: "pl-check" }, crop, h("span", { text: "Crop empty margins before encoding" })),
        h("label", { class: "pl-check" }, furniture, h("span", { text: "Also crop page numbers and running heads" })),
        h("p", {
          class: "pl-muted",
          text: "These stay as they are for the life of the collection, so that its scores can be compared. More encoders can be added later.",
        }),
      ),
      read: () => ({
        name: name.value,
        encoder: encoder.value(),
        dpi: Number(dpi.value),
        crop: crop.checked || furniture.checked,
        crop_furniture: furniture.checked,
        ocr: ocr.checked,
      }),
    });
    if (!request) return;
    try {
      state.overview = await call("create_collection", request);
      emit("overview");
      await choose(request.name.trim());
    } catch (error) {
      notify(error.message, "error");
    }
  }
  async function removeCollection() {
    const c = state.details.collection;
    const sure = await dialog({
      title: `Delete the collection “${c.name}”?`,
      confirm: "Delete it all",
      danger: true,
      body: h("p", {
        text: `${fmt.plural(c.documents, "document")} and ${fmt.plural(c.pages, "page")} with their pictures and vectors (${fmt.bytes(c.bytes)}) are removed from this machine. Your own files stay where they are.`,
      }),
    });
    if (!sure) return;
    try {
      state.overview = await call("delete_collection", { collection: c.name });
      emit("overview");
      notify(`The collection ${c.name} is deleted.`);
      const next = state.overview.collections[0];
      await choose(next ? next.name : "documents");
    } catch (error) {
      notify(error.message, "error");
    }
  }

  /* --- one collection -------------------------------------------------------------------------------------------- */
  function paintHead() {
    const c = state.details && state.details.collection;
    limit.textContent = state.overview ? `, up to ${state.overview.max_upload_mb} MB each` : "";
    if (!c) {
      put(
        head,
        h("h2", { text: state.collection }),
        h("p", { class: "pl-muted", text: "A new collection, made when you add the first files." }),
      );
      return;
    }
    const set = c.settings || {};
    const how = [
      set.dpi ? `${set.dpi} dpi` : null,
      set.crop ? (set.crop_furniture ? "margins and running heads cropped" : "margins cropped") : "uncropped",
      set.ocr ? "OCR where needed" : "no OCR",
    ].filter(Boolean);
    put(
      head,
      h(
        "div",
        { class: "pl-lib-title" },
        h("h2", { text: c.name }),
        h(
          "button",
          { type: "button", class: "pl-button pl-subtle", onclick: removeCollection },
          icon("trash"),
          "Delete collection",
        ),
      ),
      h(
        "p",
        { class: "pl-facts" },
        [
          fmt.plural(c.documents, "document"),
          fmt.plural(c.pages, "page"),
          fmt.bytes(c.bytes),
          `encoder ${c.encoder}`,
          ...how,
          c.failed_pages ? `${fmt.plural(c.failed_pages, "page")} failed` : null,
        ]
          .filter(Boolean)
          .map((t) => h("span", { text: t })),
      ),
      c.pages ? inspect(c) : null,
    );
  }

  /* --- encoders and indexes ------------------------------------------------------------------------------------------ */
  let inspecting = false;
  function inspect(c) {
    const count = c.spaces.length;
    return h(
      "details",
      {
        class: "pl-inspect",
        open: inspecting,
        ontoggle: (event) => {
          inspecting = event.target.open;
        },
      },
      h("summary", {
        text: `Encoders and indexes: ${fmt.plural(count, "encoder")}, ${fmt
          .plural(
            c.spaces.reduce((n, x) => n + x.indexes.length, 0),
            "index",
          )
          .replace("indexs", "indexes")}`,
      }),
      h(
        "div",
        { class: "pl-spaces" },
        c.spaces.map((space) => spaceOf(c, space)),
        h(
          "div",
          { class: "pl-row" },
          h("button", { type: "button", class: "pl-button", onclick: addEncoder }, icon("plus"), "Add an encoder"),
        ),
      ),
    );
  }
  function spaceOf(c, space) {
    const left = space.missing
      ? h("button", {
          type: "button",
          class: "pl-button pl-small pl-primary",
          onclick: () => embed(space.encoder),
          text: `Embed ${fmt.plural(space.missing, "page")}`,
        })
      : null;
    const facts = [
      pagelens.models.kinds[space.kind] || space.kind,
      `${fmt.count(space.dim)} numbers a vector`,
      `${fmt.count(space.pages)} of ${fmt.plural(c.pages, "page")}`,
      space.failed ? `failed on ${fmt.plural(space.failed, "page")}` : null,
      fmt.bytes(space.bytes),
    ];
    return h(
      "section",
      { class: "pl-space", "data-space": space.encoder },
      h(
        "div",
        { class: "pl-space-head" },
        h("h4", {}, h("code", { text: space.encoder })),
        space.primary ? h("span", { class: "pl-badge", text: "first" }) : null,
        h(
          "div",
          { class: "pl-row" },
          left,
          space.kind === "page"
            ? null
            : h("button", {
                type: "button",
                class: "pl-button pl-small",
                onclick: () => addIndex(space),
                text: "Add an index",
              }),
          space.primary
            ? null
            : h(
                "button",
                {
                  type: "button",
                  class: "pl-quiet",
                  "aria-label": `Remove ${space.encoder} from this collection`,
                  title: "Remove this encoder",
                  onclick: () => removeEncoder(space),
                },
                icon("trash"),
              ),
        ),
      ),
      h(
        "p",
        { class: "pl-facts" },
        facts.filter(Boolean).map((t) => h("span", { text: t })),
      ),
      h(
        "div",
        { class: "pl-scroll" },
        h(
          "table",
          { class: "pl-table pl-indexes" },
          h(
            "thead",
            {},
            h(
              "tr",
              {},
              ["Index", "Vectors", "per page", "Type", "Size", "per page"].map((t, i) =>
                h("th", { scope: "col", class: i ? "pl-num" : "", text: t }),
              ),
            ),
          ),
          h(
            "tbody",
            {},
            space.indexes.map((x) =>
              h(
                "tr",
                {},
                h("th", { scope: "row" }, h("code", { text: x.name })),
                [
                  fmt.count(x.vectors),
                  (x.vectors / Math.max(1, x.pages)).toFixed(1),
                  x.dtype,
                  fmt.bytes(x.bytes),
                  fmt.bytes(x.bytes / Math.max(1, x.pages)),
                ].map((t) => h("td", { class: "pl-num", text: t })),
              ),
            ),
          ),
        ),
      ),
    );
  }
  async function addEncoder() {
    const c = state.details.collection;
    try {
      const choice = await pagelens.models.picker(
        "",
        c.spaces.map((x) => x.encoder),
      );
      const encoder = await dialog({
        title: `Add an encoder to ${c.name}`,
        confirm: "Embed all pages",
        wide: true,
        read: choice.value,
        body: h(
          "div",
          { class: "pl-form" },
          h("p", {
            class: "pl-muted",
            text: "The stored page pictures and words are embedded; your files are not read again. Pipelines then name it with an @, as in rows@ID:256 > full:10.",
          }),
          choice.node,
        ),
      });
      if (encoder) await embed(encoder);
    } catch (error) {
      notify(error.message, "error");
    }
  }
  async function embed(encoder) {
    try {
      await call("start_embed", { collection: state.collection, encoder });
      emit("watch-jobs");
    } catch (error) {
      notify(error.message, "error");
    }
  }
  async function removeEncoder(space) {
    const sure = await dialog({
      title: `Remove ${space.encoder}?`,
      confirm: "Remove it",
      danger: true,
      body: h("p", {
        text: `Its vectors (${fmt.bytes(space.bytes)}) leave the collection ${state.collection}. Pages, pictures and the other encoders stay.`,
      }),
    });
    if (!sure) return;
    try {
      await call("remove_encoder", { collection: state.collection, encoder: space.encoder });
      await loadOverview();
      await refresh();
    } catch (error) {
      notify(error.message, "error");
    }
  }
  async function addIndex(space) {
    const left = state.overview.indexes.filter((x) => !space.indexes.some((y) => y.name === x.name));
    const name = h("input", {
      class: "pl-input pl-code",
      required: true,
      list: "pl-index-names",
      placeholder: "columns",
      id: "pl-index-name",
      spellcheck: "false",
      autocomplete: "off",
    });
    const about = h("p", { class: "pl-muted", "aria-live": "polite" });
    name.addEventListener("input", () => {
      const found = left.find((x) => x.name === name.value.split("[")[0].trim());
      about.textContent = found ? found.summary : "";
    });
    const chosen = await dialog({
      title: `Add an index of ${space.encoder}`,
      confirm: "Add it",
      read: () => name.value.trim(),
      body: h(
        "div",
        { class: "pl-form" },
        h("label", {}, h("span", { text: "Index" }), name),
        h(
          "datalist",
          { id: "pl-index-names" },
          left.map((x) => h("option", { value: x.name, label: x.summary })),
        ),
        about,
        h("p", { class: "pl-muted", text: "It is computed from the stored vectors; no page is encoded again." }),
      ),
    });
    if (!chosen) return;
    try {
      await call("start_index", { collection: state.collection, encoder: space.encoder, index: chosen });
      emit("watch-jobs");
    } catch (error) {
      notify(error.message, "error");
    }
  }

  /* --- documents ----------------------------------------------------------------------------------------------------- */
  function paintDocuments() {
    const all = (state.details && state.details.documents) || [];
    if (!all.length) {
      put(
        documents,
        h(
          "div",
          { class: "pl-empty" },
          h("p", { class: "pl-empty-title", text: "No documents yet" }),
          h("p", {
            text: "Add some above. You see how many pages there are and how long it takes before anything starts.",
          }),
        ),
      );
      return;
    }
    put(
      documents,
      h("h3", { text: "Documents" }),
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
              ["Name", "Pages", "Words from", "Size", "Added", ""].map((t, i) =>
                h("th", { scope: "col", class: i === 1 || i === 3 ? "pl-num" : "", text: t }),
              ),
            ),
          ),
          h(
            "tbody",
            {},
            all.map((d) =>
              h(
                "tr",
                { "data-document": d.name },
                h(
                  "th",
                  { scope: "row" },
                  h("button", {
                    type: "button",
                    class: "pl-linklike",
                    onclick: () => pagelens.openPage({ document: d.name, page: 1 }),
                    text: d.name,
                  }),
                  d.failed.length
                    ? h(
                        "details",
                        { class: "pl-failed" },
                        h("summary", { text: `${fmt.plural(d.failed.length, "page")} could not be read` }),
                        d.failed.map((f) => h("div", { text: `Page ${f.page}: ${f.reason}` })),
                      )
                    : null,
                  d.gaps.length
                    ? h(
                        "details",
                        { class: "pl-failed" },
                        h("summary", { text: `${fmt.plural(d.gaps.length, "page")} without an encoder's vectors` }),
                        d.gaps.map((g) => h("div", { text: `Page ${g.page}, ${g.encoder}: ${g.reason}` })),
                      )
                    : null,
                ),
                h("td", { class: "pl-num", text: d.failed.length ? `${d.indexed} of ${d.pages}` : d.pages }),
                h("td", {
                  text: { text: "text layer", ocr: "OCR", mixed: "text and OCR", none: "no words" }[d.words] || d.words,
                }),
                h("td", { class: "pl-num", text: fmt.bytes(d.bytes) }),
                h("td", { class: "pl-muted", text: fmt.date(d.added) }),
                h(
                  "td",
                  { class: "pl-num" },
                  h(
                    "button",
                    {
                      type: "button",
                      class: "pl-quiet",
                      "aria-label": `Delete ${d.name}`,
                      title: "Delete this document",
                      onclick: () => removeDocument(d),
                    },
                    icon("trash"),
                  ),
                ),
              ),
            ),
          ),
        ),
      ),
    );
  }
  async function removeDocument(d) {
    const sure = await dialog({
      title: "Delete this document?",
      confirm: "Delete it",
      danger: true,
      body: h(
        "div",
        {},
        h("p", { class: "pl-strong", text: d.name }),
        h("p", {
          text: `Its ${fmt.plural(d.pages, "page")} leave the collection ${state.collection}. Your own file stays where it is.`,
        }),
      ),
    });
    if (!sure) return;
    try {
      const answer = await call("delete_document", { collection: state.collection, document: d.name });
      notify(
        answer.found
          ? `${d.name} is still found ${answer.found} times; run pagelens doctor.`
          : `${d.name} is deleted: ${fmt.plural(answer.pages, "page")} removed. A search for its own words finds none of it.`,
        answer.found ? "error" : "info",
      );
      if (state.open && state.open.document === d.name) state.open = null;
      await loadOverview();
      await refresh();
      emit("deleted", d.name);
    } catch (error) {
      notify(error.message, "error");
    }
  }

  /* --- adding ------------------------------------------------------------------------------------------------------ */
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

  emit("library-ready");
  on("overview", paintSide);
  on("collection", () => {
    paintSide();
    plan.hidden = true;
  });
  on("details", () => {
    paintSide();
    paintHead();
    paintDocuments();
  });
});

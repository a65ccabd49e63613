/* library: what is in a collection, and how more gets in. */
pagelens.part("library", (root) => {
  const { h, put, icon, fmt, state, on, emit, api, choose, refresh, loadOverview, dialog, notify } = pagelens;

  const side = h("aside", { class: "pl-side", "aria-label": "Collections" });
  const head = h("div", { class: "pl-lib-head" });
  const adding = pagelens.adding();
  const documents = h("section", { class: "pl-docs" });
  const selected = new Set();
  root.append(
    h(
      "div",
      { class: "pl-library" },
      side,
      h("div", { class: "pl-lib-main" }, head, adding.drop, adding.plan, h("div", { id: "pl-job-slot" }), documents),
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
      words = h(
        "select",
        { class: "pl-input" },
        [
          ["", "As the encoder needs them: at once, or behind the vectors"],
          ["now", "Text, and scans and pictures of text (OCR), at once"],
          ["later", "Text at once, OCR behind the vectors"],
          ["text", "Text alone, no OCR"],
          ["none", "None"],
        ].map(([value, text]) => h("option", { value, text })),
      );
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
        h("label", {}, h("span", { text: "Words that are read" }), words),
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
        words: words.value,
        ocr: words.value !== "text" && words.value !== "none",
      }),
    });
    if (!request) return;
    try {
      const made = await api.post("/collections", request);
      await loadOverview();
      await choose(made.name);
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
        text: `${fmt.plural(c.documents, "document")} and ${fmt.plural(c.pages, "page")} with their pictures and vectors (${fmt.bytes(c.bytes)}) are removed from this machine, with what was uploaded for them, their judgements and their saved searches. Your own files, datasets and evaluations stay where they are.`,
      }),
    });
    if (!sure) return;
    try {
      const receipt = await api.remove(api.collection(c.name));
      await loadOverview();
      notify([`The collection ${c.name} is deleted.`, receipt.sentence, ...receipt.notes].join(" "));
      const next = state.overview.collections[0];
      await choose(next ? next.name : "documents");
    } catch (error) {
      notify(error.message, "error");
    }
  }

  /* --- one collection -------------------------------------------------------------------------------------------- */
  function paintHead() {
    const c = state.details && state.details.collection;
    adding.repaint();
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
      { none: "no words", text: "no OCR", later: "OCR behind the vectors" }[set.words] ||
        (set.ocr ? "OCR where needed" : "no OCR"),
      c.unread ? `OCR of ${fmt.plural(c.unread, "page")} to come` : null,
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
      c.pages ? pagelens.spaces.inspect(c) : null,
    );
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
    for (const name of [...selected]) if (!all.some((d) => d.name === name)) selected.delete(name);
    put(
      documents,
      h(
        "div",
        { class: "pl-docs-head" },
        h("h3", { text: "Documents" }),
        h("button", {
          type: "button",
          class: "pl-button",
          id: "pl-tagging",
          disabled: !selected.size,
          title: "Tags and fields are what filters find documents by",
          onclick: () => pagelens.tagging.edit(all.filter((d) => selected.has(d.name))).then(changed),
          text: selected.size ? `Tag ${fmt.plural(selected.size, "document")}` : "Tag the selected documents",
        }),
      ),
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
              h(
                "th",
                { scope: "col" },
                h("input", {
                  type: "checkbox",
                  "aria-label": "Select all documents",
                  checked: selected.size === all.length,
                  onchange: (event) => {
                    selected.clear();
                    if (event.target.checked) for (const d of all) selected.add(d.name);
                    paintDocuments();
                  },
                }),
              ),
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
                  "td",
                  {},
                  h("input", {
                    type: "checkbox",
                    "aria-label": `Select ${d.name}`,
                    checked: selected.has(d.name),
                    onchange: (event) => {
                      if (event.target.checked) selected.add(d.name);
                      else selected.delete(d.name);
                      paintDocuments();
                      documents.querySelector(`[data-document="${CSS.escape(d.name)}"] input`).focus();
                    },
                  }),
                ),
                h(
                  "th",
                  { scope: "row" },
                  h("button", {
                    type: "button",
                    class: "pl-linklike",
                    onclick: () => pagelens.openPage({ document: d.name, page: 1 }),
                    text: d.name,
                  }),
                  pagelens.tagging.borne(d),
                  d.notices.length
                    ? h(
                        "details",
                        { class: "pl-failed" },
                        h("summary", { text: `${fmt.plural(d.notices.length, "page")} hardly read` }),
                        d.notices.map((f) => h("div", { text: `Page ${f.page}: ${f.reason}` })),
                      )
                    : null,
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
                  text: d.unread
                    ? `OCR of ${fmt.plural(d.unread, "page")} to come`
                    : { text: "text layer", ocr: "OCR", mixed: "text and OCR", none: "no words" }[d.words] || d.words,
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
  async function changed(done) {
    if (!done) return;
    await refresh();
    notify(`${fmt.plural(done.length, "document")} changed.`);
    const again = documents.querySelector("#pl-tagging");
    if (again) again.focus();
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
          text: `Its ${fmt.plural(d.pages, "page")} leave the collection ${state.collection}, with uploaded copies of the file, judgements of its pages, and saved searches that point at them. Your own file stays where it is.`,
        }),
      ),
    });
    if (!sure) return;
    try {
      const answer = await api.remove(api.collection(state.collection, `/documents/${api.part(d.name)}`));
      notify(
        answer.found
          ? `${d.name} is still found ${answer.found} times; run pagelens doctor.`
          : [`${d.name} is deleted.`, answer.sentence, "A search for its own words finds none of it.", ...answer.notes].join(
              " ",
            ),
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

  emit("library-ready");
  on("overview", paintSide);
  on("collection", () => {
    paintSide();
    selected.clear();
    adding.plan.hidden = true;
  });
  on("details", () => {
    paintSide();
    paintHead();
    paintDocuments();
  });
});

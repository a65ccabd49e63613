/* keeping: save a search under a name, copy it as a command, code or request, and export what it found. */
(() => {
  "use strict";
  const { h, put, icon, fmt, state, call, asked, asking } = pagelens;

  const request = () => ({
    query: asked(),
    collection: state.collection,
    pipeline: state.pipeline,
    k: pagelens.staging.asked(),
    filter: state.filter,
  });
  const failed = (error) => pagelens.notify(error.message, "error");

  async function copy(text) {
    try {
      await navigator.clipboard.writeText(text);
      pagelens.notify("Copied.");
    } catch {
      pagelens.notify("The browser does not let pages copy here; select the text and copy it.", "error");
    }
  }
  async function showCopies() {
    const copies = await call("copies", { ...request(), address: location.origin });
    await pagelens.dialog({
      title: "This search as a command, as code, as a request",
      wide: true,
      body: h(
        "div",
        { class: "pl-copies" },
        copies.map((one) =>
          h(
            "section",
            {},
            h(
              "div",
              { class: "pl-section-head" },
              h("h3", { text: one.name }),
              h(
                "button",
                {
                  type: "button",
                  class: "pl-button",
                  "aria-label": `Copy: ${one.name}`,
                  onclick: () => copy(one.text),
                },
                icon("copy"),
                "Copy",
              ),
            ),
            h("pre", { class: "pl-copy", tabindex: "0" }, h("code", { text: one.text })),
            one.note ? h("p", { class: "pl-muted", text: one.note }) : null,
          ),
        ),
      ),
    });
  }

  const FORMS = [
    ["html", "Report", "One HTML file with pages and heatmaps"],
    ["csv", "CSV", "One row a result, for a spreadsheet"],
    ["json", "JSON", "Everything: stages, scores, regions, words"],
    ["trec", "TREC run", "For trec_eval and ir-measures"],
    ["pdf", "PDF", "The pages found, with heat and regions drawn on them"],
  ];
  /* `wanted` is what more the file is to be made by: its one page, whose heat, how it looks. */
  async function download(form, wanted = {}) {
    pagelens.notify("The file is being made; it is saved when it is ready.");
    const answer = await fetch("exports", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ ...request(), form, ...wanted }),
    });
    if (!answer.ok) throw new Error((await answer.json().catch(() => ({}))).error || "The file could not be made.");
    const name = /filename\*?=(?:UTF-8'')?"?([^";]+)/i.exec(answer.headers.get("Content-Disposition") || "");
    const address = URL.createObjectURL(await answer.blob());
    const link = h("a", { href: address, download: name ? decodeURIComponent(name[1]) : `search.${form}` });
    document.body.append(link);
    link.click();
    link.remove();
    setTimeout(() => URL.revokeObjectURL(address), 10000);
  }
  const showExports = () =>
    pagelens.dialog({
      title: "Export these results",
      body: h(
        "div",
        { class: "pl-exports" },
        FORMS.map(([form, name, what]) =>
          h(
            "button",
            { type: "button", class: "pl-export", "data-form": form, onclick: () => download(form).catch(failed) },
            h("b", { text: name }),
            h("span", { text: what }),
          ),
        ),
      ),
    });

  async function save() {
    const name = h("input", { class: "pl-input", "aria-label": "Name of the search", value: state.query.slice(0, 80) });
    const chosen = await pagelens.dialog({
      title: "Save this search",
      confirm: "Save",
      body: h("label", { class: "pl-field" }, h("span", { text: "Name" }), name),
      read: () => name.value,
    });
    if (chosen === null) return;
    await call("save_search", { ...request(), name: chosen });
    pagelens.notify("Saved; “Saved searches” has it.");
  }
  async function showSaved(restore) {
    const list = h("ul", { class: "pl-saved" });
    const row = (saved) =>
      h(
        "li",
        {},
        h(
          "button",
          {
            type: "button",
            class: "pl-saved-open",
            onclick: () => {
              list.closest("dialog").querySelector(".pl-dialog-buttons button").click();
              restore(saved);
            },
          },
          h("b", { text: saved.name }),
          h("span", {
            class: "pl-muted",
            text: [saved.collection, saved.pipeline, saved.filter, fmt.date(saved.added)].filter(Boolean).join(" · "),
          }),
        ),
        h(
          "button",
          {
            type: "button",
            class: "pl-quiet",
            "aria-label": `Delete the saved search ${saved.name}`,
            onclick: () => call("forget_search", { name: saved.name }).then(repaint, failed),
          },
          icon("trash"),
        ),
      );
    async function repaint() {
      const all = await call("saved_searches");
      put(list, ...(all.length ? all.map(row) : [h("li", { class: "pl-muted", text: "No search is saved yet." })]));
    }
    await repaint();
    await pagelens.dialog({ title: "Saved searches", body: list });
  }

  /* The buttons beside the number of results; ``restore(saved)`` puts a saved search back. */
  function bar(restore) {
    const button = (name, text, act) =>
      h(
        "button",
        { type: "button", class: "pl-button pl-subtle", onclick: () => act().catch(failed) },
        icon(name),
        text,
      );
    const own = [
      button("star", "Save", save),
      button("code", "Copy as", showCopies),
      button("save", "Export", showExports),
    ];
    const saved = button("file", "Saved searches", () => showSaved(restore));
    const node = h("div", { class: "pl-keeping", role: "group", "aria-label": "This search" }, own, saved);
    const show = (result) => {
      for (const one of own) one.hidden = !(result && result.complete && asking());
    };
    show(null);
    return { node, show };
  }

  pagelens.keeping = { bar, copy, download };
})();

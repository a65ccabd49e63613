/* tagging: the tags and fields of documents, shown and changed, several documents at once. */
(() => {
  "use strict";
  const { h, fmt, state, dialog, notify } = pagelens;

  const documents = () => (state.details && state.details.documents) || [];
  const tags = () => [...new Set(documents().flatMap((d) => d.tags))].sort();
  const fields = () => [...new Set(documents().flatMap((d) => Object.keys(d.meta)))].sort();
  const values = (field) => [...new Set(documents().flatMap((d) => (field in d.meta ? [d.meta[field]] : [])))].sort();

  function borne(d) {
    const meta = Object.entries(d.meta).map(([name, value]) => `${name} = ${value}`);
    if (!d.tags.length && !meta.length) return null;
    return h(
      "div",
      { class: "pl-borne" },
      d.tags.map((text) => h("span", { class: "pl-tag", text })),
      meta.map((text) => h("span", { class: "pl-tag pl-tag-field", text })),
    );
  }
  const several = (input) =>
    input.value
      .split(",")
      .map((text) => text.trim())
      .filter(Boolean);

  /* Asks what to change of these documents; resolves to what they bear then, or null. */
  async function edit(chosen) {
    const list = (id, texts) => h("datalist", { id }, texts.map((text) => h("option", { value: text })));
    const field = (label, id, attributes = {}) => {
      const input = h("input", { class: "pl-input", id, autocomplete: "off", ...attributes });
      return [input, h("label", { for: id }, h("span", { text: label }), input)];
    };
    const [add, addRow] = field("Add tags, between commas", "pl-tag-add", { list: "pl-tags" });
    const [remove, removeRow] = field("Take tags away", "pl-tag-remove", { list: "pl-tags" });
    const [name, nameRow] = field("Set the field", "pl-field-name", { list: "pl-fields", placeholder: "year" });
    const [value, valueRow] = field("to", "pl-field-value", { maxlength: 500, placeholder: "2024" });
    const [clear, clearRow] = field("Clear fields, between commas", "pl-field-clear", { list: "pl-fields" });
    const request = await dialog({
      title: chosen.length === 1 ? `Tags and fields of ${chosen[0].name}` : `Tags and fields of ${chosen.length} documents`,
      confirm: "Change",
      wide: true,
      body: h(
        "div",
        { class: "pl-form" },
        list("pl-tags", tags()),
        list("pl-fields", fields()),
        addRow,
        removeRow,
        h("div", { class: "pl-row" }, nameRow, valueRow),
        clearRow,
        h(
          "p",
          { class: "pl-muted" },
          "Filters find pages by them: ",
          h("code", { text: "tag = 'finance'" }),
          ", ",
          h("code", { text: "meta.year >= 2020" }),
          `. ${chosen.length > 1 ? `All ${fmt.count(chosen.length)} selected documents change` : "Nothing is read again"}.`,
        ),
      ),
      read: () => ({
        documents: chosen.map((d) => d.name),
        add: several(add),
        remove: several(remove),
        set: name.value.trim() ? { [name.value.trim()]: value.value.trim() } : {},
        clear: several(clear),
      }),
    });
    if (!request) return null;
    const answer = await fetch(`api/v1/collections/${encodeURIComponent(state.collection)}/documents`, {
      method: "PATCH",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(request),
    }).catch(() => null);
    if (answer && answer.ok) return answer.json();
    const told = answer && (await answer.json().catch(() => null));
    notify((told && told.error) || "The documents could not be changed; is the server still there?", "error");
    return null;
  }

  pagelens.tagging = { borne, edit, tags, fields, values };
})();

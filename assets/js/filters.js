/* filters: the filter of a search as chips, one a condition, and a small builder that writes a condition. */
(() => {
  "use strict";
  const { h, put, icon, state } = pagelens;

  /* The conditions that "and" joins, outside quotes and parentheses; one piece where anything else joins them. */
  function clauses(text) {
    const found = [];
    let from = 0,
      depth = 0,
      quote = "";
    for (let i = 0; i < text.length; i++) {
      const c = text[i];
      if (quote || c === "'" || c === '"') {
        quote = !quote ? c : c === quote ? "" : quote; // a doubled quote closes and opens again
        continue;
      }
      if (c === "(") depth++;
      if (c === ")") depth--;
      if (depth) continue;
      const rest = text.slice(i);
      if (/^\sor\s/i.test(rest)) return [text.trim()];
      const and = /^\sand\s+/i.exec(rest);
      if (and) {
        found.push(text.slice(from, i).trim());
        from = i + and[0].length;
        i = from - 1;
      }
    }
    found.push(text.slice(from).trim());
    return found.filter(Boolean);
  }
  const quote = (value) => `'${value.replace(/'/g, "''")}'`;
  const isNumber = (name) => state.overview.fields.some((f) => f.name === name && f.number);
  function condition(field, operator, value) {
    if (operator === "in")
      return `${field} in (${value
        .split(",")
        .map((v) => literal(field, v.trim()))
        .join(", ")})`;
    return `${field} ${operator} ${literal(field, value)}`;
  }
  const NUMBER = /^-?\d+(\.\d+)?$/;
  const literal = (field, value) =>
    (isNumber(field) || field.startsWith("meta.")) && NUMBER.test(value) ? value : quote(value);

  /* ``set`` gets the new filter text and asks again. */
  function bar(set) {
    const chips = h("div", { class: "pl-chips pl-filter-chips", role: "group", "aria-label": "Filters in force" });
    const field = h("select", { class: "pl-select", "aria-label": "Field" });
    const operator = h(
      "select",
      { class: "pl-select", "aria-label": "Comparison" },
      ["=", "!=", "<", "<=", ">", ">=", "contains", "in"].map((text) => h("option", { value: text, text })),
    );
    const options = h("datalist", { id: "pl-filter-values" });
    const value = h("input", {
      class: "pl-input",
      "aria-label": "Value",
      placeholder: "value",
      list: "pl-filter-values",
    });
    const add = () => {
      const text = value.value.trim();
      if (!text) {
        value.focus();
        return;
      }
      value.value = "";
      set([...clauses(state.filter), condition(field.value, operator.value, text)].join(" and "));
    };
    value.addEventListener("keydown", (event) => {
      if (event.key !== "Enter") return;
      event.preventDefault();
      add();
    });
    field.addEventListener("change", values);
    function values() {
      const documents = (state.details && state.details.documents) || [];
      const known = {
        document: documents.map((d) => d.name),
        tag: pagelens.tagging.tags(),
        added: [...new Set(documents.map((d) => new Date(d.added).toLocaleDateString("sv-SE")))],
        ...Object.fromEntries(
          pagelens.tagging.fields().map((name) => [`meta.${name}`, pagelens.tagging.values(name)]),
        ),
      };
      put(options, ...(known[field.value] || []).slice(0, 500).map((text) => h("option", { value: text })));
    }
    const builder = h(
      "div",
      { class: "pl-filter-builder", role: "group", "aria-label": "Add a filter" },
      field,
      operator,
      value,
      options,
      h("button", { type: "button", class: "pl-button", onclick: add }, icon("plus"), "Add filter"),
    );
    function repaint() {
      const all = clauses(state.filter);
      chips.hidden = !all.length;
      put(
        chips,
        ...all.map((text, i) =>
          h(
            "button",
            {
              type: "button",
              class: "pl-chip pl-filter-chip",
              "aria-label": `Take out the filter ${text}`,
              title: "Take out this filter",
              onclick: () => set(all.filter((_, j) => j !== i).join(" and ")),
            },
            h("code", { text }),
            icon("close"),
          ),
        ),
      );
    }
    function repaintFields() {
      const was = field.value;
      const own = pagelens.tagging.fields().map((name) => ({ name: `meta.${name}`, summary: "a field of your own" }));
      const all = [...state.overview.fields, ...own];
      put(field, ...all.map((f) => h("option", { value: f.name, text: f.name, title: f.summary })));
      if (was && all.some((f) => f.name === was)) field.value = was;
      values();
    }
    return { chips, builder, repaint, repaintFields, values };
  }

  pagelens.filters = { bar, clauses };
})();

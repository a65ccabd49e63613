/* facets: what the results can be narrowed down to: documents, tags, fields, with how many pages each has. What a
   choice does to the filter is the server's to say; it stays while other questions are asked. */
import { api, count, html, like, liked, Link, state, useAnswer, useState } from "../core/core.js";
import { useFilter } from "./controls.js";
import { searched } from "./run.js";

const FIRST = 6; // values of a field that are shown at once
const NAMES = {
  document: "Document",
  tag: "Tag",
  shows: "Shows",
  language: "Language",
  year: "Year of the file",
  kind: "Kind of file",
  words: "Words from",
};
const languages = new Intl.DisplayNames(["en"], { type: "language", fallback: "code" });
const named = (field, value) => (field === "language" && /^[a-z]{2,3}$/.test(value) ? languages.of(value) : value);
const look = liked("facets", { open: false });

function Value({ field, one }) {
  return html`<li>
    <label class="pl-facet">
      <input type="checkbox" name=${`pl-facet-${field}`} value=${one.value} checked=${one.chosen}
        onChange=${() => useFilter(one.filter)} />
      <span class="pl-facet-name" title=${one.value}>${named(field, one.value)}</span>
      <span class="pl-muted">${count(one.pages)}</span>
    </label>
  </li>`;
}
function Field({ facet: { field, values, more } }) {
  const [all, setAll] = useState(false);
  const name = NAMES[field] || field.replace(/^meta\./, "");
  const shown = all ? values : values.slice(0, FIRST);
  return html`<fieldset class="pl-facet-field" data-field=${field}>
    <legend>${name}</legend>
    <ul>${shown.map((one) => html`<${Value} key=${one.value} field=${field} one=${one} />`)}</ul>
    ${values.length > FIRST && html`<${Link} onClick=${() => setAll(!all)}>
      ${all ? "Fewer" : `${values.length - FIRST} more`}
    <//>`}
    ${all && more > 0 && html`<p class="pl-muted">${`And ${count(more)} others; the filter's text finds them.`}</p>`}
  </fieldset>`;
}
export function Facets() {
  const [open, setOpen] = useState(look.open);
  const collections = searched(),
    { filter, details } = state;
  const { value } = useAnswer(() => open && api.post("/facets", { collections, filter }), [
    open,
    JSON.stringify(collections),
    filter,
    details,
  ]);
  const turn = (event) => {
    setOpen(event.target.open);
    like("facets", Object.assign(look, { open: event.target.open }));
  };
  return html`<details class="pl-card pl-facets" open=${open} onToggle=${turn}>
    <summary><h3>Narrow down</h3></summary>
    ${open && value && (value.length
      ? value.map((facet) => html`<${Field} key=${facet.field} facet=${facet} />`)
      : html`<p class="pl-muted">All pages are alike in what filters know of them.</p>`)}
  </details>`;
}

/* facets: what the results can be narrowed down to: documents, tags, fields, with how many pages each has. What a
   choice does to the filter is the server's to say; it stays while other questions are asked. */
import { api, count, html, like, liked, Link, state, Tick, useAnswer, useLayoutEffect,
  useState } from "../core/core.js";
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

function Value({ field, one, checked, tick }) {
  return html`<li>
    <label class="pl-facet">
      <${Tick} name=${`pl-facet-${field}`} value=${one.value} checked=${checked} tick=${tick} />
      <span class="pl-facet-name" title=${one.value}>${named(field, one.value)}</span>
      <span class="pl-muted">${count(one.pages)}</span>
    </label>
  </li>`;
}
function Field({ facet: { field, values, more }, ticks, tick }) {
  const [all, setAll] = useState(false);
  const name = NAMES[field] || field.replace(/^meta\./, "");
  const shown = all ? values : values.slice(0, FIRST);
  return html`<fieldset class="pl-facet-field" data-field=${field}>
    <legend>${name}</legend>
    <ul>${shown.map((one) => html`<${Value} key=${one.value} field=${field} one=${one}
      checked=${one.chosen !== (ticks.filter(({ value }) => value === one.value).length % 2 > 0)}
      tick=${() => tick(field, one)} />`)}</ul>
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
  /* What was ticked and is not answered yet. What the filter becomes by a tick, the answer to the filter in force says:
     so one is `asked` for at a time, and none while that answer is on its way. */
  const [ticks, setTicks] = useState([]);
  const [tries, again] = useState(0);
  const { value, error, stale } = useAnswer(() => open && api.post("/facets", { collections, filter }), [
    open,
    JSON.stringify(collections),
    filter,
    details,
    tries,
  ]);
  /* Ticks are `to` a filter; of another one, as Back gives back, they are no more. */
  const held = ticks.filter(({ to }) => to === filter);
  const ask = ([next, ...later]) => {
    const values = (value || []).flatMap((facet) => (next && facet.field === next.field ? facet.values : []));
    const one = values.find((each) => each.value === next.value);
    setTicks(one ? [{ ...next, asked: true }, ...later].map((each) => ({ ...each, to: one.filter })) : []);
    if (one) useFilter(one.filter);
  };
  const tick = (field, one) => {
    const all = [...held, { field, value: one.value, to: filter }];
    if (stale || held.length) setTicks(all);
    else ask(all);
  };
  useLayoutEffect(() => {
    if (!stale && ticks.length) ask(held.filter((one) => !one.asked));
  }, [value, stale]);
  const turn = (event) => {
    setOpen(event.target.open);
    like("facets", Object.assign(look, { open: event.target.open }));
  };
  return html`<details class="pl-card pl-facets" open=${open} onToggle=${turn}>
    <summary><h3>Narrow down</h3></summary>
    ${open && error && !stale && html`<p class="pl-error" role="alert">
      ${`What there is to narrow down to is not known: ${error} `}
      <${Link} onClick=${() => again(tries + 1)}>Try again<//>
    </p>`}
    ${open && value && (value.length
      ? value.map((facet) => html`<${Field} key=${facet.field} facet=${facet} tick=${tick}
        ticks=${held.filter(({ field }) => field === facet.field)} />`)
      : html`<p class="pl-muted">All pages are alike in what filters know of them.</p>`)}
  </details>`;
}

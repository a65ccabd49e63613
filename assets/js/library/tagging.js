/* tagging: the tags and fields of documents, shown and changed, several documents at once. */
import { api, count, dialog, documents, html, Input, Known, Labelled, notify, plural,
  refresh, tellTabs } from "../core/core.js";

const different = (values) => [...new Set(values)].sort();
export const tags = () => different(documents().flatMap((one) => one.tags));
export const fields = () => different(documents().flatMap((one) => Object.keys(one.meta)));
export const values = (field) => different(documents().flatMap((one) => (field in one.meta ? [one.meta[field]] : [])));

export function Borne({ document: { tags: borne, meta } }) {
  const set = Object.entries(meta).map(([name, value]) => `${name} = ${value}`);
  if (!borne.length && !set.length) return null;
  return html`<div class="pl-borne">
    ${borne.map((text) => html`<span key=${text} class="pl-tag">${text}</span>`)}
    ${set.map((text) => html`<span key=${text} class="pl-tag pl-tag-field">${text}</span>`)}
  </div>`;
}

const several = (text) => text.trim().split(/\s*,\s*/).filter(Boolean);
const Field = ({ label, id, ...rest }) =>
  html`<${Labelled} for=${id} text=${label}><${Input} id=${id} name=${id} autocomplete="off" ...${rest} /><//>`;

/* Asks what to change of these documents, and changes it; resolves when that is done or was given up. */
export async function edit(chosen) {
  const request = await dialog({
    title: `Tags and fields of ${chosen.length === 1 ? chosen[0].name : `${chosen.length} documents`}`,
    confirm: "Change",
    wide: true,
    body: html`<div class="pl-form">
      <${Known} id="pl-tags" texts=${tags()} /><${Known} id="pl-fields" texts=${fields()} />
      <${Field} label="Add tags, between commas" id="pl-tag-add" list="pl-tags" />
      <${Field} label="Take tags away" id="pl-tag-remove" list="pl-tags" />
      <div class="pl-row">
        <${Field} label="Set the field" id="pl-field-name" list="pl-fields" placeholder="year" />
        <${Field} label="to" id="pl-field-value" maxlength="500" placeholder="2024" />
      </div>
      <${Field} label="Clear fields, between commas" id="pl-field-clear" list="pl-fields" />
      <p class="pl-muted">
        Filters find pages by them: <code>tag = 'finance'</code>, <code>meta.year >= 2020</code>.${" "}
        ${chosen.length > 1 ? `All ${count(chosen.length)} selected documents change` : "Nothing is read again"}.
      </p>
    </div>`,
    read: (data) => {
      const name = data.get("pl-field-name").trim();
      return {
        documents: chosen.map((one) => one.name),
        add: several(data.get("pl-tag-add")),
        remove: several(data.get("pl-tag-remove")),
        set: name ? { [name]: data.get("pl-field-value").trim() } : {},
        clear: several(data.get("pl-field-clear")),
      };
    },
  });
  if (!request) return;
  const done = await api.patch(api.here("/documents"), request);
  tellTabs();
  await refresh();
  notify(`${plural(done.length, "document")} changed.`);
}

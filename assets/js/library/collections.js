/* collections: those that there are, at the side; the one at hand, at the head; making, renaming, deleting one. */
import { api, atWork, Button, bytes, Check, choose, collectionNames, collectionNow, Count, count, dialog, Edits, Facts,
  html, Input, loadOverview, mayName, namesLeft, ofCollection, plural, Select, Side, state, sure, tellGone, tellTabs,
  watch } from "../core/core.js";
import { Picker } from "../models/models.js";
import { Spaces } from "./spaces.js";

const WORDS = [
  ["", "As the encoder needs them: at once, or behind the vectors"],
  ["now", "Text, and scans and pictures of text (OCR), at once"],
  ["later", "Text at once, OCR behind the vectors"],
  ["text", "Text alone, no OCR"],
  ["none", "None"],
];
/* Where the account is limited to some names, one of them is chosen. */
const Name = ({ value = "" }) =>
  namesLeft()
    ? html`<${Select} text="Name" id="pl-new-name" name="name" options=${namesLeft()} />`
    : html`<${Input} text="Name" id="pl-new-name" name="name" maxlength="64" placeholder="annual-reports"
        defaultValue=${value} required />`;

/* To a collection that is being made, or named anew. */
async function turnTo(asked) {
  const { name } = await asked;
  tellTabs();
  await loadOverview();
  await choose(name);
}
async function create() {
  const request = await dialog({
    title: "New collection",
    confirm: "Create",
    wide: true,
    fields: () => html`<${Name} />
      <div class="pl-field-block"><span>Encoder</span><${Picker} chosen="reader" /></div>
      <${Count} text="Resolution, dots per inch" name="dpi" min="36" max="600" defaultValue="144" />
      <${Select} text="Words that are read" name="words" options=${WORDS} />
      <${Input} text="Languages of scans (empty: as they look)" name="languages" placeholder="ru+en"
        autocomplete="off" spellcheck="false" />
      <${Check} name="crop" text="Crop empty margins before encoding" />
      <${Check} name="furniture" text="Also crop page numbers and running heads" />
      <p class="pl-muted">
        These stay as they are for the life of the collection, so that its scores can be compared. More encoders can be
        added later.
      </p>`,
    read: (data) => ({
      name: data.get("name"),
      encoder: data.get("encoder"),
      dpi: Number(data.get("dpi")),
      crop: data.has("crop") || data.has("furniture"),
      crop_furniture: data.has("furniture"),
      words: data.get("words"),
      languages: data.get("languages").trim() ? [data.get("languages")] : [],
      ocr: !["text", "none"].includes(data.get("words")),
    }),
  });
  if (!request) return;
  await turnTo(api.post("/collections", request));
}
async function rename({ name }) {
  const wanted = await dialog({
    title: `Rename the collection “${name}”`,
    confirm: "Rename",
    fields: html`<${Name} value=${name} />
      <p class="pl-muted">
        Its judgements, saved searches, datasets and jobs go by the new name; saved evaluations keep the name that they
        were made under.
      </p>`,
    read: (data) => data.get("name"),
  });
  if (!wanted || wanted === name) return;
  await turnTo(api.patch(api.collection(name), { name: wanted }));
  watch();
}
async function remove({ name, documents, pages, bytes: size }) {
  const wanted = await sure(`Delete the collection “${name}”?`, "Delete it all", html`<div>
    <p>
      ${plural(documents, "document")} and ${plural(pages, "page")} with their pictures and vectors (${bytes(size)}) are
      removed from this machine, with what was uploaded for them, their judgements and their saved searches. Your own
      files, datasets and evaluations stay where they are.
    </p>
    ${atWork(name) && html`<p>
      Something is at work in it. It is deleted when that has ended; stop the job to have it gone sooner.
    </p>`}
  </div>`);
  if (!wanted) return;
  const gone = await api.remove(api.collection(name));
  tellTabs();
  if (!gone.job) await loadOverview();
  if (!tellGone(gone, `The collection ${name} is deleted.`)) return;
  const [next = "documents"] = collectionNames();
  await choose(next);
}
const busy = (name) => ofCollection(name).find((job) => job.active);
function said({ name, documents, pages }) {
  const job = busy(name);
  if (job && job.kind === "ingest")
    return job.pages_total ? `Adding, ${count(job.pages_done)} of ${plural(job.pages_total, "page")}` : "Adding files";
  return pages ? `${plural(documents, "document")}, ${plural(pages, "page")}` : "Empty";
}
const Item = ({ one }) => html`<li>
  <button type="button" class="pl-side-item" aria-current=${one.name === state.collection ? "true" : null}
    onClick=${() => choose(one.name)}>
    <b>${one.name}</b><span>${said(one)}</span>
  </button>
</li>`;
export function Collections() {
  const all = [...state.overview.collections];
  const coming = state.jobs.filter((job) => job.active && job.kind === "ingest").map((job) => job.collection);
  for (const name of new Set(coming))
    if (!all.some((one) => one.name === name)) all.push({ name, documents: 0, pages: 0 });
  return html`<${Side} title="Collections" hint="The first files you add make one."
    add=${mayName() && { label: "New collection", onClick: create }}
    items=${all.map((one) => html`<${Item} key=${one.name} one=${one} />`)} />`;
}
const [COMING, TO_COME] = ["; its first files are on their way in", ", made when you add the first files"];
const LESS = { none: "no words", text: "no OCR", later: "OCR behind the vectors" };
function facts(c) {
  const made = c.settings || {};
  return [
    plural(c.documents, "document"),
    plural(c.pages, "page"),
    bytes(c.bytes),
    `encoder ${c.encoder}`,
    made.dpi && `${made.dpi} dpi`,
    made.crop ? (made.crop_furniture ? "margins and running heads cropped" : "margins cropped") : "uncropped",
    (made.languages || []).length > 0 && `scans read in ${made.languages.join(", ")}`,
    LESS[made.words] || (made.ocr ? "OCR where needed" : "no OCR"),
    c.unread > 0 && `OCR of ${plural(c.unread, "page")} to come`,
    c.failed_pages > 0 && `${plural(c.failed_pages, "page")} failed`,
  ];
}
export function Head() {
  const c = collectionNow();
  if (!c)
    return html`<div class="pl-lib-head">
      <h2>${state.collection}</h2>
      <${Edits}><p class="pl-muted">A new collection${busy(state.collection) ? COMING : TO_COME}.</p><//>
    </div>`;
  const button = (icon, text, act) =>
    html`<${Button} edits icon=${icon} look="pl-subtle" onClick=${() => act(c)}>${text}<//>`;
  return html`<div class="pl-lib-head">
    <div class="pl-lib-title">
      <h2>${c.name}</h2>
      <div class="pl-row">
        ${mayName() && button("rename", "Rename", rename)}${button("trash", "Delete collection", remove)}
      </div>
    </div>
    <${Facts} of=${facts(c)} />
    ${c.pages > 0 && html`<${Spaces} />`}
  </div>`;
}

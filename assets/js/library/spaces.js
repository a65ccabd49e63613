/* spaces: the encoders of a collection and their indexes: what each holds, what is missing, adding and removing. */
import { api, Button, bytes, Code, collectionNow, count, dialog, Facts, Figures, html, Known, plural, Quiet, reload,
  startJob, state, sure, tellTabs, useState } from "../core/core.js";
import { Picker } from "../models/models.js";

async function addEncoder() {
  const { name, spaces } = collectionNow();
  const encoder = await dialog({
    title: `Add an encoder to ${name}`,
    confirm: "Embed all pages",
    wide: true,
    read: (data) => data.get("encoder"),
    body: () => html`<div class="pl-form">
      <p class="pl-muted">
        The stored page pictures and words are embedded; your files are not read again. Pipelines then name it with an
        @, as in rows@ID:256 > full:10.
      </p>
      <${Picker} except=${spaces.map((space) => space.encoder)} />
    </div>`,
  });
  if (encoder) startJob("/embed", { encoder });
}
async function removeEncoder(space) {
  const wanted = await sure(`Remove ${space.encoder}?`, "Remove it", html`<p>
    Its vectors (${bytes(space.bytes)}) leave the collection ${state.collection}. Pages, pictures and the other encoders
    stay.
  </p>`);
  if (!wanted) return;
  await api.remove(api.here(`/encoders/${api.part(space.encoder)}`));
  tellTabs();
  await reload();
}
function NewIndex({ left }) {
  const [name, setName] = useState("");
  const found = left.find((one) => one.name === name.split("[")[0].trim());
  return html`<div class="pl-form">
    <${Code} text="Index" id="pl-index-name" name="index" list="pl-index-names" placeholder="columns" required
      write=${setName} />
    <${Known} id="pl-index-names" texts=${left.map((one) => [one.name, one.summary])} />
    <p class="pl-muted" aria-live="polite">${found ? found.summary : ""}</p>
    <p class="pl-muted">It is computed from the stored vectors; no page is encoded again.</p>
  </div>`;
}
async function addIndex(space) {
  const left = state.overview.indexes.filter((one) => !space.indexes.some((other) => other.name === one.name));
  const index = await dialog({
    title: `Add an index of ${space.encoder}`,
    confirm: "Add it",
    read: (data) => data.get("index").trim(),
    body: html`<${NewIndex} left=${left} />`,
  });
  if (index) startJob("/index", { encoder: space.encoder, index });
}

const HEADS = ["Index", "Vectors", "per page", "Type", "Size", "per page"];
function cells({ name, vectors, pages, dtype, bytes: size }) {
  const each = (n) => n / Math.max(1, pages);
  return [html`<code>${name}</code>`, count(vectors), each(vectors).toFixed(1), dtype, bytes(size), bytes(each(size))];
}
function Space({ space, pages }) {
  const facts = [
    state.overview.kinds[space.kind] || space.kind,
    `${count(space.dim)} numbers a vector`,
    `${count(space.pages)} of ${plural(pages, "page")}`,
    space.failed ? `failed on ${plural(space.failed, "page")}` : "",
    bytes(space.bytes),
  ];
  const embed = () => startJob("/embed", { encoder: space.encoder });
  const button = (text, act, primary) =>
    html`<${Button} edits look=${`pl-small ${primary ? "pl-primary" : ""}`} onClick=${act}>${text}<//>`;
  return html`<section class="pl-space" data-space=${space.encoder}>
    <div class="pl-space-head">
      <h3><code>${space.encoder}</code></h3>
      ${space.primary && html`<span class="pl-badge">first</span>`}
      <div class="pl-row">
        ${space.missing > 0 && button(`Embed ${plural(space.missing, "page")}`, embed, true)}
        ${space.kind !== "page" && button("Add an index", () => addIndex(space))}
        ${!space.primary && html`<${Quiet} edits icon="trash" label=${`Remove ${space.encoder} from this collection`}
          title="Remove this encoder" onClick=${() => removeEncoder(space)} />`}
      </div>
    </div>
    <${Facts} of=${facts} />
    <${Figures} caption=${`Indexes of ${space.encoder}`} heads=${HEADS} rows=${space.indexes.map(cells)} />
  </section>`;
}
export function Spaces() {
  const { spaces, pages } = collectionNow();
  const indexes = spaces.reduce((sum, space) => sum + space.indexes.length, 0);
  return html`<details class="pl-inspect">
    <summary>Encoders and indexes: ${plural(spaces.length, "encoder")}, ${plural(indexes, "index", "indexes")}</summary>
    <div class="pl-spaces">
      ${spaces.map((space) => html`<${Space} key=${space.encoder} space=${space} pages=${pages} />`)}
      <div class="pl-row"><${Button} edits icon="plus" onClick=${addEncoder}>Add an encoder<//></div>
    </div>
  </details>`;
}

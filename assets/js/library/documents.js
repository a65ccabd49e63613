/* documents: what is in the collection at hand, how well it was read, reading it again, and taking it out again. */
import { api, atWork, Button, bytes, capital, collectionNow, count, date, documentsNow, Edits, emit, Empty, html,
  Named, notify, ofCollection, openPage, plural, Quiet, reload, Select, set, state, sure, sync, Table, tellGone,
  tellTabs, Tick, ToSample, useAnswer, useEffect, useInSight, useState } from "../core/core.js";
import { Cure, isHardlyRead, languages, readOf } from "./again.js";
import { Borne, edit } from "./tagging.js";

const SOURCES = { text: "text layer", ocr: "OCR", mixed: "text and OCR", none: "no words" };
const VERDICTS = { good: "read well", partly: "partly read", badly: "hardly read", wordless: "no words" };

async function remove(document) {
  const wanted = await sure("Delete this document?", "Delete it", html`<div>
    <p class="pl-strong">${document.name}</p>
    <p>
      ${document.pages === 1 ? "Its page leaves" : `Its ${count(document.pages)} pages leave`} the collection
      ${state.collection}, with uploaded copies of the file, judgements of its pages, and saved searches that point
      at them. Your own file stays where it is.
    </p>
    ${atWork() && html`<p>Something is at work in this collection; the document is deleted when that has ended.</p>`}
  </div>`);
  if (!wanted) return;
  const gone = await api.remove(api.here(`/documents/${api.part(document.name)}`));
  tellTabs();
  if (gone.found) notify(`${document.name} is still found ${gone.found} times; run pagelens doctor.`, "error");
  else if (!tellGone(gone, `${document.name} is deleted.`, "A search for its own words finds none of it.")) return;
  if (state.open && state.open.document === document.name) set({ open: null });
  await reload();
  emit("deleted", document.name);
}
function Reading({ document }) {
  if (!document.indexed) return "not in yet";
  if (document.unread) return html`OCR of ${plural(document.unread, "page")} to come`;
  const source = SOURCES[document.words] || document.words;
  const verdict = document.verdict !== "good" && document.verdict !== "wordless" && VERDICTS[document.verdict];
  return html`${source}${verdict && html` <span
    class=${`pl-badge pl-verdict-of-${document.verdict}`}>${verdict}</span>`}`;
}
/* Its pictures can be read another way, in a language of a person's choice. */
function Again({ document }) {
  const { value: known } = useAnswer(languages, []);
  const [language, choose] = useState("");
  const there = (known || []).filter((one) => one.there);
  return html`<div class="pl-row pl-again">
    <${Cure} document=${document} language=${language} />
    <${Select} text="in" label="pl-inline" aria-label="Language" value=${language} choose=${choose}
        options=${[["", "the language it looks like"], ...there.map((one) => [one.code, one.name])]} />
  </div>`;
}
function Group({ title, list, name }) {
  if (!list.length) return null;
  const item = ({ page, encoder, reason, ...read }) => html`<li key=${`${page} ${encoder || ""}`}>
    <${Named} onClick=${() => openPage({ document: name, page })}>Page ${page}<//>
    ${encoder && html` <code>${encoder}</code>`}
    ${readOf(read) && html` <span class="pl-badge">${readOf(read)}</span>`} <span>${reason}</span>
  </li>`;
  return html`<h4>${title}</h4><ul class="pl-reasons">${list.map(item)}</ul>`;
}
function More({ document }) {
  const { name, failed: lost, notices, gaps } = document;
  return html`<tr class="pl-document-more" id="pl-document-more">
    <td></td>
    <td colspan="6">
      <p><b>${capital(VERDICTS[document.verdict] || "")}.</b> ${document.reading}</p>
      <${Group} title="Could not be taken in" list=${lost} name=${name} />
      <${Group} title="In, but hardly read" list=${notices} name=${name} />
      <${Group} title="Without an encoder's vectors" list=${gaps} name=${name} />
      ${document.indexed > 0 && html`<${Edits}><${Again} document=${document} /><//>`}
    </td>
  </tr>`;
}
function toggle(name) {
  set({ document: state.document === name ? "" : name });
  sync();
}
/* How many of its pages are in: while a job is at it, as the job says. */
function indexed(document) {
  const jobs = ofCollection(state.collection).filter((job) => job.active && job.kind === "ingest");
  const live = jobs.flatMap((job) => job.documents).find((file) => file.name === document.name);
  return live && live.state === "reading" ? live.indexed + live.skipped : document.indexed;
}
const troubles = ({ failed: lost, notices, gaps }) =>
  [
    lost.length && `${plural(lost.length, "page")} could not be read`,
    notices.length && `${plural(notices.length, "page")} hardly read`,
    gaps.length && `${plural(gaps.length, "page")} without an encoder's vectors`,
  ].filter(Boolean);
function Row({ document, selected, select }) {
  const { name } = document;
  const open = state.document === name;
  const at = useInSight(open && state.view === "library");
  const said = troubles(document);
  const there = indexed(document);
  return html`<tr data-document=${name} ref=${at}>
      <td>
        <${Edits}><${Tick} aria-label=${`Select ${name}`} checked=${selected} tick=${(on) => select(name, on)} /><//>
      </td>
      <th scope="row">
        <${Named} data-step onClick=${() => openPage({ document: name, page: 1 })}>${name}<//>
        <${Borne} document=${document} />
        ${said.length > 0 && html`<div>
          <${Named} look="pl-failed" aria-expanded=${open} aria-controls="pl-document-more" title="Which pages, and why"
            onClick=${() => toggle(name)}>
            ${said.join(", ")}
          <//>
        </div>`}
      </th>
      <td class="pl-num">
        ${there < document.pages ? `${count(there)} of ${count(document.pages)}` : count(document.pages)}
      </td>
      <td>
        <${Named} aria-expanded=${open} aria-controls="pl-document-more" title="How well it was read"
          onClick=${() => toggle(name)}>
          <${Reading} document=${document} />
        <//>
        ${isHardlyRead(document) && html` <${Cure} document=${document} short />`}
      </td>
      <td class="pl-num">${bytes(document.bytes)}</td>
      <td class="pl-muted">${date(document.added)}</td>
      <td class="pl-num">
        <${Quiet} edits icon="trash" label=${`Delete ${name}`} title="Delete this document"
          onClick=${() => remove(document)} />
      </td>
    </tr>
    ${open && html`<${More} document=${document} />`}`;
}
function Lost({ name }) {
  return html`<p class="pl-note" role="status">
    There is no document “${name}” in this collection. It was deleted or renamed.
    <${Named} onClick=${() => toggle(name)}>Close<//>
  </p>`;
}
export function Documents() {
  const all = documentsNow() || [];
  const [chosen, choose] = useState(new Set());
  useEffect(() => choose(new Set()), [state.collection]);
  const selected = all.filter((one) => chosen.has(one.name));
  const select = (names, on) => {
    const next = new Set(chosen);
    for (const name of [names].flat()) next[on ? "add" : "delete"](name);
    choose(next);
  };
  if (!all.length) {
    if (!documentsNow() && collectionNow()) return null; // they are on their way
    if (atWork(state.collection, "ingest")) return null;
    return html`<section class="pl-docs">
      <${Empty} title="No documents yet">
        <${Edits}>
          <p>Add some above. You see how many pages there are and how long it takes before anything starts.</p>
          <${ToSample} />
        <//>
      <//>
    </section>`;
  }
  const names = all.map((one) => one.name);
  const every = html`<${Edits}>
    <${Tick} aria-label="Select all documents" checked=${selected.length === all.length}
      tick=${(on) => select(names, on)} />
  <//>`;
  const lost = state.document && !names.includes(state.document);
  return html`<section class="pl-docs">
    <div class="pl-docs-head">
      <h3>Documents</h3>
      <${Button} edits id="pl-tagging" disabled=${!selected.length}
        title="Tags and fields are what filters find documents by" onClick=${() => edit(selected)}>
        ${selected.length ? `Tag ${plural(selected.length, "document")}` : "Tag the selected documents"}
      <//>
    </div>
    ${lost && html`<${Lost} name=${state.document} />`}
    <${Table} columns=${[[every], ["Name"], ["Pages", "pl-num"], ["Words from"], ["Size", "pl-num"], ["Added"], [""]]}
      rows=${all.map((one) => html`<${Row} key=${one.name + one.content_hash} document=${one}
        selected=${chosen.has(one.name)} select=${select} />`)} />
  </section>`;
}

/* datasets: questions with labels; brought in from files or a folder, from what was judged, looked over, taken away. */
import { Link } from "../core/buttons.js";
import { dialog, failed, notify } from "../core/dialogs.js";
import { count, date, plural } from "../core/format.js";
import { html, useEffect, useState } from "../core/html.js";
import { showTab } from "../core/router.js";
import { api } from "../core/server.js";
import { state } from "../core/store.js";
import { Table } from "../core/table.js";
import { askAnew } from "../search/run.js";

const LISTS = ".jsonl,.json,.csv,.tsv,.txt,.trec,.qrels";
const MAX_NAME = 64;

/* A dialog of fields, by id; resolves to their elements when it is confirmed, else to null. */
async function form(title, confirm, fields, body) {
  const found = () => Object.fromEntries(fields.map((id) => [id, document.getElementById(id)]));
  return dialog({ title, confirm, wide: true, body: html`<div class="pl-form">${body}</div>`, read: found });
}
const field = (label, input) => html`<label><span>${label}</span>${input}</label>`;
const name = (id, more) => html`<input class="pl-input" required maxlength=${MAX_NAME} id=${id} ...${more} />`;
function made(dataset) {
  notify(`${plural(dataset.questions, "question")} in ${dataset.name}.`);
  return dataset.name;
}
async function upload(files) {
  const { batch } = await api.post("/uploads");
  for (const file of files) await api.ask("PUT", `/uploads/${batch}`, { raw: file, query: { name: file.name } });
  return batch;
}

/* From files of questions and labels, over a collection's pages. All of these resolve to the dataset's name, or null. */
export async function fromFiles() {
  const [named, questions, labels, over] = ["name", "questions", "labels", "collection"].map((id) => `pl-dataset-${id}`);
  const file = (id, more) => html`<input type="file" id=${id} accept=${LISTS} ...${more} />`;
  const nameIt = ({ target }) => {
    const box = document.getElementById(named);
    if (!box.value && target.files[0]) box.value = target.files[0].name.replace(/\.[^.]*$/, "");
  };
  const { collections } = state.overview;
  const read = await form(
    "Add questions and labels",
    "Add",
    [named, questions, labels, over],
    html`${field("Questions", file(questions, { required: true, onChange: nameIt }))}
      ${field("Labels, if they are in a file of their own", file(labels))}
      ${field(
        "They are about the pages of",
        html`<select class="pl-select" id=${over}>
          ${collections.map((one) => html`<option key=${one.name} selected=${one.name === state.collection}>
            ${one.name}
          </option>`)}
        </select>`,
      )}
      ${field("Name", name(named, { placeholder: "my-questions" }))}
      <p class="pl-muted">
        A table with the columns <code>text, page, grade</code> is enough; a page is written${" "}
        <code>report.pdf#page=12</code>. JSON lines, CSV, tabs and TREC labels are read.
      </p>`,
  );
  if (!read) return null;
  const [first, second] = [read[questions].files[0], read[labels].files[0]];
  if (second && first.name === second.name) throw new Error("Both files have the same name; rename one of them.");
  const request = { name: read[named].value, collection: read[over].value };
  const batch = await upload([first, second].filter(Boolean));
  return made(
    await api.post("/datasets/made", { ...request, batch, questions: first.name, labels: second ? second.name : "" }),
  );
}
/* From a folder on the server's disk, or a benchmark by name. */
export async function fromFolder() {
  const id = "pl-dataset-path";
  const read = await form(
    "Add a dataset folder",
    "Add",
    [id],
    html`${field(
        "Folder, or the name of a benchmark",
        html`<input class="pl-input pl-code" required id=${id} spellcheck="false" autocomplete="off"
          placeholder="/home/me/datasets/contracts" />`,
      )}
      <p class="pl-muted">
        A folder with documents/, queries.jsonl and qrels.tsv stays where it is; BEIR and ViDoRe folders are brought into
        that form.
      </p>`,
  );
  return read && made(await api.post("/datasets", { path: read[id].value }));
}
/* Everything judged in a collection. */
export async function fromJudgements() {
  const id = "pl-judged-name",
    { collection } = state;
  const read = await form(
    `What was judged in ${collection}`,
    "Make a dataset",
    [id],
    html`${field("Name", name(id, { defaultValue: `${collection} judged` }))}
      <p class="pl-muted">
        Its questions are those that pages were judged for; make it again under the same name to bring it up to date.
      </p>`,
  );
  return read && made(await api.post("/datasets/judged", { name: read[id].value, collection }));
}
/* --- what was searched for ----------------------------------------------------------------------------------------------- */
function Asked({ collection, judge }) {
  const [told, tell] = useState(null);
  const address = api.collection(collection, "/asked");
  useEffect(() => {
    api.get(address).then(tell, failed);
  }, []);
  if (!told) return html`<p class="pl-muted" role="status">Looking for searches</p>`;
  const keep = (event) => api.put(address, { kept: event.target.checked }).then(tell, failed);
  const clear = () => api.remove(address).then(() => tell({ ...told, queries: [] }), failed);
  const row = ({ query, times, last }) =>
    html`<tr key=${query}>
      <th scope="row">${query}</th>
      <td class="pl-num">${count(times)}</td>
      <td>${date(last)}</td>
      <td class="pl-num">${told.judged[query] || "–"}</td>
      <td><${Link} aria-label=${`Judge: ${query}`} onClick=${() => judge(query)}>Judge<//></td>
    </tr>`;
  return html`<label class="pl-check">
      <input type="checkbox" id="pl-keep-asked" checked=${told.kept} onChange=${keep} />
      <span>Keep what is searched for on this page in ${collection}, on this machine only</span>
    </label>
    <p class="pl-muted">
      Questions that people really asked measure best. Judge the pages that they find: open one, then <kbd>g</kbd> and${" "}
      <kbd>b</kbd>, and <kbd>j</kbd> for the next. What was judged becomes the dataset.
    </p>
    ${told.queries.length
      ? html`<${Table} tall id="pl-asked" region="Searches that were kept"
        caption=${`What was searched for in ${collection}`}
        columns=${[["Query"], ["Times", "pl-num"], ["Last"], ["Judged", "pl-num"], ["", ""]]}
        rows=${told.queries.map(row)} />
          <div><${Link} onClick=${clear}>Delete what was kept<//></div>`
      : html`<p class="pl-muted">${told.kept ? "Nothing was asked since." : "Nothing is kept."}</p>`}`;
}
/* What people asked here, to be judged; resolves as the others. */
export async function fromSearches() {
  const { collection } = state;
  let close,
    chosen = null;
  const judge = (query) => {
    chosen = query;
    close();
  };
  const make = await dialog({
    title: `What was searched for in ${collection}`,
    wide: true,
    confirm: "Make a dataset of what was judged",
    body: html`<div class="pl-form"><${Asked} collection=${collection} judge=${judge} /></div>`,
    opened: (closing) => (close = closing),
  });
  if (chosen) {
    showTab("search");
    askAnew({ collection, query: chosen, pipeline: state.pipeline, filter: "" });
  }
  return make ? fromJudgements() : null;
}
export async function look(dataset) {
  const { counts, problems } = await api.get(`/datasets/${api.part(dataset)}/check`);
  const row = ([what, n]) =>
    html`<tr key=${what}><th scope="row">${what}</th><td class="pl-num">${count(n)}</td></tr>`;
  await dialog({
    title: `Dataset ${dataset}`,
    wide: true,
    body: html`<div class="pl-form">
      <table class="pl-table" id="pl-dataset-counts"><tbody>${Object.entries(counts).map(row)}</tbody></table>
      ${problems.length
        ? html`<ul class="pl-problems">${problems.map((text) => html`<li key=${text}>${text}</li>`)}</ul>`
        : html`<p class="pl-muted">It is as it should be.</p>`}
    </div>`,
  });
}
/* Whether it was taken away. */
export async function remove(dataset) {
  const sure = await dialog({
    title: `Remove the dataset “${dataset.name}”?`,
    confirm: "Remove it",
    danger: true,
    body: html`<p>Records that were made with it stay. A folder that lies elsewhere is only forgotten.</p>`,
  });
  if (sure) await api.remove(`/datasets/${api.part(dataset.name)}`);
  return Boolean(sure);
}

/* datasets: questions with labels; brought in from files or a folder, from what was judged, looked over, taken away. */
import { Link } from "../core/buttons.js";
import { dialog, failed, notify, sure } from "../core/dialogs.js";
import { Waiting } from "../core/empty.js";
import { Check, Code, Input, Labelled, Select } from "../core/form.js";
import { count, date, plural } from "../core/format.js";
import { html, useEffect, useState } from "../core/html.js";
import { showTab } from "../core/router.js";
import { api } from "../core/server.js";
import { state } from "../core/store.js";
import { Figures, Table } from "../core/table.js";
import { askAnew } from "../search/run.js";

const LISTS = ".jsonl,.json,.csv,.tsv,.txt,.trec,.qrels";
const MAX_NAME = 64;

const adding = (title, confirm, fields, read = Object.fromEntries) => dialog({ title, confirm, wide: true, fields, read });
const Name = (more) =>
  html`<${Labelled} text="Name"><${Input} name="name" required maxlength=${MAX_NAME} ...${more} /><//>`;
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
  const file = (id, more) => html`<input type="file" id=${id} name=${id} accept=${LISTS} ...${more} />`;
  const nameIt = ({ target }) => {
    const { name } = target.form.elements;
    if (!name.value && target.files[0]) name.value = target.files[0].name.replace(/\.[^.]*$/, "");
  };
  const wanted = await adding(
    "Add questions and labels",
    "Add",
    html`<${Labelled} text="Questions">${file("pl-dataset-questions", { required: true, onChange: nameIt })}<//>
      <${Labelled} text="Labels, if they are in a file of their own">${file("pl-dataset-labels")}<//>
      <${Labelled} text="They are about the pages of">
        <${Select} id="pl-dataset-collection" name="collection" value=${state.collection}
          options=${state.overview.collections.map((one) => one.name)} />
      <//>
      <${Name} id="pl-dataset-name" placeholder="my-questions" />
      <p class="pl-muted">
        A table with the columns <code>text, page, grade</code> is enough; a page is written${" "}
        <code>report.pdf#page=12</code>. JSON lines, CSV, tabs and TREC labels are read.
      </p>`,
  );
  if (!wanted) return null;
  const { name, collection, "pl-dataset-questions": first, "pl-dataset-labels": second } = wanted;
  if (first.name === second.name) throw new Error("Both files have the same name; rename one of them.");
  const batch = await upload([first, second].filter((file) => file.name));
  return made(await api.post("/datasets/made", { name, collection, batch, questions: first.name, labels: second.name }));
}
/* From a folder on the server's disk, or a benchmark by name. */
export async function fromFolder() {
  const wanted = await adding(
    "Add a dataset folder",
    "Add",
    html`<${Labelled} text="Folder, or the name of a benchmark">
        <${Code} required id="pl-dataset-path" name="path" placeholder="/home/me/datasets/contracts" />
      <//>
      <p class="pl-muted">
        A folder with documents/, queries.jsonl and qrels.tsv stays where it is; BEIR and ViDoRe folders are brought into
        that form.
      </p>`,
  );
  return wanted && made(await api.post("/datasets", wanted));
}
/* Everything judged in a collection. */
export async function fromJudgements() {
  const { collection } = state;
  const wanted = await adding(
    `What was judged in ${collection}`,
    "Make a dataset",
    html`<${Name} id="pl-judged-name" defaultValue=${`${collection} judged`} />
      <p class="pl-muted">
        Its questions are those that pages were judged for; make it again under the same name to bring it up to date.
      </p>`,
  );
  return wanted && made(await api.post("/datasets/judged", { ...wanted, collection }));
}
/* --- what was searched for ----------------------------------------------------------------------------------------------- */
function Asked({ collection, judge }) {
  const [told, tell] = useState(null);
  const address = api.collection(collection, "/asked");
  useEffect(() => {
    api.get(address).then(tell, failed);
  }, []);
  if (!told) return html`<${Waiting} text="Looking for searches" />`;
  const keep = (kept) => api.put(address, { kept }).then(tell, failed);
  const clear = () => api.remove(address).then(() => tell({ ...told, queries: [] }), failed);
  const row = ({ query, times, last }) =>
    html`<tr key=${query}>
      <th scope="row">${query}</th>
      <td class="pl-num">${count(times)}</td>
      <td>${date(last)}</td>
      <td class="pl-num">${told.judged[query] || "–"}</td>
      <td><${Link} aria-label=${`Judge: ${query}`} onClick=${() => judge(query)}>Judge<//></td>
    </tr>`;
  const text = `Keep what is searched for on this page in ${collection}, on this machine only`;
  return html`<${Check} id="pl-keep-asked" text=${text} checked=${told.kept} tick=${keep} />
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
  const made = await dialog({
    title: `What was searched for in ${collection}`,
    wide: true,
    confirm: "Make a dataset of what was judged",
    fields: (judge) => html`<${Asked} collection=${collection} judge=${judge} />`,
  });
  if (made === true) return fromJudgements();
  if (made) {
    showTab("search");
    askAnew({ collection, query: made, pipeline: state.pipeline, filter: "" });
  }
  return null;
}
export async function look(dataset) {
  const { counts, problems } = await api.get(`/datasets/${api.part(dataset)}/check`);
  const rows = Object.entries(counts).map(([what, n]) => [what, count(n)]);
  await dialog({
    title: `Dataset ${dataset}`,
    wide: true,
    fields: html`<${Figures} id="pl-dataset-counts" rows=${rows} />
      ${problems.length
        ? html`<ul class="pl-problems">${problems.map((text) => html`<li key=${text}>${text}</li>`)}</ul>`
        : html`<p class="pl-muted">It is as it should be.</p>`}`,
  });
}
/* Whether it was taken away. */
export async function remove(dataset) {
  const wanted = await sure(`Remove the dataset “${dataset.name}”?`, "Remove it", html`<p>
    Records that were made with it stay. A folder that lies elsewhere is only forgotten.
  </p>`);
  if (wanted) await api.remove(`/datasets/${api.part(dataset.name)}`);
  return Boolean(wanted);
}

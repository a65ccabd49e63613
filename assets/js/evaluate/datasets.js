/* datasets: questions with labels; brought in from files or a folder, from what was judged, looked over, taken away. */
import { api, Check, Code, collectionNames, count, date, dialog, Figures, html, Input, Labelled, latest, Link, notify,
  plural, Refusal, Select, showTab, state, sure, Table, useAnswer, useMemo, useState, Waiting } from "../core/core.js";
import { askAnew } from "../search/run.js";

const LISTS = ".jsonl,.json,.csv,.tsv,.txt,.trec,.qrels";

const adding = (title, confirm, fields) => dialog({ title, confirm, wide: true, fields, read: Object.fromEntries });
const Name = (more) => html`<${Input} text="Name" name="name" required maxlength="64" ...${more} />`;
const at = (name, rest = "") => `/datasets/${api.part(name)}${rest}`;
async function made(how, asked) {
  const { name, questions } = await api.post(`/datasets${how}`, asked);
  notify(`${plural(questions, "question")} in ${name}.`);
  return name;
}

/* From files of questions and labels, over a collection's pages. These all resolve to the dataset's name, or null. */
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
      <${Select} text="They are about the pages of" id="pl-dataset-collection" name="collection"
        value=${state.collection} options=${collectionNames()} />
      <${Name} id="pl-dataset-name" placeholder="my-questions" />
      <p class="pl-muted">
        A table with the columns <code>text, page, grade</code> is enough; a page is written${" "}
        <code>report.pdf#page=12</code>. JSON lines, CSV, tabs and TREC labels are read.
      </p>`,
  );
  if (!wanted) return null;
  const { name, collection, "pl-dataset-questions": questions, "pl-dataset-labels": labels } = wanted;
  if (questions.name === labels.name) throw new Refusal("Both files have the same name; rename one of them.");
  const { batch } = await api.post("/uploads");
  for (const file of [questions, labels].filter((one) => one.name))
    await api.ask("PUT", `/uploads/${batch}`, { raw: file, query: { name: file.name } });
  return made("/made", { name, collection, batch, questions: questions.name, labels: labels.name });
}
/* From a folder on the server's disk, or a benchmark by name. */
export async function fromFolder() {
  const wanted = await adding(
    "Add a dataset folder",
    "Add",
    html`<${Code} text="Folder, or the name of a benchmark" required id="pl-dataset-path" name="path"
      placeholder="/home/me/datasets/contracts" />
      <p class="pl-muted">
        A folder with documents/, queries.jsonl and qrels.tsv stays where it is; BEIR and ViDoRe folders are brought
        into that form.
      </p>`,
  );
  return wanted && made("", wanted);
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
  return wanted && made("/judged", { ...wanted, collection });
}
/* --- what was searched for ---------------------------------------------------------------------------------------- */
function Asked({ collection, judge }) {
  const [changed, change] = useState(0);
  const address = api.collection(collection, "/asked");
  const [put, setPut] = useState(null);
  const begin = useMemo(latest, []);
  const { value, error } = useAnswer(() => api.get(address), [changed]);
  const told = put || value;
  if (!told) return html`<${Waiting} text="Looking for searches" error=${error} />`;
  const act = (request) => {
    const newest = begin();
    return request.then((answer) => {
      if (!newest()) return;
      setPut(answer);
      change(changed + 1);
    });
  };
  const row = ({ query, times, last }) => {
    const go = html`<${Link} aria-label=${`Judge: ${query}`} onClick=${() => judge(query)}>Judge<//>`;
    return [query, count(times), date(last), told.judged[query] || "–", go];
  };
  const text = `Keep what is searched for on this page in ${collection}, on this machine only`;
  return html`<${Check} id="pl-keep-asked" text=${text} checked=${told.kept}
      tick=${(kept) => act(api.put(address, { kept }))} />
    <p class="pl-muted">
      Questions that people really asked measure best. Judge the pages that they find: open one, then <kbd>g</kbd>${" "}
      and <kbd>b</kbd>, and <kbd>j</kbd> for the next. What was judged becomes the dataset.
    </p>
    ${told.queries.length
      ? html`<${Table} tall id="pl-asked" region="Searches that were kept"
        caption=${`What was searched for in ${collection}`}
        columns=${[["Query"], ["Times", "pl-num"], ["Last"], ["Judged", "pl-num"], ["", ""]]}
        rows=${told.queries.map(row)} />
          <div><${Link} onClick=${() => act(api.remove(address))}>Delete what was kept<//></div>`
      : html`<p class="pl-muted">${told.kept ? "Nothing was asked since." : "Nothing is kept."}</p>`}`;
}
/* What people asked here, to be judged; resolves as the others. */
export async function fromSearches() {
  const { collection, pipeline } = state;
  const query = await dialog({
    title: `What was searched for in ${collection}`,
    wide: true,
    confirm: "Make a dataset of what was judged",
    fields: (judge) => html`<${Asked} collection=${collection} judge=${judge} />`,
  });
  if (query === true) return fromJudgements();
  if (query) {
    showTab("search");
    askAnew({ collection, query, pipeline, filter: "" });
  }
  return null;
}
export async function look(dataset) {
  const { counts, problems } = await api.get(at(dataset, "/check"));
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
export async function remove({ name }) {
  const wanted = await sure(`Remove the dataset “${name}”?`, "Remove it", html`<p>
    Records that were made with it stay. A folder that lies elsewhere is only forgotten.
  </p>`);
  if (wanted) await api.remove(at(name));
  return Boolean(wanted);
}

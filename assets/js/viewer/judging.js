/* judging: how well a page answers a query, as a row of grades; kept by the server as labels of the collection. */
import { api, Edits, html, latest, mayEdit, notify, refOf, set, state, useEffect, useId } from "../core/core.js";

const GRADES = [
  ["", "not judged"],
  ["0", "not relevant"],
  ["1", "relevant"],
  ["2", "highly relevant"],
  ["3", "the best there is"],
];

const give = (body) => api.post("/judgements", body);

/* `grade` is what was judged so far, null for nothing; `onchange` hears all grades of the query by page. */
export function Judging({ query, collection, document, number, grade, onchange = () => {} }) {
  const group = `pl-judge-${useId()}`;
  const page = `${document} page ${number}`;
  const ref = refOf({ document, page: number });
  const choose = (value) =>
    give({ query, collection, page: ref, grade: value === "" ? null : Number(value) }).then(onchange);
  const now = String(grade ?? "");
  return html`<${Edits}><fieldset class="pl-judge">
    <legend class="pl-sr">${`Judge ${page} for this question`}</legend>
    ${GRADES.map(([value, words]) => html`<label key=${value} title=${words}>
      <input type="radio" name=${group} value=${value} checked=${value === now} aria-label=${`${page}: ${words}`}
        onChange=${() => choose(value)} />
      <span aria-hidden="true">${value || "–"}</span>
    </label>`)}
  </fieldset><//>`;
}
/* For the open page and the query at hand. A key may come before the grades so far are known, so it does not wait for
   them; what is answered to it holds against what was asked before. */
const answered = latest();
const named = () => ({ query: state.query, collection: state.collection });
const isOf = (judged, { query, collection }) => judged && judged.query === query && judged.collection === collection;
async function load() {
  const mine = answered(),
    of = named();
  const grades = await api.get("/judgements", of);
  if (mine()) set({ judged: { ...of, grades } });
}
export const judgeable = () => mayEdit() && Boolean(state.query) && !state.parts.length;
function told(grades, of = named()) {
  answered();
  set({ judged: { ...of, grades } });
  notify("Kept with the collection's judgements.");
}
export function judgeOpen(grade) {
  const of = named();
  if (judgeable()) give({ ...of, page: refOf(state.open), grade }).then((grades) => told(grades, of));
}
/* As a section of the panel beside the page. */
export function JudgedPage({ at }) {
  const { query, collection } = state;
  const grades = isOf(state.judged, state) && state.judged.grades;
  useEffect(() => void load(), [query, collection]);
  return html`<section class="pl-section">
    <h3>Does it answer the query?</h3>
    ${grades && html`<${Judging} key=${refOf(at)} query=${query} collection=${collection} document=${at.document}
      number=${at.page} grade=${grades[refOf(at)]} onchange=${(all) => told(all)} />`}
    <p class="pl-muted">0 not relevant, 1 relevant, 2 highly relevant, 3 the best there is; kept as a label.</p>
  </section>`;
}

/* judging: how well a page answers a query, as a row of grades; kept by the server as labels of the collection. */
import { failed, notify } from "../core/dialogs.js";
import { html, render, useEffect, useId, useState } from "../core/html.js";
import { refOf } from "../core/address.js";
import { api } from "../core/server.js";
import { state } from "../core/store.js";

const GRADES = [
  ["", "not judged"],
  ["0", "not relevant"],
  ["1", "relevant"],
  ["2", "highly relevant"],
  ["3", "the best there is"],
];

/* `grade` is what was judged so far, null for nothing; `onchange` hears all grades of the query by page. */
export function Judging({ query, collection, document, number, grade, onchange = () => {} }) {
  const group = `pl-judge-${useId()}`;
  const page = `${document} page ${number}`;
  const give = (value) =>
    api
      .post("/judgements", {
        query,
        collection,
        page: refOf({ document, page: number }),
        grade: value === "" ? null : Number(value),
      })
      .then(onchange, failed);
  const now = grade === null || grade === undefined ? "" : String(grade);
  return html`<fieldset class="pl-judge">
    <legend class="pl-sr">${`Judge ${page} for this question`}</legend>
    ${GRADES.map(
      ([value, words]) =>
        html`<label key=${value} title=${words}>
          <input
            type="radio"
            name=${group}
            value=${value}
            checked=${value === now}
            aria-label=${`${page}: ${words}`}
            onChange=${() => give(value)}
          />
          <span aria-hidden="true">${value === "" ? "–" : value}</span>
        </label>`,
    )}
  </fieldset>`;
}
/* The same as an element, for scripts that make elements by hand. */
export function judging(options) {
  const slot = document.createElement("div");
  render(html`<${Judging} ...${options} />`, slot);
  return slot;
}
/* For the open page and the query at hand, as a section of the panel beside it. */
export function JudgedPage({ at }) {
  const { query, collection } = state;
  const [grades, setGrades] = useState(null);
  useEffect(() => {
    api.get("/judgements", { query, collection }).then(setGrades, failed);
  }, [query, collection]);
  const told = (all) => {
    setGrades(all);
    notify("Kept with the collection's judgements.");
  };
  return html`<section class="pl-section">
    <h3>Does it answer the query?</h3>
    ${
      grades &&
      html`<${Judging}
        key=${refOf(at)}
        query=${query}
        collection=${collection}
        document=${at.document}
        number=${at.page}
        grade=${grades[refOf(at)]}
        onchange=${told}
      />`
    }
    <p class="pl-muted">0 not relevant, 1 relevant, 2 highly relevant, 3 the best there is; kept as a label.</p>
  </section>`;
}

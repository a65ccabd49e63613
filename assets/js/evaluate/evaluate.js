/* evaluate: datasets through pipelines, records set against each other, and the questions that failed. */
import { Quiet } from "../core/buttons.js";
import { date, plural } from "../core/format.js";
import { html, useLayoutEffect, useRef } from "../core/html.js";
import { state } from "../core/store.js";
import { Form, Jobs } from "./measuring.js";
import { Questions } from "./questions.js";
import { alter, now, read, turnTo } from "./reading.js";
import { Report } from "./report.js";
import { EVERY, onlyFailed } from "./words.js";

function Item({ record }) {
  const { chosen, known } = now();
  const best = Math.max(...Object.values(record.means));
  const pick = (event) => {
    const on = new Set(chosen);
    if (event.target.checked) on.add(record.name);
    else on.delete(record.name);
    read(known.records.map((one) => one.name).filter((name) => on.has(name)));
  };
  return html`<li>
    <label class="pl-record">
      <input type="checkbox" value=${record.name} checked=${chosen.includes(record.name)} onChange=${pick} />
      <span>
        <b>${record.dataset}</b>
        <span>${`${plural(record.questions, "question")} in ${record.collection}`}</span>
        <span>
          ${`${plural(Object.keys(record.means).length, "pipeline")}, ${record.measure} up to ${best.toFixed(3)}`}
        </span>
        <span title=${date(record.date)}>${record.name}</span>
      </span>
    </label>
  </li>`;
}
function Side() {
  const { known, making } = now(),
    { records } = known;
  return html`<aside class="pl-side pl-records" aria-label="Evaluations">
    <div class="pl-side-head">
      <h2>Evaluations</h2>
      <${Quiet} icon="plus" label="New evaluation" id="pl-eval-new" aria-expanded=${formShown()}
        onClick=${() => alter({ making: !making })} />
    </div>
    ${records.length > 1 && html`<p class="pl-muted">Tick several to compare them.</p>`}
    <ul>${records.map((record) => html`<${Item} key=${record.name} record=${record} />`)}</ul>
    ${!records.length && html`<p class="pl-muted">
      None yet. What you measure here, or with pagelens eval --save, is kept.
    </p>`}
  </aside>`;
}
/* The form stands there while there is nothing else. */
const formShown = () => {
  const { making, known } = now();
  return making || !(known.records.length || known.jobs.some((one) => one.job.active));
};
function Nothing() {
  const title = now().known.records.length ? "No evaluation is chosen" : "Nothing has been measured yet";
  return html`<div class="pl-empty">
    <p class="pl-empty-title">${title}</p>
    <p>
      Choose a dataset and some pipelines: every question is asked, and every page that was missed is followed to the stage
      that lost it.
    </p>
  </div>`;
}
/* Questions whose page had some fate. */
async function only(i, fate) {
  const { at, versus, view, outcomes } = now();
  const failed = fate === "found" ? false : outcomes && i === at ? onlyFailed(view, outcomes) : null;
  await turnTo(i, i === at ? versus : -1, { ...EVERY, fate, failed });
  document.getElementById("pl-of-questions").scrollIntoView({ block: "start", behavior: "smooth" });
}
export function Evaluate() {
  const { known, making, report, reading, error } = now();
  const form = useRef(null);
  useLayoutEffect(() => {
    if (making) form.current.querySelector("#pl-eval-dataset").focus();
  }, [making]);
  if (!known || !state.overview)
    return html`<div class="pl-empty" role="status"><p><span class="pl-spinner"></span>Looking for evaluations</p></div>`;
  return html`<div class="pl-evaluate">
    <${Side} />
    <div class="pl-evaluate-main">
      <div ref=${form} hidden=${!formShown()}><${Form} /></div>
      <${Jobs} />
      ${reading && html`<p class="pl-muted" role="status">
        <span class="pl-spinner" aria-hidden="true"></span>Reading the records and testing the differences
      </p>`}
      <div class=${reading ? "pl-report pl-stale" : "pl-report"} id="pl-report">
        ${error && !report && html`<p class="pl-error" role="alert">${error}</p>`}
        ${report ? html`<${Report} choose=${only} /><${Questions} />` : !reading && !error && html`<${Nothing} />`}
      </div>
    </div>
  </div>`;
}

/* evaluate: datasets through pipelines, records set against each other, and the questions that failed. */
import { date, Edits, Empty, html, mayEdit, Opening, plural, Problem, Side, state, Tick, useLayoutEffect, useRef,
  Waiting } from "../core/core.js";
import { Datasets, Jobs, Measuring } from "./measuring.js";
import { Questions } from "./questions.js";
import { alter, now, read, turnTo } from "./reading.js";
import { Report } from "./report.js";
import { EVERY, onlyFailed } from "./words.js";

function Item({ record: { name, dataset, collection, questions, means, measure, date: when } }) {
  const { chosen, known } = now();
  const pick = (on) =>
    read(known.records.map((one) => one.name).filter((one) => (one === name ? on : chosen.includes(one))));
  const best = Math.max(...Object.values(means)).toFixed(3);
  return html`<li>
    <label class="pl-record">
      <${Tick} value=${name} checked=${chosen.includes(name)} tick=${pick} />
      <span>
        <b>${dataset}</b>
        <span>${`${plural(questions, "question")} in ${collection}`}</span>
        <span>${`${plural(Object.keys(means).length, "pipeline")}, ${measure} up to ${best}`}</span>
        <span title=${date(when)}>${name}</span>
      </span>
    </label>
  </li>`;
}
function Evaluations({ formShown }) {
  const { known: { records }, making } = now();
  const turn = () => alter({ making: !making });
  const add = { id: "pl-eval-new", label: "New evaluation", "aria-expanded": formShown, onClick: turn };
  return html`<${Side} title="Evaluations" look="pl-records" add=${add}
    hint=${html`What you measure here, or with <code>pagelens eval --save</code>, is kept.`}
    items=${records.map((record) => html`<${Item} key=${record.name} record=${record} />`)}>
    ${records.length > 1 && html`<p class="pl-muted">Tick several to compare them.</p>`}
  <//>`;
}
const Nothing = ({ records }) =>
  html`<${Empty} title=${records.length ? "No evaluation is chosen" : "Nothing has been measured yet"}>
    <${Edits}>
      <p>
        Choose a dataset and some pipelines: every question is asked, and every page that was missed is followed to the
        stage that lost it.
      </p>
    <//>
  <//>`;
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
  if (!known || !state.overview) return html`<${Opening} text="Looking for evaluations" />`;
  // The form stands there while there is nothing else.
  const formShown = mayEdit() && (making || !(known.records.length || known.jobs.some((one) => one.job.active)));
  return html`<div class="pl-evaluate">
    <${Evaluations} formShown=${formShown} />
    <div class="pl-evaluate-main">
      <div ref=${form} hidden=${!formShown}><${Measuring} /></div>
      <${Jobs} />
      ${!mayEdit() && known.datasets.length > 0 && html`<${Datasets} />`}
      ${reading && html`<${Waiting} text="Reading the records and testing the differences" />`}
      <div class=${reading ? "pl-report pl-stale" : "pl-report"} id="pl-report">
        ${!report && html`<${Problem} text=${error} />`}
        ${report
          ? html`<${Report} choose=${only} /><${Questions} />`
          : !reading && !error && html`<${Nothing} records=${known.records} />`}
      </div>
    </div>
  </div>`;
}

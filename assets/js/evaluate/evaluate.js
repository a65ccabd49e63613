/* evaluate: datasets through pipelines, records set against each other, and the questions that failed. */
import { Empty, Opening, Problem, Waiting } from "../core/empty.js";
import { Tick } from "../core/form.js";
import { date, plural } from "../core/format.js";
import { html, useLayoutEffect, useRef } from "../core/html.js";
import { Side } from "../core/side.js";
import { state } from "../core/store.js";
import { Form, Jobs } from "./measuring.js";
import { Questions } from "./questions.js";
import { alter, now, read, turnTo } from "./reading.js";
import { Report } from "./report.js";
import { EVERY, onlyFailed } from "./words.js";

function Item({ record }) {
  const { chosen, known } = now();
  const best = Math.max(...Object.values(record.means));
  const pick = (on) =>
    read(known.records.map((one) => one.name).filter((name) => (name === record.name ? on : chosen.includes(name))));
  return html`<li>
    <label class="pl-record">
      <${Tick} value=${record.name} checked=${chosen.includes(record.name)} tick=${pick} />
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
function Evaluations() {
  const { known, making } = now(),
    { records } = known;
  const turn = () => alter({ making: !making });
  const add = { id: "pl-eval-new", label: "New evaluation", "aria-expanded": formShown(), onClick: turn };
  return html`<${Side} title="Evaluations" look="pl-records" add=${add}
    hint="None yet. What you measure here, or with pagelens eval --save, is kept."
    items=${records.map((record) => html`<${Item} key=${record.name} record=${record} />`)}>
    ${records.length > 1 && html`<p class="pl-muted">Tick several to compare them.</p>`}
  <//>`;
}
/* The form stands there while there is nothing else. */
const formShown = () => {
  const { making, known } = now();
  return making || !(known.records.length || known.jobs.some((one) => one.job.active));
};
function Nothing() {
  const title = now().known.records.length ? "No evaluation is chosen" : "Nothing has been measured yet";
  return html`<${Empty} title=${title}>
    <p>
      Choose a dataset and some pipelines: every question is asked, and every page that was missed is followed to the stage
      that lost it.
    </p>
  <//>`;
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
    return html`<${Opening} text="Looking for evaluations" />`;
  return html`<div class="pl-evaluate">
    <${Evaluations} />
    <div class="pl-evaluate-main">
      <div ref=${form} hidden=${!formShown()}><${Form} /></div>
      <${Jobs} />
      ${reading && html`<${Waiting} text="Reading the records and testing the differences" />`}
      <div class=${reading ? "pl-report pl-stale" : "pl-report"} id="pl-report">
        ${!report && html`<${Problem} text=${error} />`}
        ${report ? html`<${Report} choose=${only} /><${Questions} />` : !reading && !error && html`<${Nothing} />`}
      </div>
    </div>
  </div>`;
}

/* questions: those of one pipeline, failures first, as a plot and as a list; the plot's rectangle filters the list. */
import { Button, Check, count, html, Input, plural, Problem, Select, useEffect, useInSight, useMemo,
  useState } from "../core/core.js";
import { Question } from "./question.js";
import { now, show, system, turnTo, unfold } from "./reading.js";
import { review } from "./review.js";
import { Scatter } from "./scatter.js";
import { became, chosen, fates, onlyFailed, tagsOf } from "./words.js";

const STEP = 40; // questions shown at a time
const cents = (value) => Math.round(value * 100) / 100;
/* By what each of two pipelines scores. */
function byScore(outcomes, others, one, other) {
  const values = new Map(others.map((outcome) => [outcome.question, cents(outcome.value)]));
  const points = outcomes
    .filter(({ question }) => values.has(question))
    .map(({ question: id, value }) => ({ id, x: values.get(id), y: cents(value) }))
    .map((point) => ({ ...point, mark: point.y > point.x ? "up" : point.y < point.x ? "down" : "same" }));
  const high = Math.max(1, ...points.flatMap((point) => [point.x, point.y]));
  const axis = (name) => ({ label: `${one.measure} of ${name}`, low: 0, high });
  return { points, x: axis(other.system), y: axis(one.system) };
}
/* By the rank of the page that tells most, in the first stage and in the last. */
function byRank(outcomes, { stages }) {
  const [first, last] = [stages[0], stages.at(-1)];
  const points = outcomes.map((one) => ({
    id: one.question,
    x: one.first,
    y: one.final,
    mark: one.failed ? "lost" : "found",
  }));
  const axis = (key, label, keep) => {
    const high = Math.max(10, ...points.map((point) => point[key] || 0));
    return { label, log: true, high, none: "not ranked", cut: keep < high ? keep : 0 };
  };
  return { points, x: axis("x", `Rank at ${first.text}`, first.keep), y: axis("y", "Final rank", last.keep) };
}
function Plot() {
  const { outcomes, others, versus, report } = now();
  const other = report.systems[versus];
  const drawn = useMemo(
    () => (others && other ? byScore(outcomes, others, system(), other) : byRank(outcomes, system())),
    [outcomes.map((one) => one.question).join(), others],
  );
  const select = (ids) => show(ids ? { ids, failed: false } : { ids });
  return html`<${Scatter} key=${drawn.x.label} ...${drawn} select=${select} />`;
}
function Row({ outcome }) {
  const { question, query, value, failed, note } = outcome;
  const open = now().open.includes(question);
  const at = useInSight(open && now().linked === question);
  const turn = (event) => event.target.open !== open && unfold(question, event.target.open);
  return html`<li data-question=${question} ref=${at}>
    <details open=${open} onToggle=${turn}>
      <summary data-step>
        <span class="pl-failure-value pl-num" title=${system().measure}>${value.toFixed(2)}</span>
        <span class="pl-failure-text">${query}</span>
        <span class=${failed ? "pl-failure-fate pl-bad-text" : "pl-failure-fate"}>${became(outcome)}</span>
        ${note.tags.map((tag) => html`<span class="pl-badge" key=${tag}>${tag}</span>`)}
      </summary>
      <div class="pl-failure-body">${open && html`<${Question} outcome=${outcome} />`}</div>
    </details>
  </li>`;
}
function Choices({ outcomes }) {
  const { view } = now();
  const select = (label, key, options) =>
    html`<${Select} aria-label=${label} options=${options} value=${view[key]} hidden=${options.length < 2}
      choose=${(value) => show({ [key]: value })} />`;
  return html`<div class="pl-questions-tools">
    <${Input} type="search" placeholder="Words of the question" aria-label="Only questions with these words"
      value=${view.words} write=${(words) => show({ words })} />
    ${select("Only questions whose page was", "fate", fates(system().fates, outcomes))}
    ${select("Only questions with the tag", "tag", [["", "Any tag"], ...tagsOf(outcomes)])}
    <${Check} text="Failures only" checked=${onlyFailed(view, outcomes)} tick=${(failed) => show({ failed })} />
  </div>`;
}
function List({ outcomes }) {
  const { view, open } = now();
  const [shown, setShown] = useState(STEP);
  useEffect(() => setShown(STEP), [view]);
  const found = chosen(view, outcomes);
  const first = Math.max(shown, found.findIndex((outcome) => open.includes(outcome.question)) + 1);
  return html`<div class="pl-questions">
    <${Choices} outcomes=${outcomes} />
    <div class="pl-row">
      <p class="pl-muted" role="status" aria-live="polite" id="pl-failures-count">
        ${`${plural(found.length, "question")} of ${count(outcomes.length)}`}
      </p>
      ${found.length > 0 && html`<${Button} icon="play" look="pl-small" id="pl-review"
        title="Each of them on the tab Page, with the page that should have been found beside the one that was"
        onClick=${() => review(found[0].question)}>
        Go through them
      <//>`}
    </div>
    <ol class="pl-failures" id="pl-failures" aria-label="Questions">
      ${found.slice(0, first).map((outcome) => html`<${Row} key=${outcome.question} outcome=${outcome} />`)}
    </ol>
    ${found.length > first && html`<${Button} onClick=${() => setShown(shown + STEP)}>Show more<//>`}
  </div>`;
}
export function Questions() {
  const { report: { systems }, outcomes, at, versus, error } = now();
  const names = systems.map((one, i) => [i, one.system]);
  const rivals = names.filter(([i]) => i !== at && systems[i].of === systems[at].of);
  const plots = [
    [-1, "first-stage rank and final rank"],
    ...rivals.map(([i, name]) => [i, `${systems[at].measure} against ${name}`]),
  ];
  const select = (text, label, value, options, choose) =>
    html`<${Select} text=${text} label="pl-inline" aria-label=${label} options=${options} value=${value}
      choose=${(key) => choose(Number(key))} />`;
  return html`<section class="pl-card pl-of-questions" aria-label="Questions" id="pl-of-questions">
    <div class="pl-questions-head">
      <h3>Questions</h3>
      ${select("of", "Pipeline whose questions are shown", at, names, (i) => turnTo(i, versus))}
      ${select("plotted by", "What is plotted", versus, plots, (i) => turnTo(at, i, { ...now().view, ids: null }))}
    </div>
    <${Problem} text=${error} />
    ${outcomes && html`<div class="pl-questions-both"><${Plot} /><${List} outcomes=${outcomes} /></div>`}
  </section>`;
}

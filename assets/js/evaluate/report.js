/* report: records set against each other: what may be said of them, the figures, and where pages were lost. */
import { api, Button, bytes, Chip, count, date, html, ms, plural, Quiet, save, Select, sure, Table, Twin,
  useState } from "../core/core.js";
import { now, read, removeRecord, system } from "./reading.js";
import { losses, real } from "./words.js";

/* --- the figures: bold and letters stand only where the paired tests put them ------------------------------------- */
const small = (text) => html`<small class="pl-interval">${text}</small>`;
const strong = (text, really) => (really ? html`<b>${text}</b>` : html`<span>${text}</span>`);
const figure = ({ interval: { low, high }, measures, best, letters }, name, compared) =>
  html`${strong(real(measures[name]), best.includes(name))}${letters[name] && html`<sup>${letters[name]}</sup>`}
    ${name === compared && low !== null && small(`${real(low)} to ${real(high)}`)}`;
const ABSENT = () => html`<td class="pl-num pl-muted">–</td>`;
function change({ significant, difference, p_corrected: p, wins, ties, losses }) {
  const said = p < 0.001 ? "p < .001" : `p = ${p.toFixed(3).replace(/^0/, "")}`;
  const value = `${difference > 0 ? "+" : ""}${real(difference)}`;
  return html`<td class="pl-num" title=${`better on ${wins}, the same on ${ties}, worse on ${losses} questions`}>
    ${strong(significant ? `${value}*` : value, significant)}${small(said)}
  </td>`;
}
/* What the first stage hands on, of all relevant pages: no later stage can find more. */
const handed = ({ candidate_recall, stage }) =>
  html`<td class="pl-num pl-handed"><span>${real(candidate_recall)}</span>${small(stage)}</td>`;
function Systems({ one: { systems, comparisons, measure, dataset, legend } }) {
  const names = Object.keys(systems[0].measures),
    compared = systems.length > 1,
    against = new Map(comparisons.filter((pair) => pair.against === 1).map((pair) => [pair.system, pair]));
  const columns = [
    ["Pipeline", ""],
    ...names.map((name) => [name, "pl-num"]),
    ...(compared ? [[`${measure} against the first`, "pl-num"]] : []),
    ["Handed on", "pl-num", "Share of the relevant pages that the first stage hands on"],
    ...["p50", "p95", "Bytes a page"].map((text) => [text, "pl-num"]),
  ];
  const row = (told) => {
    const pair = against.get(told.number);
    return [
      html`<code>${told.system}</code>`,
      ...names.map((name) => figure(told, name, measure)),
      ...(compared ? [pair ? change(pair) : ABSENT()] : []),
      told.stages.length > 1 ? handed(told.stages[0]) : ABSENT(),
      ...[told.latency_ms.p50, told.latency_ms.p95].map((value) => (value === undefined ? "" : ms(value))),
      bytes(told.vector_bytes_per_page),
    ];
  };
  return html`<div>
    <${Table} id="pl-systems" region="Figures of every pipeline" caption=${`Pipelines on ${dataset}`}
      columns=${columns} rows=${systems.map(row)} />
    <p class="pl-muted pl-small-print">${legend}</p>
  </div>`;
}
/* How well heat points at the evidence that people boxed, against chance. */
const Pointing = ({ point, iou }) => html`<p class="pl-muted">
  ${`Over ${plural(point.questions, "question")} with boxed evidence, the middle of the best region lies in a box ` +
  `${point.value.toFixed(3)} of the time (by chance ${point.chance.toFixed(3)}); it overlaps one by ` +
  `${iou.value.toFixed(3)} (${iou.chance.toFixed(3)}).`}
</p>`;
function Exporting() {
  const { known, chosen } = now();
  const [form, setForm] = useState("report.html");
  const query = { names: chosen, pipeline: system().name };
  const make = async () => save(await api.ask("GET", `/reports/${api.part(form)}`, { query }), form);
  return html`<span class="pl-exporting">
    <${Select} id="pl-export-form" aria-label="Export as" options=${known.forms.map((one) => [one.name, one.summary])}
      value=${form} choose=${setForm} />
    <${Button} id="pl-export" onClick=${make}>Export<//>
  </span>`;
}
async function remove(name) {
  const wanted = await sure(`Delete the evaluation ${name}?`, "Delete it", html`<p>
    The record and what was noted about its questions are removed. The collection and the dataset stay.
  </p>`);
  if (wanted) await removeRecord(name);
}
function Head({ one, first }) {
  const { report } = now();
  const names = [...new Set(one.systems.map((told) => told.evaluation))];
  const records = names.map((name) => report.records[name]);
  const measures = records[0].measures.filter((name) => records.every((record) => record.measures.includes(name)));
  const warnings = [...new Set(records.flatMap((record) => record.warnings))];
  const single = names.length === 1 && report.reports.length === 1;
  return html`<section class="pl-card pl-systems">
    <div class="pl-systems-head">
      <h2>${`${one.dataset}, ${plural(one.questions, "question")}`}</h2>
      ${first && html`<div class="pl-row">
        <${Exporting} />
        ${single && html`<${Quiet} edits icon="trash" label="Delete this evaluation"
          onClick=${() => remove(names[0])} />`}
      </div>`}
    </div>
    <p class="pl-finding" id=${first ? "pl-finding" : null}>${one.verdict}</p>
    <div class="pl-row pl-facts">
      <${Select} text="Compare by" label="pl-inline" aria-label="Measure that is compared" options=${measures}
        value=${one.measure}
          choose=${(measure) => read(now().chosen, measure)} />
      <span>Scope ${one.scope}</span>
      ${records.length === 1 && html`<span>${date(records[0].date)}</span>`}
    </div>
    <${Systems} one=${one} />
    ${one.boxes.filter((means) => means.point).map((means) => html`<${Pointing} ...${means} />`)}
    ${warnings.length > 0 && html`<${Twin} title=${plural(warnings.length, "warning")}>
      <ul>${warnings.map((text) => html`<li key=${text}>${text}</li>`)}</ul>
    <//>`}
  </section>`;
}
function Loss({ told: { system: name, fates }, choose }) {
  const parts = losses(fates);
  return html`<div class="pl-loss">
    <code>${name}</code>
    <div class="pl-loss-bar" aria-hidden="true">
      ${parts.map((fate) => html`<i key=${fate.name} class=${`pl-loss-${fate.look}`}
        style=${{ flexGrow: fate.count }}></i>`)}
    </div>
    <div class="pl-chips" role="group" aria-label=${`Questions of ${name} by fate`}>
      ${parts.map((fate) => html`<${Chip} key=${fate.name} data-fate=${fate.name} onClick=${() => choose(fate.name)}>
        <i class=${`pl-swatch pl-loss-${fate.look}`} aria-hidden="true"></i>${`${fate.said}: ${count(fate.count)}`}
      <//>`)}
    </div>
  </div>`;
}
/* `choose` hears of a pipeline's number and a fate. */
export function Report({ choose }) {
  const { reports, systems } = now().report;
  return html`${reports.map((one, i) => html`<${Head} key=${i} one=${one} first=${!i} />`)}
    <section class="pl-card pl-losses" id="pl-losses" aria-label="Where relevant pages were lost">
      <h3>Where relevant pages were lost</h3>
      ${systems.map((told, i) => html`<${Loss} key=${told.system} told=${told} choose=${(fate) => choose(i, fate)} />`)}
    </section>`;
}

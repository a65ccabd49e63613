/* report: records set against each other: what may be said of them, the figures, and where pages were lost. */
import { Button, Chip, Quiet } from "../core/buttons.js";
import { failed, sure } from "../core/dialogs.js";
import { Labelled, Select } from "../core/form.js";
import { bytes, count, date, ms, plural } from "../core/format.js";
import { html, useState } from "../core/html.js";
import { api } from "../core/server.js";
import { Table } from "../core/table.js";
import { save } from "../search/saving.js";
import { now, read, removeRecord, system } from "./reading.js";
import { legend, losses, real } from "./words.js";

/* --- the figures: bold and letters stand only where the paired tests put them ------------------------------------------------- */
const small = (text) => html`<small class="pl-interval">${text}</small>`;
function Figure({ system: one, name, compared }) {
  const { low, high } = one.interval;
  const value = real(one.measures[name]);
  return html`<td class="pl-num">
    ${one.best.includes(name) ? html`<b>${value}</b>` : html`<span>${value}</span>`}
    ${one.letters[name] && html`<sup>${one.letters[name]}</sup>`}
    ${name === compared && low !== null && small(`${real(low)} to ${real(high)}`)}
  </td>`;
}
const Absent = () => html`<td class="pl-num pl-muted">–</td>`;
function Change({ pair }) {
  if (!pair) return html`<${Absent} />`;
  const p = pair.p_corrected < 0.001 ? "p < .001" : `p = ${pair.p_corrected.toFixed(3).replace(/^0/, "")}`;
  const value = `${pair.difference > 0 ? "+" : ""}${real(pair.difference)}`;
  const hint = `better on ${pair.wins}, the same on ${pair.ties}, worse on ${pair.losses} questions`;
  return html`<td class="pl-num" title=${hint}>
    ${pair.significant ? html`<b>${value}*</b>` : html`<span>${value}</span>`}${small(p)}
  </td>`;
}
/* What the first stage hands on, of all relevant pages: no later stage can find more. */
function Handed({ stages }) {
  if (stages.length < 2) return html`<${Absent} />`;
  return html`<td class="pl-num pl-handed">
    <span>${real(stages[0].candidate_recall)}</span>${small(stages[0].stage)}
  </td>`;
}
const Time = ({ value }) => html`<td class="pl-num">${value === undefined ? "" : ms(value)}</td>`;
function Systems({ one }) {
  const names = Object.keys(one.systems[0].measures),
    compared = one.systems.length > 1,
    lettered = one.systems.some((system) => Object.values(system.letters).some(Boolean)),
    against = new Map(one.comparisons.filter((pair) => pair.against === 1).map((pair) => [pair.system, pair]));
  const columns = [
    ["Pipeline", ""],
    ...names.map((name) => [name, "pl-num"]),
    ...(compared ? [[`${one.measure} against the first`, "pl-num"]] : []),
    ["Handed on", "pl-num", "Share of the relevant pages that the first stage hands on"],
    ...["p50", "p95", "Bytes a page"].map((text) => [text, "pl-num"]),
  ];
  const row = (told) =>
    html`<tr key=${told.system}>
      <th scope="row"><code>${told.system}</code></th>
      ${names.map((name) => html`<${Figure} key=${name} system=${told} name=${name} compared=${one.measure} />`)}
      ${compared && html`<${Change} pair=${against.get(told.number)} />`}
      <${Handed} stages=${told.stages} />
      <${Time} value=${told.latency_ms.p50} /><${Time} value=${told.latency_ms.p95} />
      <td class="pl-num">${bytes(told.vector_bytes_per_page)}</td>
    </tr>`;
  return html`<div>
    <${Table} id="pl-systems" region="Figures of every pipeline" caption=${`Pipelines on ${one.dataset}`}
      columns=${columns} rows=${one.systems.map(row)} />
    <p class="pl-muted pl-small-print">${legend(one, compared, lettered)}</p>
  </div>`;
}
/* How well heat points at the evidence that people boxed, against chance. */
const Pointing = ({ point, iou }) =>
  html`<p class="pl-muted">
    ${`Over ${plural(point.questions, "question")} with boxed evidence, the middle of the best region lies in a box ` +
    `${point.value.toFixed(3)} of the time (by chance ${point.chance.toFixed(3)}); it overlaps one by ` +
    `${iou.value.toFixed(3)} (${iou.chance.toFixed(3)}).`}
  </p>`;

/* --- files, and away ---------------------------------------------------------------------------------------------------------- */
function Exporting() {
  const { known, chosen } = now();
  const [form, setForm] = useState("report.html");
  const make = () =>
    api
      .ask("GET", `/reports/${api.part(form)}`, { query: { names: chosen, pipeline: system().name } })
      .then((answer) => save(answer, form))
      .catch(failed);
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
  if (wanted) await removeRecord(name).catch(failed);
}

/* --- a report, one for each set of questions ---------------------------------------------------------------------------------- */
function Head({ one, first }) {
  const { report } = now();
  const records = Object.entries(report.records).filter(([name]) =>
    one.systems.some((told) => told.evaluation === name),
  );
  const measures = records[0][1].measures.filter((name) =>
    records.every(([, record]) => record.measures.includes(name)),
  );
  const warnings = [...new Set(records.flatMap(([, record]) => record.warnings))];
  const single = records.length === 1 && report.reports.length === 1 && records[0][0];
  return html`<section class="pl-card pl-systems">
    <div class="pl-systems-head">
      <h2>${`${one.dataset}, ${plural(one.questions, "question")}`}</h2>
      ${first && html`<div class="pl-row">
        <${Exporting} />
        ${single && html`<${Quiet} icon="trash" label="Delete this evaluation" onClick=${() => remove(single)} />`}
      </div>`}
    </div>
    <p class="pl-finding" id=${first ? "pl-finding" : null}>${one.verdict}</p>
    <div class="pl-row pl-facts">
      <${Labelled} look="pl-inline" text="Compare by">
        <${Select} aria-label="Measure that is compared" options=${measures} value=${one.measure}
          choose=${(measure) => read(now().chosen, measure)} />
      <//>
      <span>Scope ${one.scope}</span>
      ${records.length === 1 && html`<span>${date(records[0][1].date)}</span>`}
    </div>
    <${Systems} one=${one} />
    ${one.boxes.filter((means) => means.point).map((means) => html`<${Pointing} ...${means} />`)}
    ${warnings.length > 0 && html`<details class="pl-twin">
      <summary>${plural(warnings.length, "warning")}</summary>
      <ul>${warnings.map((text) => html`<li key=${text}>${text}</li>`)}</ul>
    </details>`}
  </section>`;
}
function Loss({ told, choose }) {
  const parts = losses(told);
  return html`<div class="pl-loss">
    <code>${told.system}</code>
    <div class="pl-loss-bar" aria-hidden="true">
      ${parts.map((part) => html`<i key=${part.fate} class=${`pl-loss-${part.look}`} style=${{ flexGrow: part.count }}></i>`)}
    </div>
    <div class="pl-chips" role="group" aria-label=${`Questions of ${told.system} by fate`}>
      ${parts.map(
        (part) =>
          html`<${Chip} key=${part.fate} data-fate=${part.fate} onClick=${() => choose(part.fate)}>
            <i class=${`pl-swatch pl-loss-${part.look}`} aria-hidden="true"></i>${`${part.words}: ${count(part.count)}`}
          <//>`,
      )}
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

/* cards: the jobs of the collection at hand, with what became of each file. */
import { capital, count, documentsNow, duration, html, isHidden, JobCard, Meter, Named, ofCollection, openJob, openPage,
  plural, Quiet, state, Table, unfinished, useState, watched } from "../core/core.js";
import { Cure, isHardlyRead, readOf } from "./again.js";

const FEW = 12; // files that are listed unasked while they are added
const COUNTED = ["ingest", "words", "reread", "embed"]; // kinds whose pages are counted
function facts(job) {
  const counted = COUNTED.includes(job.kind);
  const known = job.pages_total > 0 || !job.active;
  const rate = job.pages_per_second.toFixed(job.pages_per_second < 10 ? 1 : 0);
  return [
    counted && known && !job.active && !job.pages_total && "No page was to be read",
    counted && known && job.pages_total > 0 && `${count(job.pages_done)} of ${plural(job.pages_total, "page")}`,
    counted && !known && job.state === "running" && "Looking at the files",
    job.active && job.pages_done > 0 && `${rate} pages/s`,
    job.active && job.pages_done > 0 && `${duration(job.eta_seconds)} left`,
    !job.active && duration(job.seconds),
    job.active && job.current,
    job.message,
  ];
}
/* What a stage gets through while it works, and whether the others wait for it. */
function pace({ name, done, seconds, pages_per_second: rate }, slowest) {
  if (seconds < 0.05) return "";
  if (name === "index" || !done) return `${seconds.toFixed(1)} s`;
  return `${rate.toFixed(rate < 10 ? 1 : 0)}/s${slowest ? ", slowest" : ""}`;
}
function Stage({ stage, slowest }) {
  const { name, done, total } = stage;
  return html`<div class="pl-stagebar">
    <span>${capital(name)}</span><${Meter} label=${name} done=${done} total=${total} />
    <span class="pl-num">${count(done)}/${count(total)}</span>
    <span class="pl-num pl-muted" title=${slowest ? "The other stages wait for this one" : null}>
      ${pace(stage, slowest)}
    </span>
  </div>`;
}

const said = (of) => of.map((one) => html`<div key=${one.page}>Page ${one.page}: ${one.reason}</div>`);
/* Pages that are in and hardly read, and what may cure that, once the document is listed so. */
function Hardly({ file: { name, notices } }) {
  const document = (documentsNow() || []).find((one) => one.name === name);
  const told = ({ page, reason, ...read }) => html`<div key=${page}>
    <${Named} onClick=${() => openPage({ document: name, page })}>Page ${page}<//>
    ${readOf(read) && html` <span class="pl-badge">${readOf(read)}</span>`} ${reason}
  </div>`;
  return html`${notices.map(told)}
    ${document && isHardlyRead(document) && html`<div><${Cure} document=${document} short /></div>`}`;
}
function File({ file }) {
  const pages = file.pages || file.state === "done";
  return html`<tr class=${file.bad ? "pl-bad" : ""} data-file=${file.name} data-state=${file.state}>
    <th scope="row">
      ${file.name}
      <div class="pl-file-notes">
        ${file.reason && html`<div>${file.reason}</div>`}
        ${file.replaced && html`<div>Replaced ${file.replaced}</div>`}
        ${said(file.failed)}${file.notices.length > 0 && html`<${Hardly} file=${file} />`}
      </div>
    </th>
    <td><span class="pl-badge">${file.said}</span></td>
    <td class="pl-num">${pages ? count(file.pages) : "…"}</td>
    <td class="pl-num">${count(file.indexed)}</td>
    <td class="pl-num">${count(file.skipped)}</td>
  </tr>`;
}
const COLUMNS = ["File", "State", "Pages", "Indexed", "Skipped"].map((text, i) => [text, i > 1 ? "pl-num" : ""]);
function Files({ job }) {
  const bad = job.documents.filter((file) => file.bad).length;
  const hardly = job.documents.filter((file) => !file.bad && file.notices.length).length;
  const [turned, turn] = useState(null); // by a person, who is believed
  const linked = state.job === job.id;
  const open = turned ?? (linked || bad + hardly > 0 || (job.active && job.documents.length <= FEW));
  const toggle = (event) => {
    event.preventDefault();
    turn(!open);
    if (open === linked) openJob(job);
  };
  return html`<details open=${open}>
    <summary onClick=${toggle}>
      ${plural(job.documents.length, "file")}${bad > 0 ? `, ${count(bad)} with a problem` : ""}${
        hardly > 0 ? `, ${count(hardly)} with pages hardly read` : ""}
    </summary>
    <${Table} columns=${COLUMNS}
      rows=${job.documents.map((file) => html`<${File} key=${file.name} file=${file} />`)} />
  </details>`;
}
function Card({ job }) {
  const shown = state.job === job.id && state.view === "library";
  return html`<${JobCard} job=${job} facts=${facts(job)} shown=${shown}>
    ${job.state !== "done" && job.stages.length > 0 && html`<div class="pl-job-bars">
      ${job.stages.map((stage) => html`<${Stage} key=${stage.name} stage=${stage}
        slowest=${stage.name === job.bottleneck} />`)}
    </div>`}
    ${job.documents.length > 0 && job.kind !== "delete" && html`<${Files} job=${job} />`}
  <//>`;
}
function Lost() {
  const forget = () => openJob({ id: state.job });
  return html`<section class="pl-card pl-row" role="status">
    <p>The job that this link names is not here any more.</p>
    <${Quiet} icon="close" label="Dismiss" onClick=${forget} />
  </section>`;
}

/* Those at work, the last one, those that were left half way, and what a link names. */
export function Cards() {
  const jobs = ofCollection(state.collection);
  const shown = jobs.filter(
    (job, i) =>
      job.active || job.id === state.job || (!isHidden(job) && (i === 0 || watched.has(job.id) || unfinished(job))),
  );
  const lost = state.ready && state.job && !state.jobs.some((job) => job.id === state.job);
  if (!shown.length && !lost) return null;
  return html`<div class="pl-jobs" aria-label="Jobs">
    ${lost && html`<${Lost} />`}${shown.map((job) => html`<${Card} key=${job.id} job=${job} />`)}
  </div>`;
}

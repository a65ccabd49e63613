/* cards: the jobs of the collection at hand, with what became of each file. */
import { Quiet } from "../core/buttons.js";
import { count, duration, plural } from "../core/format.js";
import { html, useEffect, useRef, useState } from "../core/html.js";
import { Icon } from "../core/icons.js";
import { act, ofCollection, openJob, stoppable, unfinished, watched } from "../core/jobs.js";
import { Meter } from "../core/meter.js";
import { like, liked, redraw, set, state } from "../core/store.js";
import { sync } from "../core/router.js";
import { isBad, progress } from "./files.js";

const FEW = 12; // files that are listed unasked while they are added
const REMEMBERED = 50;
const STATES = {
  waiting: "Waiting",
  running: "Running",
  stopping: "Stopping after this batch",
  stopped: "Stopped",
  done: "Done",
  failed: "Failed",
  interrupted: "Interrupted",
};
const STAGES = {
  read: "Read",
  prepare: "Prepare",
  embed: "Embed",
  words: "Words",
  write: "Write",
  index: "Index",
};
const WORK = {
  ingest: (job) => `adding to ${job.collection}`,
  words: (job) => `reading the words in pictures of ${job.collection}`,
  reread: (job) => `reading again in ${job.collection}`,
  embed: (job) => `embedding ${job.collection} with ${job.encoder}`,
  index: (job) => `adding an index to ${job.collection}`,
  delete: (job) => `deleting ${job.documents.map((one) => one.name).join(", ") || `all of ${job.collection}`}`,
};
const COUNTED = ["ingest", "words", "reread", "embed"]; // kinds whose pages are counted

const hidden = new Set(liked("hidden-jobs", { ids: [] }).ids);
function hide(job) {
  hidden.add(job.id);
  like("hidden-jobs", { ids: [...hidden].slice(-REMEMBERED) });
  redraw();
}

/* --- one job --------------------------------------------------------------------------------------------------------- */
function title(job) {
  const what = (WORK[job.kind] || (() => job.kind))(job);
  return job.state === "running" ? what[0].toUpperCase() + what.slice(1) : `${STATES[job.state] || job.state}: ${what}`;
}
function note(job) {
  const counted = COUNTED.includes(job.kind);
  const known = job.pages_total > 0 || !job.active;
  const rate = job.pages_per_second.toFixed(job.pages_per_second < 10 ? 1 : 0);
  return [
    counted && known && `${count(job.pages_done)} of ${plural(job.pages_total, "page")}`,
    counted && !known && job.state === "running" && "Looking at the files",
    job.active && job.pages_done > 0 && `${rate} pages/s`,
    job.active && job.pages_done > 0 && `${duration(job.eta_seconds)} left`,
    !job.active && duration(job.seconds),
    job.active && job.current,
    job.message,
  ]
    .filter(Boolean)
    .join("  ·  ");
}
/* What a stage gets through while it works, and whether the others wait for it. */
function Pace({ stage, job }) {
  const slowest = stage.name === job.bottleneck;
  const rate = stage.pages_per_second;
  const timed = stage.seconds >= 0.05;
  const text =
    stage.name === "index" || !stage.done || !timed
      ? timed
        ? `${stage.seconds.toFixed(1)} s`
        : ""
      : `${rate.toFixed(rate < 10 ? 1 : 0)}/s${slowest ? ", slowest" : ""}`;
  return html`<span class="pl-num pl-muted" title=${slowest ? "The other stages wait for this one" : null}>${text}</span>`;
}
const Stage = ({ stage, job }) =>
  html`<div class="pl-stagebar">
    <span>${STAGES[stage.name] || stage.name}</span>
    <${Meter} label=${stage.name} done=${stage.done} total=${stage.total} />
    <span class="pl-num">${count(stage.done)}/${count(stage.total)}</span>
    <${Pace} stage=${stage} job=${job} />
  </div>`;

const said = (of) => of.map((one) => html`<div key=${one.page}>Page ${one.page}: ${one.reason}</div>`);
function File({ file, active }) {
  const pages = file.pages || file.state === "done";
  return html`<tr class=${isBad(file) ? "pl-bad" : ""} data-file=${file.name} data-state=${file.state}>
    <th scope="row">
      ${file.name}
      <div class="pl-file-notes">
        ${file.reason && html`<div>${file.reason}</div>`}
        ${file.replaced && html`<div>Replaced ${file.replaced}</div>`}
        ${said(file.failed)}${said(file.notices)}
      </div>
    </th>
    <td><span class="pl-badge">${progress(file, active)}</span></td>
    <td class="pl-num">${pages ? count(file.pages) : "…"}</td>
    <td class="pl-num">${count(file.indexed)}</td>
    <td class="pl-num">${count(file.skipped)}</td>
  </tr>`;
}
const HEADS = ["File", "State", "Pages", "Indexed", "Skipped"];
const head = (text, i) => html`<th key=${text} scope="col" class=${i > 1 ? "pl-num" : ""}>${text}</th>`;
function Files({ job }) {
  const bad = job.documents.filter(isBad).length;
  const [turned, turn] = useState(null); // by a person, who is believed
  const linked = state.job === job.id;
  const open = turned ?? (linked || bad > 0 || (job.active && job.documents.length <= FEW));
  const toggle = (event) => {
    event.preventDefault();
    turn(!open);
    if (open === linked) openJob(job);
  };
  return html`<details open=${open}>
    <summary onClick=${toggle}>
      ${plural(job.documents.length, "file")}${bad > 0 ? `, ${bad} with a problem` : ""}
    </summary>
    <div class="pl-scroll">
      <table class="pl-table">
        <thead><tr>${HEADS.map(head)}</tr></thead>
        <tbody>${job.documents.map((file) => html`<${File} key=${file.name} file=${file} active=${job.active} />`)}</tbody>
      </table>
    </div>
  </details>`;
}
function Card({ job }) {
  const at = useRef(null);
  const linked = state.job === job.id && state.view === "library";
  useEffect(() => {
    if (linked && at.current) at.current.scrollIntoView({ block: "nearest" });
  }, [linked]);
  const button = (icon, text, what, primary) =>
    html`<button type="button" class=${primary ? "pl-button pl-primary" : "pl-button"} onClick=${() => act(job, what)}>
      <${Icon} name=${icon} />${text}
    </button>`;
  return html`<section class="pl-card pl-job" ref=${at} data-job=${job.id} data-kind=${job.kind}
    data-state=${job.state}>
    <div class="pl-job-head">
      <div><h3>${title(job)}</h3><p class="pl-muted">${note(job)}</p></div>
      <div class="pl-row">
        ${stoppable(job) && button("stop", "Stop", "stop")}
        ${unfinished(job) && button("play", "Resume", "resume", true)}
        ${!job.active && html`<${Quiet} icon="close" label="Hide this job" onClick=${() => hide(job)} />`}
      </div>
    </div>
    ${job.state !== "done" && job.stages.length > 0 && html`<div class="pl-job-bars">
      ${job.stages.map((stage) => html`<${Stage} key=${stage.name} stage=${stage} job=${job} />`)}
    </div>`}
    ${job.documents.length > 0 && job.kind !== "delete" && html`<${Files} job=${job} />`}
  </section>`;
}
function Lost() {
  const forget = () => {
    set({ job: "" });
    sync();
  };
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
      job.active ||
      job.id === state.job ||
      (!hidden.has(job.id) && (i === 0 || watched.has(job.id) || unfinished(job))),
  );
  const lost = state.ready && state.job && !state.jobs.some((job) => job.id === state.job);
  if (!shown.length && !lost) return null;
  return html`<div class="pl-jobs" aria-label="Jobs">
    ${lost && html`<${Lost} />`}${shown.map((job) => html`<${Card} key=${job.id} job=${job} />`)}
  </div>`;
}

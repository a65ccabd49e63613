/* system: a collection on disk, its suspicious pages, how long searches took and what they miss; jobs; the machine. */
import { api, atWork, Button, bytes, collectionNow, count, Figures, html, plural, Problem, Section, Spinner, startJob,
  state, Twin, useAnswer, useEffect, useState } from "../core/core.js";
import { Audit } from "./audit.js";
import { Latency } from "./latency.js";
import { History, Loaded, Machine, Pairs, Programs } from "./machine.js";
import { Recall } from "./recall.js";

/* A button that starts a job of a kind, one at a time. */
function Start({ id, text, kind }) {
  return html`<${Button} edits id=${id} disabled=${atWork(state.collection, kind)}
    onClick=${() => startJob(`/${kind}`)}>
    ${text}
  <//>`;
}
function Verdict({ verdict }) {
  if (!verdict) return null;
  if (verdict.checking) return html`<${Spinner} />Checking`;
  if (!verdict.problems.length)
    return html`<p>Everything fits together: every page has its vectors and pictures, and nothing is left over.</p>`;
  return html`<ul class="pl-problems">
    ${verdict.problems.map((text) => html`<li key=${text} class="pl-error">${text}</li>`)}
  </ul>`;
}
const TABLE = ["Table", "Rows", "On disk", "Of it live", "Files", "Versions", "Indexes", "Unindexed"];
const cells = (one) => [
  html`${one.holds}<br /><code class="pl-muted">${one.name}</code>`,
  count(one.rows),
  bytes(one.bytes),
  bytes(one.live),
  count(one.files),
  count(one.versions),
  one.indexes.map((index) => `${index.kind} ${index.name}`).join(", ") || "none",
  count(one.unindexed),
];
function Disk({ info, tables }) {
  const [verdict, setVerdict] = useState(null);
  useEffect(() => setVerdict(null), [state.collection]);
  const check = async () => {
    setVerdict({ checking: true });
    setVerdict(await api.get(api.here("/verify")).catch((error) => ({ problems: [error.message] })));
  };
  const sum = (key) => tables.reduce((total, one) => total + one[key], 0);
  const behind = sum("unindexed");
  const away = info.quarantined ? `, ${count(info.quarantined)} in quarantine` : "";
  const facts = [
    ["Pages", count(info.pages) + away],
    ["Documents", count(info.documents)],
    ["On disk", bytes(info.bytes)],
    ["Old versions", bytes(Math.max(0, sum("bytes") - sum("live")))],
    ["Unindexed rows", count(behind)],
  ];
  const buttons = html`<div class="pl-row">
    <${Button} id="pl-verify" onClick=${check}>Check<//>
    <${Start} id="pl-compact" text="Compact" kind="compact" />
  </div>`;
  return html`<${Section} id="pl-disk" title="On disk" end=${buttons}>
    <${Pairs} of=${facts} />
    ${behind > 0 &&
    html`<p class="pl-note">Unindexed rows are found all the same, only more slowly; compacting indexes them.</p>`}
    <div role="status" aria-live="polite"><${Verdict} verdict=${verdict} /></div>
    <${Twin} title=${plural(tables.length, "table")}>
      <${Figures} id="pl-tables" caption="Tables on disk" heads=${TABLE} rows=${tables.map(cells)} />
    <//>
  <//>`;
}

/* --- the tab: asked anew whenever it is shown, or a job of the collection has ended ------------------------------- */
function Upkeep({ on }) {
  const [away, setAway] = useState(null); // what is in quarantine since, with the answer before
  const { value: told, error, stale } = useAnswer(() => api.get(api.here("/upkeep")), [...on, away]);
  if (error) return html`<${Problem} text=${error} />`;
  if (!told || (stale && told.info.name !== state.collection)) return null;
  const quarantine = stale && away ? away : told.quarantine;
  return html`<${Disk} info=${told.info} tables=${told.tables} />
    <${Section} id="pl-audit" title="Suspicious pages"
      end=${html`<${Start} id="pl-run-audit" text="Look for them" kind="audit" />`}>
      <${Audit} found=${told.audit} away=${quarantine} changed=${setAway} />
    <//>
    <${Latency} history=${told.latency} />
    <${Section} id="pl-recall" title="What quicker ways miss"
      end=${html`<${Start} id="pl-run-recall" text="Measure" kind="recall" />`}>
      <${Recall} found=${told.recall} kinds=${told.ways} />
    <//>`;
}
export function System() {
  if (!state.overview) return null;
  const shown = state.view === "system";
  const there = collectionNow();
  const ended = state.jobs.filter((job) => !job.active && job.collection === state.collection).length;
  const on = [state.collection, shown, ended];
  if (!shown) return html`<div class="pl-system"></div>`;
  return html`<div class="pl-system">
    <p class="pl-muted" id="pl-system-collection">
      ${there ? `Collection ${state.collection}` : `There is no collection “${state.collection}” yet.`}
    </p>
    ${there && html`<${Upkeep} on=${on} />`}
    <div class="pl-system-pair"><${History} /><${Loaded} on=${[shown]} /></div>
    <${Machine} on=${[shown]} />
    <${Programs} on=${[state.collection, state.pipeline]} />
  </div>`;
}

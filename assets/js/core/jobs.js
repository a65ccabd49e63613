/* jobs: work on the server, whatever becomes of this page; asked for every second while there is some. */
import { notify } from "./dialogs.js";
import { emit, on } from "./events.js";
import { choose, loadOverview, refresh, reload, sync } from "./router.js";
import { api } from "./server.js";
import { collectionNames, set, state } from "./store.js";

const SOON = 1000; // ms between looks while something is at work
const LATER = 5000; // where the server does not answer
const CALM = 800; // ms for which changes of the collection are gathered
const RARELY = 5000; // ms between looks at a collection whose pages alone grow
const TABS = { evaluate: "evaluate", audit: "system", recall: "system", compact: "system", get: "system" };

export const tabOf = (job) => TABS[job.kind] || "library";
export const unfinished = (job) => ["stopped", "failed", "interrupted"].includes(job.state);
export const stoppable = (job) => ["waiting", "running"].includes(job.state);
export const ofCollection = (name) => state.jobs.filter((job) => job.collection === name && tabOf(job) === "library");
/* Jobs that were at work since this page was opened, by id. */
export const watched = new Set();
const seen = new Map(); // as they were last heard of

let waiting = 0,
  asks = 0,
  heard = 0, // the last ask that was answered
  primed = false, // the first list holds what ended before this page was opened
  changing = 0,
  changedAt = 0;

/* Asks for the jobs now, and again while one is at work. */
export async function watch() {
  clearTimeout(waiting);
  const mine = ++asks;
  let jobs;
  try {
    jobs = await api.get("/jobs");
  } catch {
    clearTimeout(waiting);
    waiting = setTimeout(watch, LATER); // the server may be back by then
    return;
  }
  if (mine < heard) return; // a newer list is known
  heard = mine;
  set({ jobs });
  emit("jobs", jobs);
  for (const job of jobs) follow(job);
  primed = true;
  mark(jobs);
  clearTimeout(waiting);
  if (jobs.some((job) => job.active)) waiting = setTimeout(watch, SOON);
}
on("watch-jobs", watch);

export async function act(job, what) {
  await api.post(`/jobs/${job.id}/${what}`).finally(watch);
}
const settled = (job) => job.documents.filter((one) => one.state === "done").length;
function follow(job) {
  const before = seen.get(job.id);
  seen.set(job.id, job);
  if (job.active || (!before && primed)) watched.add(job.id);
  if (job.active) {
    if (!before || job.collection !== state.collection) return;
    const grown = job.pages_done !== before.pages_done && performance.now() - changedAt > RARELY;
    if (grown || settled(job) !== settled(before)) changed();
    return;
  }
  // A quick job may have ended before it was first seen here.
  if (before ? before.active : primed) ended(job);
}
function changed() {
  clearTimeout(changing);
  changedAt = performance.now();
  changing = setTimeout(reload, CALM);
}
async function ended(job) {
  if (job.state === "done") notify(job.outcome);
  else if (job.message) notify(job.message, job.state === "failed" ? "error" : "info");
  if (!["library", "system"].includes(tabOf(job))) return;
  await loadOverview();
  const there = collectionNames();
  if (job.kind === "delete" && job.collection === state.collection && !there.includes(job.collection))
    await choose(there[0] || "documents");
  else if (job.collection === state.collection) await refresh();
}
/* A dot on the tab where something is at work. */
function mark(jobs) {
  const busy = new Set(jobs.filter((job) => job.active).map(tabOf));
  for (const tab of ["library", "evaluate", "system"]) {
    const button = document.getElementById(`pl-tab-${tab}-button`);
    if (button) button.dataset.busy = busy.has(tab) ? "yes" : "";
  }
}

/* To the place where a job is shown. */
export function openJob(job) {
  set({ job: state.job === job.id ? "" : job.id });
  sync();
}

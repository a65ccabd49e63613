/* jobs: work on the server, whatever becomes of this page; asked for every second while there is some. */
import { notify } from "./dialogs.js";
import { emit, on, soon } from "./events.js";
import { choose, loadOverview, refresh, reload, sync, tellTabs } from "./router.js";
import { api, newest } from "./server.js";
import { collectionNames, set, state } from "./store.js";

const FIRST = 150; // ms to the first look at what was begun here: a short job is seen to end when it does
const SLOWER = 1.5; // times as long to each look after it ...
const SOON = 1000; // ms ... up to this, while something is at work
const LATER = 5000; // where the server does not answer
const CALM = 800; // ms for which changes of the collection are gathered
const RARELY = 5000; // ms between looks at a collection whose pages alone grow
const UPKEEP = ["audit", "recall", "compact", "repair", "export", "get"];

export const tabOf = ({ kind }) => (kind === "evaluate" ? kind : UPKEEP.includes(kind) ? "system" : "library");
export const unfinished = (job) => ["stopped", "failed", "interrupted"].includes(job.state);
export const stoppable = (job) => ["waiting", "running"].includes(job.state);
export const ofCollection = (name) => state.jobs.filter((job) => job.collection === name && tabOf(job) === "library");
/* Jobs that were at work since this page was opened, by id. */
export const watched = new Set();
const seen = new Map(); // as they were last heard of

let waiting = 0,
  pace = SOON, // ms to the next look
  primed = false, // the first list holds what ended before this page was opened
  changedAt = 0;
const lists = newest();
const reloadSoon = soon(() => reload(), CALM);
function again(after) {
  clearTimeout(waiting);
  waiting = after && setTimeout(look, after);
}
/* Asks for the jobs now, and again while one is at work. */
export async function look() {
  again(0);
  const holds = lists();
  const jobs = await api.get("/jobs").catch(() => null);
  if (!jobs) return again(LATER); // the server may be back by then
  if (!holds()) return;
  set({ jobs });
  emit("jobs", jobs);
  for (const job of jobs) follow(job);
  primed = true;
  mark(jobs);
  again(jobs.some((job) => job.active) && pace);
  pace = Math.min(SLOWER * pace, SOON);
}

/* Once something was begun here; other tabs of the browser hear of it too. */
export function watch() {
  tellTabs();
  pace = FIRST;
  return look();
}
/* What others began or changed; a server that is gone says so when it is asked next. */
on("again", () => {
  look();
  reload().catch(() => {});
});

export const act = (job, what) => api.post(`/jobs/${job.id}/${what}`).finally(watch);
/* Begin work in the collection at hand. */
export const startJob = (work, body = {}) => api.post(api.here(work), body).then(watch);
/* Whether something is deleted already, or by a job that its `sentence` tells of; `said` comes first and `checked`
   later. */
export function tellGone({ job, sentence, notes }, said, ...checked) {
  notify(job ? sentence : [said, sentence, ...checked, ...notes].join(" "));
  if (job) watch();
  return !job;
}
const settled = (job) => job.documents.filter((one) => one.state === "done").length;
function follow(job) {
  const before = seen.get(job.id);
  seen.set(job.id, job);
  if (job.active || (!before && primed)) watched.add(job.id);
  // A quick job may have ended before it was first seen here.
  if (!job.active) return (before ? before.active : primed) && ended(job);
  if (!before || job.collection !== state.collection) return;
  const grown = job.pages_done !== before.pages_done && performance.now() - changedAt > RARELY;
  if (!grown && settled(job) === settled(before)) return;
  changedAt = performance.now();
  reloadSoon();
}
async function ended(job) {
  const { collection, message } = job;
  if (job.state === "done") notify(job.outcome);
  else if (message) notify(message, job.state === "failed" ? "error" : "info");
  if (!["library", "system"].includes(tabOf(job))) return;
  await loadOverview();
  if (collection !== state.collection) return;
  const there = collectionNames();
  if (job.kind === "delete" && !there.includes(collection)) await choose(there[0] || "documents");
  else await refresh();
  if (["words", "reread"].includes(job.kind)) emit("read", job.documents);
}
/* A dot on the tab where something is at work. */
function mark(jobs) {
  const busy = new Set(jobs.filter((job) => job.active).map(tabOf));
  for (const tab of ["library", "evaluate", "system"]) {
    const button = document.getElementById(`pl-tab-${tab}-button`);
    if (button) button.dataset.busy = busy.has(tab) ? "yes" : "";
  }
}
/* To the place where a job is shown, and away from it. */
export function openJob(job) {
  set({ job: state.job === job.id ? "" : job.id });
  sync();
}

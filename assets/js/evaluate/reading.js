/* reading: what was measured, and which of it is looked at: `state.evaluation`. Records are set against each other as a
   report; the questions of one of its pipelines are its outcomes, of which a view shows some. */
import { addLink, api, latest, notify, on, part, state, sync } from "../core/core.js";
import { EVERY } from "./words.js";

/* `known` is what the server has: datasets, records, jobs; `chosen` the records that are read, `report` what is said of
   them; `at` which of its pipelines the questions are of, `versus` which one they are plotted against (-1: its own
   first stage); `outcomes` the questions; `open` those that are unfolded, `linked` the one that the address named. */
const fresh = { known: null, making: false, chosen: [], measure: "", report: null, reading: false, error: "" };
const unread = { at: 0, versus: -1, outcomes: null, others: null, view: EVERY, open: [], linked: "" };
export const [now, alter] = part("evaluation", { ...fresh, ...unread });
const reads = latest(),
  asks = latest();
const recordAt = (name, rest = "") => `/evaluations/${api.part(name)}${rest}`;

/* --- records ------------------------------------------------------------------------------------------------------ */
export async function load() {
  const known = await api.get("/evaluations");
  const there = known.records.map((record) => record.name);
  for (const name of now().chosen)
    if (!there.includes(name))
      notify(`There is no evaluation “${name}” here; it was deleted, or the link is of another machine.`, "error");
  const chosen = there.filter((name) => now().chosen.includes(name));
  alter({ known, chosen: chosen.length ? chosen : there.slice(0, 1) });
}
export async function read(names, measure = now().measure) {
  const mine = reads();
  alter({ chosen: names, measure, reading: names.length > 0, ...(names.length ? {} : { report: null, ...unread }) });
  sync();
  if (!names.length) return;
  try {
    const report = await api.get("/reports", { names, measure });
    if (!mine()) return;
    const first = now().report === null; // what an address says of the questions holds for the first report
    alter({ report: withSystems(report), reading: false, error: "", ...(first ? {} : unread) });
    await readQuestions();
  } catch (error) {
    if (!mine()) return;
    // Not every record has the measure that the last ones were compared by.
    if (measure) await read(names, "");
    else alter({ report: null, reading: false, error: error.message });
  }
}
/* With its pipelines as one list, each with what its record says of it. */
function withSystems({ reports, records }) {
  const systems = reports.flatMap(({ measure, systems }, of) =>
    systems.map((one) => ({
      ...one,
      measure,
      of,
      ...records[one.evaluation].pipelines.find((pipeline) => pipeline.name === one.name),
    })),
  );
  return { reports, records, systems };
}
export const system = () => now().report && now().report.systems[now().at];
export const questionAt = (question) => recordAt(system().evaluation, `/questions/${api.part(question)}`);

/* --- questions ---------------------------------------------------------------------------------------------------- */
const outcomesOf = ({ evaluation, name, measure }) =>
  api.get(recordAt(evaluation, "/outcomes"), { pipeline: name, measure });
async function readQuestions() {
  const mine = asks(),
    { systems } = now().report;
  if (!systems[now().at]) alter({ at: 0, versus: -1 });
  const other = systems[now().versus];
  try {
    const [outcomes, others] = await Promise.all([outcomesOf(system()), other ? outcomesOf(other) : null]);
    if (mine()) alter({ outcomes, others, error: "" });
  } catch (error) {
    if (mine()) alter({ outcomes: null, error: error.message });
  }
}
export async function turnTo(at, versus = -1, view = EVERY) {
  alter({ at, versus: versus === at ? -1 : versus, outcomes: at === now().at ? now().outcomes : null, view, open: [] });
  sync();
  await readQuestions();
}
export function show(change) {
  alter({ view: { ...now().view, ...change }, linked: "" });
  sync();
}
export function unfold(question, open) {
  const others = now().open.filter((one) => one !== question);
  alter({ open: open ? [...others, question] : others, linked: "" });
  sync();
}
/* Tags and words about a question; they stay beside the record. */
export async function note(evaluation, question, tags, text) {
  const kept = await api.put(recordAt(evaluation, `/notes/${api.part(question)}`), { tags, text });
  const { outcomes } = now();
  alter({ outcomes: outcomes && outcomes.map((one) => (one.question === question ? { ...one, note: kept } : one)) });
  notify("Noted.");
}
export async function removeRecord(name) {
  await api.remove(recordAt(name));
  alter({ chosen: now().chosen.filter((one) => one !== name) });
  await load();
  await read(now().chosen);
}

/* --- where it is from --------------------------------------------------------------------------------------------- */
/* In the address `e` are records, `es` and `ev` which pipeline and against which, `ef` a fate, `et` a tag, `ew` words,
   `ea` whether all questions are shown, `eq` the one that was unfolded last. */
addLink({
  write(add) {
    if (state.view !== "evaluate" && !(state.view === "page" && state.review)) return;
    const { chosen, at, versus, view, open } = now();
    add("e", chosen.join(","));
    add("es", at, 0);
    add("ev", versus + 1, 0);
    add("ef", view.fate);
    add("et", view.tag);
    add("ew", view.words);
    add("ea", view.failed === false ? "1" : "");
    add("eq", open.at(-1));
  },
  read(wanted) {
    const chosen = (wanted.get("e") || "").split(",").filter(Boolean);
    if (!chosen.length) return;
    const whole = (key) => Math.max(0, Math.round(Number(wanted.get(key))) || 0);
    const [fate, tag, words] = ["ef", "et", "ew"].map((key) => wanted.get(key) || "");
    const view = { ...EVERY, fate, tag, words, failed: wanted.get("ea") ? false : null };
    const [at, versus] = [whole("es"), whole("ev") - 1];
    const same = chosen.join() === now().chosen.join(),
      moved = at !== now().at || versus !== now().versus;
    const stale = same ? moved && { outcomes: null } : { outcomes: null, report: null };
    const last = wanted.get("eq"),
      open = now().open.includes(last) ? now().open : last ? [last] : [];
    alter({ chosen, at, versus, view, open, linked: last || "", ...stale });
  },
});
on("tab", async (name) => {
  if (name !== "evaluate") return;
  const { known, report, reading, outcomes } = now();
  if (!known) await load();
  if (!report && !reading) await read(now().chosen);
  else if (report && !outcomes) await readQuestions();
});

/* --- what is on its way ------------------------------------------------------------------------------------------- */
const watched = new Map();
on("jobs", async (jobs) => {
  const { known } = now();
  if (!known) return;
  const mine = jobs.filter((job) => job.kind === "evaluate" && watched.get(job.id) !== job.state);
  for (const job of mine) watched.set(job.id, job.state);
  const told = (job) => known.jobs.find((one) => one.job.id === job.id);
  const ended = mine.find((job) => job.state === "done" && told(job)); // others ended before this page was opened
  if (ended) alter({ chosen: [told(ended).record], making: false });
  if (ended || mine.some((job) => job.active || told(job))) await load();
  if (ended) await read(now().chosen);
});

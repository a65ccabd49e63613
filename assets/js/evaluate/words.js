/* words: what became of pages and questions, as words and as a choice of them. Pure. */
import { count, percent } from "../core/format.js";

/* What became of a relevant page. `stages` are the pipeline's. */
export function told(fate, stages) {
  const text = (name) => (stages.find((step) => step.name === name) || { text: name }).text;
  if (fate.state === "absent") return "not in the collection";
  if (fate.state === "refused") return "not searched";
  if (fate.state === "found") return `found at rank ${count(fate.final)}`;
  const rank =
    fate.rank === null ? "not among the pages it ranked" : `rank ${count(fate.rank)}, ${count(fate.keep)} kept`;
  return `lost at ${text(fate.stage)}: ${rank}`;
}
export const kind = (fate) => (fate.state === "lost" ? fate.stage : fate.state);
export const worst = (outcome) => outcome.pages.find((fate) => fate.state !== "found") || outcome.pages[0];
/* The fates there are, as [value, words]. */
export function fates(stages, outcomes) {
  const refused = outcomes.some((outcome) => outcome.refused);
  return [
    ["", "Whatever became of it"],
    ...stages.map((step) => [step.name, `Lost at ${step.text}`]),
    ["absent", "Not in the collection"],
    ...(refused ? [["refused", "Not searched"]] : []),
    ["found", "Found"],
  ];
}
export const tagsOf = (outcomes) => [...new Set(outcomes.flatMap((outcome) => outcome.note.tags))].sort();

/* Which questions are shown: those of a view, { failed, fate, tag, words, ids }; `failed` null: failures, if there are. */
export const EVERY = { failed: null, fate: "", tag: "", words: "", ids: null };
export const onlyFailed = (view, outcomes) => view.failed ?? outcomes.some((outcome) => outcome.failed);
export function chosen(view, outcomes) {
  const failures = onlyFailed(view, outcomes),
    wanted = view.words.trim().toLowerCase();
  return outcomes.filter(
    (outcome) =>
      (!failures || outcome.failed) &&
      (!view.ids || view.ids.has(outcome.question)) &&
      (!view.fate || outcome.pages.some((one) => kind(one) === view.fate)) &&
      (!view.tag || outcome.note.tags.includes(view.tag)) &&
      (!wanted || outcome.query.toLowerCase().includes(wanted) || outcome.question.toLowerCase() === wanted),
  );
}
/* Where a pipeline's relevant pages went, as parts of a bar: { fate, look, words, count }. */
export function losses({ stages, lost, relevant }) {
  const gone = Object.values(lost).reduce((sum, n) => sum + n, 0),
    last = stages.length - 1;
  return [
    { fate: "found", look: "found", words: "found", count: relevant - gone },
    ...stages.map((step, i) => ({
      fate: step.name,
      look: i === last ? "last" : `stage-${Math.min(i + 1, 3)}`,
      words: `lost at ${step.text}`,
      count: lost[step.name] || 0,
    })),
    { fate: "absent", look: "absent", words: "not in the collection", count: lost[""] || 0 },
  ].filter((part) => part.count);
}
/* Where a result stood before the last stage. */
export function standing({ rank, stages }) {
  const before = Object.entries(stages)
    .slice(0, -1)
    .map(([name, at]) => `${name} ${count(at)}`);
  return before.length ? `rank ${rank} (was ${before.join(", ")})` : `rank ${rank}`;
}
/* Whether the heat points at the evidence that people boxed on a page. */
export const pointed = ({ point, iou }) =>
  `The best region's middle is ${point ? "in" : "outside"} the evidence box (they overlap by ${percent(iou)})`;
export const real = (value) => value.toFixed(3).replace(/^-/, "−");
/* What stands below the table of pipelines. */
export function legend({ measure, means_over: over }, compared, lettered) {
  const said = [`Below ${measure}: its 95 % interval over ${over} (bootstrap).`];
  if (lettered)
    said.push("In a column, pipelines that share a letter are not told apart; bold is told apart from all others.");
  else if (compared) said.push("No two pipelines are told apart on any measure, so that no letters stand.");
  if (compared)
    said.push("* the paired randomization test finds a difference (p < .05 after Holm's correction for all pairs).");
  said.push("Times are of a search without encoding the query.");
  return said.join(" ");
}

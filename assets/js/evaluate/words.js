/* words: which questions of an evaluation are shown, and what is said of them. Pure. */
import { capital, percent } from "../core/format.js";

const kind = (fate) => (fate.state === "lost" ? fate.stage : fate.state);
/* The page that tells most of a question, and what became of it. */
export const worst = (outcome) => outcome.pages.find((fate) => fate.state !== "found") || outcome.pages[0];
export const became = (outcome) => outcome.refused || worst(outcome).cause || worst(outcome).said;
/* What can be chosen of all that became of a pipeline's pages, as [value, words]. */
export const fates = ([found, ...lost], outcomes) => [
  ["", "Whatever became of it"],
  ...lost.map((fate) => [fate.name, capital(fate.said)]),
  ...(outcomes.some((outcome) => outcome.refused) ? [["refused", "Not searched"]] : []),
  [found.name, capital(found.said)],
];
export const tagsOf = (outcomes) => [...new Set(outcomes.flatMap((outcome) => outcome.note.tags))].sort();

/* Which questions are shown: those of a view, { failed, fate, tag, words, ids }; `failed` null: failures, if any. */
export const EVERY = { failed: null, fate: "", tag: "", words: "", ids: null };
export const onlyFailed = (view, outcomes) => view.failed ?? outcomes.some((outcome) => outcome.failed);
export function chosen(view, outcomes) {
  const failures = onlyFailed(view, outcomes),
    wanted = view.words.trim().toLowerCase();
  return outcomes.filter(
    ({ question, query, pages, failed, note }) =>
      (!failures || failed) &&
      (!view.ids || view.ids.has(question)) &&
      (!view.fate || pages.some((one) => kind(one) === view.fate)) &&
      (!view.tag || note.tags.includes(view.tag)) &&
      (!wanted || query.toLowerCase().includes(wanted) || question.toLowerCase() === wanted),
  );
}
/* Where a pipeline's relevant pages went, as parts of a bar, each with its look. */
export const losses = (fates) =>
  fates
    .map((fate, i) => ({ ...fate, look: i === fates.length - 2 ? "last" : `stage-${Math.min(i, 3)}` }))
    .map((fate) => (["found", "absent"].includes(fate.name) ? { ...fate, look: fate.name } : fate))
    .filter((fate) => fate.count);
/* Whether the heat points at the evidence that people boxed on a page. */
export const pointed = ({ point, iou }) =>
  `The best region's middle is ${point ? "in" : "outside"} the evidence box (they overlap by ${percent(iou)})`;
export const real = (value) => value.toFixed(3).replace(/^-/, "−");

/* review: the questions of an evaluation one after another on the tab Page: the page that was found, and beside it the
   one that should have been. What is stepped through are the questions that Evaluate shows. */
import { addLink, api, latest, notify, on, Refusal, set, state, sync } from "../core/core.js";
import { askAnew } from "../search/run.js";
import { load, now, questionAt, read, system } from "./reading.js";
import { chosen, worst } from "./words.js";

const steps = latest();
let wanted = ""; // a question that an address names, until its record is read

/* A page of a record, as others name pages. */
export const placeOf = ({ document, number: page, state: fate }) =>
  document && fate !== "absent" ? { document, page } : null;
/* The question that is gone through, { question, found, outcome, at, of, ... }, or null; another search ends it. */
export function reviewed() {
  const { review } = state,
    { outcomes, view } = now();
  const { query, collection, question } = (review && review.found) || {};
  if (!review || !outcomes || query !== state.query || collection !== state.collection) return null;
  const outcome = outcomes.find((one) => one.question === question);
  if (!outcome) return null;
  const list = chosen(view, outcomes),
    at = list.indexOf(outcome);
  return { ...review, outcome, at, of: list.length, before: list[at - 1], after: at < 0 ? list[0] : list[at + 1] };
}
const topOf = (found) => found.pipelines.find((one) => one.name === system().name).top;
const begin = (found) => set({ review: { found, top: topOf(found), evaluation: system().evaluation } });
/* Go to a question: to the page given, else to what was found first, else to what should have been. */
export async function review(question, page = null) {
  const mine = steps();
  const found = await api.get(questionAt(question));
  if (!mine()) return;
  const { collection, query, filter, gone } = found;
  if (gone) throw new Refusal(`The collection ${collection} is gone, so its pages cannot be shown.`);
  const [first] = topOf(found),
    expected = placeOf(worst(now().outcomes.find((one) => one.question === question))),
    open = page || (first && placeOf(first)) || expected;
  if (!open)
    throw new Refusal("None of its pages is here: nothing was found, and what should be is not in the collection.");
  begin(found);
  askAnew({ collection, query, filter, pipeline: system().pipeline, expected }, open);
}
export function stepQuestion(by) {
  const here = reviewed(),
    next = by > 0 ? here.after : here.before;
  if (next) review(next.question);
  else notify(by > 0 ? "That was the last question." : "That was the first question.");
}
export function endReview() {
  set({ review: null, expected: null });
  sync();
}

addLink({
  write: (add) => state.view === "page" && reviewed() && add("rq", state.review.found.question),
  read: (from) => (wanted = from.get("rq") || ""),
});
/* An address names a question: its record is read first. */
on("tab", async (name) => {
  if (name !== "page" || !wanted || (state.review && state.review.found.question === wanted)) return;
  const question = wanted;
  wanted = "";
  if (!now().known) await load();
  if (!now().report) await read(now().chosen);
  if (now().outcomes && now().outcomes.some((one) => one.question === question))
    begin(await api.get(questionAt(question)));
});

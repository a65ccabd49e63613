/* beside: the page that a person expects, pinned beside the open one, with its heat and why the search lost it; and the
   question of an evaluation that is gone through. */
import { api, asked, asking, Button, Chip, html, mayEdit, Name, Named, openPage, Problem, Quiet, refOf, state,
  Twin, useAnswer, useMemo } from "../core/core.js";
import { Noting } from "../evaluate/question.js";
import { endReview, placeOf, reviewed } from "../evaluate/review.js";
import { worst } from "../evaluate/words.js";
import { expect, useMiss, Verdict } from "../search/expected.js";
import { question } from "../search/run.js";
import { Heated, usual } from "./heated.js";

export const same = (a, b) => Boolean(a && b) && refOf(a) === refOf(b);
export function Pinned() {
  const { expected, open, collection } = state;
  const page = expected && !same(expected, open) ? refOf(expected) : "";
  const { value: read, error } = useAnswer(
    () => page && api.get(api.collection(collection, "/page"), { page }),
    [page, collection],
  );
  const { pipeline } = question();
  const { value: why } = useAnswer(
    () => page && asking() && api.layers({ collection, page, query: asked(), pipeline }).catch(() => null),
    [page, collection, JSON.stringify(asked()), pipeline],
  );
  const miss = useMiss();
  const drawn = useMemo(() => (why ? usual(why) : null), [why]);
  if (!page) return null;
  return html`<aside class="pl-pinned" aria-label="The page that should have been found">
    <div class="pl-pinned-head">
      <h3>Should be found</h3>
      <${Quiet} icon="close" label="Expect nothing" onClick=${() => expect(null)} />
    </div>
    <${Named} look="pl-pinned-name" title="Open it" aria-label=${`${expected.document}, page ${expected.page}`}
      onClick=${() => openPage(expected)}>
      <${Name} name=${expected.document} /><span class="pl-hit-page">${`p. ${expected.page}`}</span>
    <//>
    <${Problem} text=${error} />
    ${miss.value && !miss.stale && html`<div class="pl-pinned-why"><${Verdict} told=${miss.value} /></div>`}
    ${read && html`<${Heated} key=${page} document=${expected.document} page=${expected.page} id=${read.page_id}
      drawn=${drawn} />`}
  </aside>`;
}
export function Review() {
  const here = reviewed();
  if (!here) return null;
  const { outcome, top, evaluation } = here,
    { tags, text } = outcome.note;
  const noting = html`<${Noting} key=${outcome.question} evaluation=${evaluation} outcome=${outcome} />`;
  const chip = (at, name) =>
    html`<${Chip} key=${at.page} aria-pressed=${same(placeOf(at), state.open)} title=${at.page}
      disabled=${!placeOf(at)} onClick=${() => openPage(placeOf(at))}>
      ${name}
    <//>`;
  return html`<section class="pl-review" aria-label="The question that is gone through">
    <p class="pl-review-query">
      <b>${outcome.query}</b>${" "}
      <span class=${outcome.failed ? "pl-bad-text" : "pl-muted"}>
        ${worst(outcome).cause || worst(outcome).said}
      </span>
    </p>
    <div class="pl-chips pl-review-pages" role="group" aria-label="Pages of this question">
      <span class="pl-muted">Should be found</span>
      ${outcome.pages.map((fate) => chip(fate, `${fate.document} p. ${fate.number}`))}
      <span class="pl-muted">${top.length ? "Found" : "Nothing was found"}</span>
      ${top.map((hit) => chip(hit, String(hit.rank)))}
    </div>
    ${mayEdit() ? html`<${Twin} title=${`${tags.length ? tags.join(", ") : "Tags and a note"}${text && `: ${text}`}`}>
      ${noting}
    <//>` : noting}
    <${Button} icon="close" look="pl-subtle" onClick=${endReview}>End the review<//>
  </section>`;
}

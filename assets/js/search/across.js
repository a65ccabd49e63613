/* across: searching several collections at once: which ones, and what each of them said. */
import { asking, Check, collectionNames, html, Icon, ms, plural, set, state, sync } from "../core/core.js";
import { ALL } from "./run.js";

const every = () => state.across.includes(ALL);
/* The collections that a search asks. */
const chosen = () => (every() ? collectionNames() : state.across.length ? state.across : [state.collection]);

function inWords() {
  if (every()) return "all collections";
  return chosen().length > 1 ? plural(chosen().length, "collection") : chosen()[0];
}
/* Which collections are asked; `ask` asks anew. Tabs share what is chosen, and `id` tells their fields apart. */
export function SearchIn({ id, ask }) {
  if (collectionNames().length < 2) return null;
  /* Only the one at hand is the usual search. */
  const choose = (wanted) => {
    const alone = wanted.length === 1 && wanted[0] === state.collection;
    set({ across: alone ? [] : wanted });
    sync();
    if (asking()) ask();
  };
  const turn = (name, on) => {
    const wanted = collectionNames().filter((one) => (one === name ? on : chosen().includes(one)));
    if (wanted.length) choose(wanted);
  };
  return html`<details class="pl-more pl-search-in">
    <summary>
      <${Icon} name="stack" /><span class="pl-more-name">Search in</span><span
        class="pl-more-now"><b>${inWords()}</b></span>
    </summary>
    <div class="pl-more-body" role="group" aria-label="Collections to search in">
      <${Check} id=${`${id}-all`} text=${html`<b>All collections</b>`} checked=${every()}
        tick=${(on) => choose(on ? [ALL] : [state.collection])} />
      ${collectionNames().map((name) => html`<${Check} key=${name} name=${`${id}-in`} value=${name} text=${name}
        checked=${chosen().includes(name)} tick=${(on) => turn(name, on)} />`)}
    </div>
  </details>`;
}

/* What each collection said, and what it took. */
function Answer({ answer: { collection, found, reason, ms: took, notes, verdict } }) {
  return html`<li class="pl-answer" data-collection=${collection}>
    <p class="pl-answer-head">
      <b>${collection}</b><span class="pl-muted">${reason ? "" : plural(found, "page")}</span><span>${ms(took)}</span>
    </p>
    ${[reason, ...notes, verdict && verdict.statement].filter(Boolean).map((text) => html`<p
      class="pl-muted">${text}</p>`)}
  </li>`;
}
export const Answers = ({ result }) =>
  html`<section class="pl-card pl-answers" aria-label="What each collection said">
    <h3>Collections</h3>
    <ul>
      ${result.answers.map((answer) => html`<${Answer} key=${answer.collection} answer=${answer} />`)}
      ${result.collections
        .slice(result.answers.length)
        .map((name) => html`<li class="pl-answer pl-muted" key=${name}>${name}: still to be asked</li>`)}
    </ul>
    <p class="pl-muted pl-merge">${result.statement}</p>
  </section>`;

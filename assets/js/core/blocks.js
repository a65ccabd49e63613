/* blocks: what views are put together from: what stands where there is nothing, facts in a line, bars, cards, sides. */
import { Button, Quiet } from "./buttons.js";
import { html, useEffect, useRef } from "./html.js";
import { showTab } from "./router.js";
import { mayEdit, state } from "./store.js";

export const Spinner = () => html`<span class="pl-spinner" aria-hidden="true"></span>`;
/* Nothing where there is no text. */
export const Problem = ({ text }) => text && html`<p class="pl-error" role="alert">${text}</p>`;
/* What changes something stands within it, and is offered only where the account may change anything. */
export const Edits = ({ children }) => (mayEdit() ? children : null);
/* For an answer that is not there: it is on its way, or never comes. */
export const Waiting = ({ text, error }) =>
  error ? Problem({ text: error }) : html`<p class="pl-muted" role="status"><${Spinner} />${text}</p>`;
export const Empty = ({ title, children }) =>
  html`<div class="pl-empty"><h2 class="pl-empty-title">${title}</h2>${children}</div>`;
export const Opening = ({ text }) => html`<div class="pl-empty"><${Waiting} text=${text} /></div>`;
/* What is said of something in a line, one after another; what is empty is left out. */
export const Facts = ({ look = "", of }) =>
  html`<p class=${`pl-facts ${look}`}>${of.filter(Boolean).map((text) => html`<span key=${text}>${text}</span>`)}</p>`;
/* How much of something is done. */
export const Meter = ({ label, done, total }) =>
  html`<div class="pl-meter" role="progressbar" aria-label=${label} aria-valuemin="0" aria-valuemax=${total}
    aria-valuenow=${done}>
    <i style=${{ width: `${total ? Math.min(1, done / total) * 100 : 0}%` }}></i>
  </div>`;
/* The same, or more of it, for who wants it; often a picture as a table. */
export const Twin = ({ title, children }) =>
  html`<details class="pl-twin"><summary>${title}</summary>${children}</details>`;
/* A card with what can be done in its head. */
export const Section = ({ id, title, end, children }) =>
  html`<section class="pl-card pl-stack" id=${id} aria-labelledby=${`${id}-title`}>
    <div class="pl-system-head"><h2 id=${`${id}-title`}>${title}</h2>${end}</div>
    <div class="pl-stack">${children}</div>
  </section>`;
/* What there is to choose from, at the side of a tab, with a button that makes another. */
export const Side = ({ title, look = "", add, items, hint, children }) =>
  html`<aside class=${`pl-side ${look}`} aria-label=${title}>
    <div class="pl-side-head"><h2>${title}</h2>${add && html`<${Quiet} icon="plus" edits ...${add} />`}</div>
    ${children}
    <ul>${items}</ul>
    ${!items.length && html`<p class="pl-muted">None yet. <${Edits}>${hint}<//></p>`}
  </aside>`;
/* The ref of an element that is brought in sight when it becomes the one that is shown. */
export function useInSight(shown) {
  const at = useRef(null);
  useEffect(() => {
    if (shown) at.current.scrollIntoView({ block: "nearest" });
  }, [shown]);
  return at;
}
/* The field of the query; `go` is the button that asks. */
export const QueryLine = ({ id, label, write, go }) => html`<div class="pl-query-line">
  <input type="search" id=${id} class="pl-query-input" placeholder="What are you looking for?" aria-label=${label}
    autocomplete="off" spellcheck="false" enterkeyhint="search" value=${state.draft}
    onInput=${(event) => write(event.target.value)} />
  ${go}
</div>`;
export const ToLibrary = () =>
  html`<${Button} look="pl-primary" onClick=${() => showTab("library")}>Go to the library<//>`;

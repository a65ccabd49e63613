/* empty: what stands where there is nothing, nothing yet, or something went wrong. */
import { html } from "./html.js";

export const Spinner = () => html`<span class="pl-spinner" aria-hidden="true"></span>`;
/* Nothing where there is no text. */
export const Problem = ({ text }) => text && html`<p class="pl-error" role="alert">${text}</p>`;
export const Waiting = ({ text }) => html`<p class="pl-muted" role="status"><${Spinner} />${text}</p>`;
export const Empty = ({ title, children }) =>
  html`<div class="pl-empty"><h2 class="pl-empty-title">${title}</h2>${children}</div>`;
export const Opening = ({ text }) => html`<div class="pl-empty"><${Waiting} text=${text} /></div>`;

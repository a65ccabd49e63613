/* section: a card of the System tab, with what can be done in its head. */
import { html } from "../core/html.js";

export const Section = ({ id, title, end, children }) =>
  html`<section class="pl-card pl-stack" id=${id} aria-labelledby=${`${id}-title`}>
    <div class="pl-system-head"><h2 id=${`${id}-title`}>${title}</h2>${end}</div>
    <div class="pl-stack">${children}</div>
  </section>`;

/* side: what there is to choose from, at the side of a tab, with a button that makes another. */
import { Quiet } from "./buttons.js";
import { html } from "./html.js";

export const Side = ({ title, look = "", add, items, hint, children }) =>
  html`<aside class=${`pl-side ${look}`} aria-label=${title}>
    <div class="pl-side-head"><h2>${title}</h2><${Quiet} icon="plus" ...${add} /></div>
    ${children}
    <ul>${items}</ul>
    ${!items.length && html`<p class="pl-muted">${hint}</p>`}
  </aside>`;

/* select: one of several, as a list that opens; `options` are [value, text, hint]. */
import { html } from "./html.js";

export function Select({ options, value, choose, ...more }) {
  return html`<select class="pl-select" value=${value} onChange=${(event) => choose(event.target.value)} ...${more}>
    ${options.map(([key, text, hint]) => html`<option key=${key} value=${key} title=${hint}>${text}</option>`)}
  </select>`;
}

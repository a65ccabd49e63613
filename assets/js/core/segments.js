/* segments: one of several, as a row of radios; `options` are [key, text, hint]. */
import { html } from "./html.js";

export function Segments({ label, name, options, value, choose }) {
  return html`<div class="pl-segments" role="radiogroup" aria-label=${label}>
    ${options.map(
      ([key, text, hint]) =>
        html`<label key=${key} title=${hint || null}>
          <input type="radio" name=${name} value=${key} checked=${key === value} onChange=${() => choose(key)} />
          <span>${text}</span>
        </label>`,
    )}
  </div>`;
}

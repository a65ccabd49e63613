/* meter: a bar that says how much of something is done. */
import { html } from "./html.js";

export function Meter({ label, done, total }) {
  const share = total ? Math.min(1, done / total) : 0;
  return html`<div class="pl-meter" role="progressbar" aria-label=${label} aria-valuemin="0" aria-valuemax=${total}
    aria-valuenow=${done}>
    <i style=${{ width: `${share * 100}%` }}></i>
  </div>`;
}

/* icons: the drawings of assets/icons/drawings.svg, each by its name. */
import { html } from "./html.js";

const DRAWINGS = new URL("../../icons/drawings.svg", import.meta.url).pathname;
export const Icon = ({ name }) =>
  html`<svg viewBox="0 0 24 24" class="pl-icon" aria-hidden="true" focusable="false">
    <use href=${`${DRAWINGS}#${name}`} />
  </svg>`;

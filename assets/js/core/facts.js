/* facts: what is said of something in a line, one after another; what is empty is left out. */
import { html } from "./html.js";

export const Facts = ({ look = "", of }) =>
  html`<p class=${`pl-facts ${look}`}>${of.filter(Boolean).map((text) => html`<span key=${text}>${text}</span>`)}</p>`;

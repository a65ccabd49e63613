/* query: what the search and the comparison share: the field of the query, and the way to the library where it is empty. */
import { Button } from "../core/buttons.js";
import { html } from "../core/html.js";
import { showTab } from "../core/router.js";
import { state } from "../core/store.js";

/* `go` is the button that asks. */
export const QueryLine = ({ id, label, write, go }) =>
  html`<div class="pl-query-line">
    <input type="search" id=${id} class="pl-query-input" placeholder="What are you looking for?" aria-label=${label}
      autocomplete="off" spellcheck="false" enterkeyhint="search" value=${state.draft}
      onInput=${(event) => write(event.target.value)} />
    ${go}
  </div>`;
export const ToLibrary = () =>
  html`<${Button} look="pl-primary" onClick=${() => showTab("library")}>Go to the library<//>`;

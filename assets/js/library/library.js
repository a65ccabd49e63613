/* library: what is in a collection, and how more gets in. Its job and its document stand in the address. */
import { addLink, html, mayEdit, set, state } from "../core/core.js";
import { Adding, LOOKS } from "./adding.js";
import { Cards } from "./cards.js";
import { Collections, Head } from "./collections.js";
import { Documents } from "./documents.js";

addLink({
  read: (wanted) => set({ job: wanted.get("job") || "", document: wanted.get("doc") || "" }),
  write(add) {
    if (state.view !== "library") return;
    add("job", state.job);
    add("doc", state.document);
  },
});

export function Library() {
  if (!state.overview) return null;
  return html`<div class="pl-library">
    <${Collections} />
    <div class="pl-lib-main">
      <${Head} />${mayEdit() ? html`<${Adding} />` : html`<p class="pl-muted">${LOOKS}</p>`}<${Cards} /><${Documents} />
    </div>
  </div>`;
}

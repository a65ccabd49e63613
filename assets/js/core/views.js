/* views: places of the page that are kept under a name: failures with a tag, a comparison, a page with a word's heat. A
   place is its address, so there is nothing else to keep. */
import { Button, Quiet } from "./buttons.js";
import { dialog, failed, notify } from "./dialogs.js";
import { date } from "./format.js";
import { html, useEffect, useState } from "./html.js";
import { addressed, visit } from "./router.js";
import { api } from "./server.js";
import { state } from "./store.js";

function Views({ here, open }) {
  const [all, setAll] = useState(null);
  const [name, setName] = useState("");
  const load = () => api.get("/views").then(setAll, failed);
  useEffect(() => {
    load();
  }, []);
  const keep = (event) => {
    event.preventDefault();
    api.post("/views", { name, collection: state.collection, address: here }).then(() => {
      notify("This view is kept.");
      setName("");
      load();
    }, failed);
  };
  const forget = (view) => api.remove(`/views/${api.part(view)}`).then(load, failed);
  const row = (view) =>
    html`<li key=${view.name}>
      <button type="button" class="pl-saved-open" onClick=${() => open(view)}>
        <b>${view.name}</b><span class="pl-muted">${`${view.collection} · ${date(view.added)}`}</span>
      </button>
      <${Quiet} icon="trash" label=${`Delete the view ${view.name}`} onClick=${() => forget(view.name)} />
    </li>`;
  return html`<div class="pl-form">
    <label>
      <span>Keep what is shown now as</span>
      <span class="pl-view-naming">
        <input class="pl-input" id="pl-view-name" maxlength="120" value=${name}
          onInput=${(event) => setName(event.target.value)}
          onKeyDown=${(event) => event.key === "Enter" && name.trim() && keep(event)} />
        <${Button} icon="star" disabled=${!name.trim()} onClick=${keep}>Keep<//>
      </span>
    </label>
    <ul class="pl-saved">
      ${all && (all.length ? all.map(row) : html`<li class="pl-muted">No view is kept yet.</li>`)}
    </ul>
  </div>`;
}
addressed("views", async () => {
  let close,
    chosen = null;
  const at = new URLSearchParams(location.search);
  at.delete("dialog");
  const open = (view) => {
    chosen = view;
    close();
  };
  await dialog({
    title: "Saved views",
    body: html`<${Views} here=${`?${at}`} open=${open} />`,
    opened: (closing) => (close = closing),
  });
  if (chosen) setTimeout(() => visit(chosen.address)); // once the dialog has left the address
});

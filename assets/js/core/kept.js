/* kept: what a person keeps by name, as a list to open it or let it go; and the views that are kept so: failures with a
   tag, a comparison, a page with a word's heat. A place is its address, so there is nothing else to keep. */
import { Button, Quiet } from "./buttons.js";
import { dialog, notify } from "./dialogs.js";
import { Input, Labelled } from "./form.js";
import { date } from "./format.js";
import { Edits, Waiting } from "./blocks.js";
import { html, useState } from "./html.js";
import { addressed, visit } from "./router.js";
import { api, useAnswer } from "./server.js";
import { state } from "./store.js";

/* `path` is where the server has them, `kind` what one is called, `none` said where there is
   none, `about(one)` what is said of one; asked for anew with another `version`. */
export function Kept({ path, kind, none, about, open, version = 0 }) {
  const [gone, setGone] = useState(0);
  const { value: all, error } = useAnswer(() => api.get(path), [gone, version]);
  if (!all) return html`<${Waiting} text="Looking for what is kept" error=${error} />`;
  const forget = ({ name }) => api.remove(`${path}/${api.part(name)}`).then(() => setGone((n) => n + 1));
  return html`<ul class="pl-saved">
    ${!all.length && html`<li class="pl-muted">${none}</li>`}
    ${all.map((one) => html`<li key=${one.name}>
      <button type="button" class="pl-saved-open" onClick=${() => open(one)}>
        <b>${one.name}</b><span class="pl-muted">${about(one).filter(Boolean).join(" · ")}</span>
      </button>
      <${Quiet} edits icon="trash" label=${`Delete the ${kind} ${one.name}`} onClick=${() => forget(one)} />
    </li>`)}
  </ul>`;
}

function Views({ here, open }) {
  const [name, setName] = useState("");
  const [version, setVersion] = useState(0);
  const keep = async () => {
    if (!name.trim()) return;
    await api.post("/views", { name, collection: state.collection, address: here });
    notify("This view is kept.");
    setName("");
    setVersion(version + 1);
  };
  return html`<${Edits}><${Labelled} text="Keep what is shown now as">
      <span class="pl-view-naming">
        <${Input} id="pl-view-name" maxlength="120" value=${name} write=${setName} enter=${keep} />
        <${Button} icon="star" disabled=${!name.trim()} onClick=${keep}>Keep<//>
      </span>
    <//><//>
    <${Kept} path="/views" kind="view" none="No view is kept yet." version=${version} open=${open}
      about=${(one) => [one.collection, date(one.added)]} />`;
}
addressed("views", async () => {
  const at = new URLSearchParams(location.search);
  at.delete("dialog");
  const chosen = await dialog({
    title: "Saved views",
    fields: (open) => html`<${Views} here=${`?${at}`} open=${open} />`,
  });
  if (chosen) setTimeout(() => visit(chosen.address)); // once the dialog has left the address
});

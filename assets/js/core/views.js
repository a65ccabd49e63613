/* views: places of the page that are kept under a name: failures with a tag, a comparison, a page with a word's heat. A
   place is its address, so there is nothing else to keep. */
import { Button } from "./buttons.js";
import { dialog, notify } from "./dialogs.js";
import { Input, Labelled } from "./form.js";
import { date } from "./format.js";
import { html, useState } from "./html.js";
import { Kept } from "./kept.js";
import { addressed, visit } from "./router.js";
import { api } from "./server.js";
import { state } from "./store.js";

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
  return html`<${Labelled} text="Keep what is shown now as">
      <span class="pl-view-naming">
        <${Input} id="pl-view-name" maxlength="120" value=${name} write=${setName} enter=${keep} />
        <${Button} icon="star" disabled=${!name.trim()} onClick=${keep}>Keep<//>
      </span>
    <//>
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

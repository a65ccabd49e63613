/* sample: the documents that come with Pagelens, for who has nothing at hand to add. */
import { Button } from "./buttons.js";
import { html } from "./html.js";
import { watch } from "./jobs.js";
import { choose, showTab } from "./router.js";
import { api } from "./server.js";
import { atWork, state } from "./store.js";

async function begin() {
  const { collection } = await api.post("/sample");
  await watch();
  await choose(collection);
  showTab("library");
}
/* Where the server offers them and is not at it already. */
export function ToSample() {
  const name = state.overview && state.overview.sample;
  if (!name || atWork(name)) return null;
  return html`<p class="pl-muted">
      Nothing at hand? Charts, maps, forms, scans and photographs come with Pagelens, with questions to ask of them.
    </p>
    <${Button} id="pl-to-sample" act=${begin}>Try the sample<//>`;
}

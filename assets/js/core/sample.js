/* sample: the documents that come with Pagelens, for who has nothing at hand to add. */
import { Button } from "./buttons.js";
import { html } from "./html.js";
import { watch } from "./jobs.js";
import { choose, showTab } from "./router.js";
import { api } from "./server.js";
import { atWork, mayEdit, namesLeft, state } from "./store.js";

const SAMPLE = "sample";
async function begin() {
  const { collection } = await api.post("/sample");
  await watch();
  await choose(collection);
  showTab("library");
}
/* Offered while they are not indexed yet, to an account that may have a collection of their name. */
export function ToSample() {
  const there = !state.overview || state.overview.collections.some((one) => one.name === SAMPLE && one.pages);
  if (there || atWork(SAMPLE) || !mayEdit() || (namesLeft() && !namesLeft().includes(SAMPLE))) return null;
  return html`<p class="pl-muted">
      Nothing at hand? Charts, maps, forms, scans and photographs come with Pagelens, with questions to ask of them.
    </p>
    <${Button} id="pl-to-sample" act=${begin}>Try the sample<//>`;
}

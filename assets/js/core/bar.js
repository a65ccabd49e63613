/* bar: name, collection, state of the model, theme, keys; and what a link named that is gone. */
import { Chip, Quiet } from "./buttons.js";
import { notify } from "./dialogs.js";
import { Select } from "./form.js";
import { html, useEffect, useState } from "./html.js";
import { choose, openDialog } from "./router.js";
import { api } from "./server.js";
import { collectionNames, remember, remembered, set, state } from "./store.js";

const SAID = { cold: "Models", warming: "Warming up the model", ready: "Model ready", failed: "Model not available" };
const SOON = 1500; // ms between looks at a model that is on its way
const LATER = 5000;

const isDark = () => document.body.classList.contains("dark");
const kept = remembered("theme");
if (kept && !new URLSearchParams(location.search).has("__theme"))
  document.body.classList.toggle("dark", kept === "dark");

function Theme() {
  const [dark, setDark] = useState(isDark());
  useEffect(() => {
    const seen = new MutationObserver(() => setDark(isDark()));
    seen.observe(document.body, { attributes: true, attributeFilter: ["class"] });
    return () => seen.disconnect();
  }, []);
  const turn = () => {
    document.body.classList.toggle("dark");
    remember("theme", isDark() ? "dark" : "light");
  };
  const name = dark ? "Light theme" : "Dark theme";
  return html`<${Quiet} icon=${dark ? "sun" : "moon"} label=${name} onClick=${turn} />`;
}

function Model() {
  const { model: now } = state;
  const wrong = now && now.state === "failed" ? now.detail : "";
  useEffect(() => {
    if (wrong) notify(wrong, "error");
  }, [wrong]);
  useEffect(() => {
    if (!now || !["warming", "cold"].includes(now.state)) return undefined;
    const look = () =>
      api.get("/warm-up").then((model) => set({ model }), () => {
        timer = setTimeout(look, LATER);
      });
    let timer = setTimeout(look, SOON);
    return () => clearTimeout(timer);
  }, [now]);
  if (!now) return html`<button type="button" class="pl-model" disabled>Models</button>`;
  return html`<button type="button" class=${`pl-model pl-model-${now.state}`} aria-live="polite"
    title=${now.detail || "Models: load, unload, and what there is"} onClick=${() => openDialog("models")}>
    ${SAID[now.state] || "Models"}
  </button>`;
}

function Collections() {
  const names = collectionNames();
  if (state.collection && !names.includes(state.collection)) names.unshift(state.collection);
  return html`<label class="pl-collection">
    <span class="pl-sr">Collection</span>
    <${Select} id="pl-collection" aria-label="Collection" options=${names} value=${state.collection}
      disabled=${names.length < 2} choose=${(name) => choose(name)} />
  </label>`;
}

function Gone() {
  if (!state.gone) return null;
  const others = collectionNames();
  return html`<div class="pl-gone" role="alert">
    <p>
      <b>There is no collection “${state.gone}” here.</b> It was deleted or renamed, or the link is of another machine.
    </p>
    ${others.length > 0 && html`<p>
      Go to ${others.slice(0, 8).map((name) => html`<${Chip} key=${name} onClick=${() => choose(name)}>${name}<//> `)}
    </p>`}
  </div>`;
}

export const Bar = () => html`<header class="pl-bar">
    <div class="pl-brand">
      <span class="pl-mark" aria-hidden="true"></span><h1 class="pl-sr">Pagelens</h1>
      <span class="pl-name" aria-hidden="true">Pagelens</span>
    </div>
    <div class="pl-bar-end">
      <${Model} /><${Collections} />
      <${Quiet} icon="star" label="Saved views" onClick=${() => openDialog("views")} />
      <${Quiet} icon="keys" label="Keyboard shortcuts" keys="?" onClick=${() => openDialog("keys")} />
      <${Theme} />
    </div>
  </header>
  <${Gone} />`;

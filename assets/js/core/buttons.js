/* buttons: what is pressed. `icon` names its drawing, `look` are classes beside its own; `act` is what it does where it
   is not to be pressed again before that is done; one that `edits` is offered only to who may change anything; all else
   is the element's. */
import { html, useState } from "./html.js";
import { Icon } from "./icons.js";
import { mayEdit } from "./store.js";

const pressed = (kind) =>
  function Pressed({ icon, look, act, edits, disabled, children, ...more }) {
    const [busy, setBusy] = useState(false);
    if (edits && !mayEdit()) return null;
    const go = (event) => {
      setBusy(true);
      return act(event).finally(() => setBusy(false));
    };
    return html`<button type="button" class=${look ? `${kind} ${look}` : kind} disabled=${disabled || busy}
      onClick=${act && go} ...${more}>
      ${icon && html`<${Icon} name=${icon} />`}${children}
    </button>`;
  };
export const Button = pressed("pl-button");
export const Chip = pressed("pl-chip");
export const Link = pressed("pl-link"); // as words among others
export const Named = pressed("pl-linklike"); // a name that leads to what it names
const Bare = pressed("pl-quiet");
/* A drawing alone, whose name, and the key that does the same, are shown when it is pointed at; on a phone, where
   nothing points, it may have a `word`. */
export const Quiet = ({ label, keys, word, ...more }) =>
  html`<${Bare} aria-label=${label} title=${keys ? `${label} (${keys})` : label} ...${more}>
    ${word && html`<span class="pl-word">${word}</span>`}
  <//>`;

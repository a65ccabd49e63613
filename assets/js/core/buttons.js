/* buttons: what is pressed. `icon` names its drawing, `look` are classes beside its own; all else is the element's. */
import { html } from "./html.js";
import { Icon } from "./icons.js";

const pressed = (kind) =>
  function Pressed({ icon, look, children, ...more }) {
    return html`<button type="button" class=${look ? `${kind} ${look}` : kind} ...${more}>
      ${icon && html`<${Icon} name=${icon} />`}${children}
    </button>`;
  };
export const Button = pressed("pl-button");
export const Chip = pressed("pl-chip");
export const Link = pressed("pl-link"); // as words among others
export const Named = pressed("pl-linklike"); // a name that leads to what it names
const Bare = pressed("pl-quiet");
/* A drawing alone, whose name, and the key that does the same, are shown when it is pointed at. */
export const Quiet = ({ label, keys, ...more }) =>
  html`<${Bare} aria-label=${label} title=${keys ? `${label} (${keys})` : label} ...${more} />`;

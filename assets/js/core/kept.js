/* kept: what a person keeps by name, as a list to open it or let it go. */
import { useAnswer } from "./answer.js";
import { Quiet } from "./buttons.js";
import { Waiting } from "./blocks.js";
import { html, useState } from "./html.js";
import { api } from "./server.js";

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
      <${Quiet} icon="trash" label=${`Delete the ${kind} ${one.name}`} onClick=${() => forget(one)} />
    </li>`)}
  </ul>`;
}

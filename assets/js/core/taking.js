/* taking: what a person takes along, to the clipboard or as a file. */
import { Button } from "./buttons.js";
import { notify } from "./dialogs.js";
import { html } from "./html.js";

export async function copy(text, said = "Copied.") {
  try {
    await navigator.clipboard.writeText(text);
    notify(said);
  } catch {
    notify("The browser does not let pages copy here; select the text and copy it.", "error");
  }
}
/* A text with a button that copies it. */
export const Copied = ({ name, text, note }) => html`<section key=${name} aria-label=${name}>
  <div class="pl-section-head">
    <h3>${name}</h3>
    <${Button} icon="copy" aria-label=${`Copy: ${name}`} onClick=${() => copy(text)}>Copy<//>
  </div>
  <pre class="pl-copy" tabindex="0"><code>${text}</code></pre>
  ${note && html`<p class="pl-muted">${note}</p>`}
</section>`;
/* What the server made, as a file; `name` is what it is called where the server does not say. */
export async function save(answer, name) {
  const told = /filename\*?=(?:UTF-8'')?"?([^";]+)/i.exec(answer.headers.get("Content-Disposition") || "");
  const link = document.createElement("a");
  link.href = URL.createObjectURL(await answer.blob());
  link.download = told ? decodeURIComponent(told[1]) : name;
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}

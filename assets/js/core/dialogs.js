/* dialogs: messages that pass, and modals. */
import { Button, Quiet } from "./buttons.js";
import { html, render } from "./html.js";

const LASTING = { info: 7000, error: 12000 }; // ms; an error takes longer to read and to write down
let toasts = null,
  numbered = 0; // dialogs so far, so that one within another has a title of its own

/* A message at the edge of the page; `kind` is info or error. */
export function notify(text, kind = "info") {
  if (!toasts) {
    toasts = document.createElement("div");
    toasts.className = "pl-toasts";
    toasts.setAttribute("role", "status");
    toasts.setAttribute("aria-live", "polite");
    document.body.append(toasts);
  }
  const toast = document.createElement("div");
  toast.className = `pl-toast pl-toast-${kind}`;
  render(html`<span>${text}</span><${Quiet} icon="close" label="Dismiss" onClick=${() => toast.remove()} />`, toast);
  toasts.append(toast);
  setTimeout(() => toast.remove(), LASTING[kind]);
}
export const failed = (error) => notify(error.message, "error");

/* A modal of a `body`, or of `fields` one below another; either may be a function of what closes the modal with a value.
   Resolves to that value, to what `read` makes of the fields (a FormData) when it is confirmed, else to null. */
export function dialog({ title, body, fields, confirm, danger = false, wide = false, read = () => true }) {
  const titled = `pl-dialog-title-${++numbered}`;
  return new Promise((resolve) => {
    const node = document.createElement("dialog");
    const close = (value = null) => {
      if (!node.isConnected) return;
      node.close();
      node.remove();
      render(null, node);
      resolve(value);
    };
    const made = (part) => (typeof part === "function" ? part(close) : part);
    node.className = wide ? "pl-dialog pl-wide" : "pl-dialog";
    node.setAttribute("aria-labelledby", titled);
    node.addEventListener("cancel", (event) => {
      event.preventDefault();
      close();
    });
    const submit = (event) => {
      event.preventDefault();
      close(read(new FormData(event.target)));
    };
    render(
      html`<form method="dialog" onSubmit=${submit}>
        <h2 id=${titled}>${title}</h2>
        ${made(body)}${fields && html`<div class="pl-form">${made(fields)}</div>`}
        <div class="pl-dialog-buttons">
          <${Button} onClick=${() => close()}>${confirm ? "Cancel" : "Close"}<//>
          ${confirm && html`<${Button} look=${danger ? "pl-danger" : "pl-primary"} type="submit">${confirm}<//>`}
        </div>
      </form>`,
      node,
    );
    document.body.append(node);
    node.showModal();
  });
}

/* Whether a person wants what cannot be taken back. */
export const sure = (title, confirm, body) => dialog({ title, confirm, danger: true, body });

/* As if a person had left every open dialog, from the inner one out. */
export function closeDialogs() {
  for (const node of [...document.querySelectorAll("dialog[open]")].reverse()) node.dispatchEvent(new Event("cancel"));
}

/* dialogs: messages that pass, and modals. */
import { Button, Quiet } from "./buttons.js";
import { html, render } from "./html.js";
import { Refusal } from "./server.js";

const LASTING = { info: 7000, error: 12000 }; // ms; an error takes longer to read and to write down
const toasts = Object.assign(document.createElement("div"), { className: "pl-toasts", role: "status", ariaLive: "polite" });
let numbered = 0; // dialogs so far, so that one within another has a title of its own

/* A message at the edge of the page; `kind` is info or error. */
export function notify(text, kind = "info") {
  if (!toasts.isConnected) document.body.append(toasts);
  const toast = Object.assign(document.createElement("div"), { className: `pl-toast pl-toast-${kind}` });
  render(html`<span>${text}</span><${Quiet} icon="close" label="Dismiss" onClick=${() => toast.remove()} />`, toast);
  toasts.append(toast);
  setTimeout(() => toast.remove(), LASTING[kind]);
}
/* A refusal that nobody else tells is told here; faults of the page itself go to the console. */
addEventListener("unhandledrejection", (event) => {
  if (!(event.reason instanceof Refusal)) return;
  event.preventDefault();
  notify(event.reason.message, "error");
});

/* A modal of a `body`, or of `fields` one below another; either may be a function of what closes the modal with a value.
   Resolves to that value, to what `read` makes of the fields (a FormData) when it is confirmed, else to null. */
export function dialog({ title, body, fields, confirm, danger = false, wide = false, read = () => true }) {
  const titled = `pl-dialog-title-${++numbered}`;
  return new Promise((resolve) => {
    const node = Object.assign(document.createElement("dialog"), { className: wide ? "pl-dialog pl-wide" : "pl-dialog" });
    const close = (value = null) => {
      if (!node.isConnected) return;
      node.close();
      node.remove();
      render(null, node);
      resolve(value);
    };
    const made = (part) => (typeof part === "function" ? part(close) : part);
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

/* dialogs: messages that pass, and modals. */
import { Button, Quiet } from "./buttons.js";
import { Form } from "./form.js";
import { html, render } from "./html.js";
import { Refusal } from "./server.js";
import { leave, show } from "./store.js";

const LASTING = { info: 7000, error: 12000 }; // ms; an error takes longer to read and to write down
const made = (tag, more) => Object.assign(document.createElement(tag), more);
const toasts = made("div", { className: "pl-toasts", role: "status", ariaLive: "polite" });
let numbered = 0; // dialogs so far, so that one within another has a title of its own

/* A message at the edge of the page; `kind` is info or error. */
export function notify(text, kind = "info") {
  if (!toasts.isConnected) document.body.append(toasts);
  const toast = made("div", { className: `pl-toast pl-toast-${kind}` });
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

/* A modal of a `body`, or of `fields` one below another; either may be a function of what closes the modal with a
   value, which is drawn anew as the views are. Resolves to that value, to what `read` makes of the fields (a
   FormData) when it is confirmed, else to null. */
export function dialog({ title, body, fields, confirm, danger = false, wide = false, read = () => true }) {
  const titled = `pl-dialog-title-${++numbered}`;
  return new Promise((resolve) => {
    const node = made("dialog", { className: wide ? "pl-dialog pl-wide" : "pl-dialog" });
    const close = (value = null) => {
      if (!node.isConnected) return;
      node.close();
      node.remove();
      leave(node);
      resolve(value);
    };
    const content = (part) => (typeof part === "function" ? part(close) : part);
    node.setAttribute("aria-labelledby", titled);
    node.addEventListener("cancel", (event) => {
      event.preventDefault();
      close();
    });
    show(node, () => html`<${Form} method="dialog" submit=${({ target }) => close(read(new FormData(target)))}>
      <h2 id=${titled}>${title}</h2>
      ${content(body)}${fields && html`<div class="pl-form">${content(fields)}</div>`}
      <div class="pl-dialog-buttons">
        <${Button} onClick=${() => close()}>${confirm ? "Cancel" : "Close"}<//>
        ${confirm && html`<${Button} look=${danger ? "pl-danger" : "pl-primary"} type="submit">${confirm}<//>`}
      </div>
    <//>`);
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

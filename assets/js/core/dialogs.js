/* dialogs: messages that pass, and modals. */
import { Icon } from "./icons.js";
import { html, render } from "./html.js";

const LASTING = { info: 7000, error: 12000 }; // ms; an error takes longer to read and to write down
let toasts = null;

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
  render(
    html`<span>${text}</span>
      <button type="button" class="pl-quiet" aria-label="Dismiss" onClick=${() => toast.remove()}>
        <${Icon} name="close" />
      </button>`,
    toast,
  );
  toasts.append(toast);
  setTimeout(() => toast.remove(), LASTING[kind]);
}
export const failed = (error) => notify(error.message, "error");

/* What a dialog holds: elements of a template, or an element that an older script made. */
const Body = ({ body }) =>
  body instanceof Node ? html`<div class="pl-dialog-body" ref=${(at) => at && at.append(body)} />` : body;

/* A modal. Resolves to what `read` makes of its fields (a FormData) when it is confirmed, else to null; `opened` gets what
   closes it. */
export function dialog({ title, body, confirm, danger = false, wide = false, read = () => true, opened }) {
  return new Promise((resolve) => {
    const node = document.createElement("dialog");
    const close = (value = null) => {
      if (!node.isConnected) return;
      node.close();
      node.remove();
      render(null, node);
      resolve(value);
    };
    node.className = wide ? "pl-dialog pl-wide" : "pl-dialog";
    node.setAttribute("aria-labelledby", "pl-dialog-title");
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
        <h2 id="pl-dialog-title">${title}</h2>
        <${Body} body=${body} />
        <div class="pl-dialog-buttons">
          <button type="button" class="pl-button" onClick=${() => close()}>${confirm ? "Cancel" : "Close"}</button>
          ${
            confirm &&
            html`<button type="submit" class=${`pl-button ${danger ? "pl-danger" : "pl-primary"}`}>${confirm}</button>`
          }
        </div>
      </form>`,
      node,
    );
    document.body.append(node);
    node.showModal();
    if (opened) opened(close);
  });
}

/* As if a person had left every open dialog, from the inner one out. */
export function closeDialogs() {
  for (const node of [...document.querySelectorAll("dialog[open]")].reverse()) node.dispatchEvent(new Event("cancel"));
}

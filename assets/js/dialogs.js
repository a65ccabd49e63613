/* dialogs: messages, modals, and the keys that work everywhere. */
(() => {
  "use strict";
  const { h, icon, emit } = pagelens;

  /* --- messages and dialogs ------------------------------------------------------------------------------------------- */
  let toasts = null;
  function notify(text, kind = "info") {
    if (!toasts) {
      toasts = h("div", { class: "pl-toasts", role: "status", "aria-live": "polite" });
      document.body.append(toasts);
    }
    const toast = h(
      "div",
      { class: `pl-toast pl-toast-${kind}` },
      h("span", { text }),
      h(
        "button",
        { type: "button", class: "pl-quiet", "aria-label": "Dismiss", onclick: () => toast.remove() },
        icon("close"),
      ),
    );
    toasts.append(toast);
    setTimeout(() => toast.remove(), kind === "error" ? 12000 : 7000);
  }
  /* A modal; resolves to what `read` gives when confirmed, or null. */
  function dialog({ title, body, confirm, danger = false, wide = false, read = () => true }) {
    return new Promise((resolve) => {
      const close = (value) => {
        node.close();
        node.remove();
        resolve(value);
      };
      const form = h(
        "form",
        {
          method: "dialog",
          onsubmit: (event) => {
            event.preventDefault();
            close(read());
          },
        },
        h("h2", { id: "pl-dialog-title", text: title }),
        body,
        h(
          "div",
          { class: "pl-dialog-buttons" },
          h("button", {
            type: "button",
            class: "pl-button",
            onclick: () => close(null),
            text: confirm ? "Cancel" : "Close",
          }),
          confirm
            ? h("button", { type: "submit", class: `pl-button ${danger ? "pl-danger" : "pl-primary"}`, text: confirm })
            : null,
        ),
      );
      const node = h(
        "dialog",
        {
          class: wide ? "pl-dialog pl-wide" : "pl-dialog",
          "aria-labelledby": "pl-dialog-title",
          oncancel: (event) => {
            event.preventDefault();
            close(null);
          },
        },
        form,
      );
      document.body.append(node);
      node.showModal();
    });
  }
  const KEYS = [
    ["/", "Go to the query"],
    ["c", "Compare two pipelines"],
    ["j  k", "Next, previous result"],
    ["Enter", "Open the result"],
    ["[  ]", "Previous, next page"],
    ["h", "Heat on or off"],
    ["a", "Heat for all query words"],
    ["1 … 9", "Heat for one query word"],
    ["+  −  0", "Zoom in, out, fit"],
    ["g  b", "Judge the page relevant to the query, or not"],
    ["r", "Pick a part of the page to search with"],
    ["Esc", "Leave a field, or give up picking"],
    ["?", "This sheet"],
  ];
  const showKeys = () =>
    dialog({
      title: "Keyboard",
      body: h(
        "dl",
        { class: "pl-keys" },
        KEYS.map(([key, what]) => [
          h(
            "dt",
            {},
            key.split("  ").map((k) => h("kbd", { text: k })),
          ),
          h("dd", { text: what }),
        ]),
      ),
    });

  /* --- keys ------------------------------------------------------------------------------------------------------------ */
  const typing = (node) =>
    node &&
    (node.isContentEditable ||
      (/^(INPUT|TEXTAREA|SELECT)$/.test(node.tagName) && !/^(checkbox|radio|range|button|file)$/.test(node.type)));
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
    if (typing(event.target)) {
      if (event.key === "Escape") event.target.blur();
      return;
    }
    if (event.key === "?") {
      event.preventDefault();
      showKeys();
      return;
    }
    if (event.key === "/") {
      event.preventDefault();
      pagelens.showTab("search");
      setTimeout(() => emit("focus-query"), 60);
      return;
    }
    if (event.key === "c") {
      event.preventDefault();
      pagelens.showTab("compare");
      return;
    }
    emit("key", event);
  });

  Object.assign(pagelens, { notify, dialog, showKeys });
})();

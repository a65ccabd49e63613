/* expected: name the page you expected, hear where the search lost it, and apply the smallest change that finds it. */
(() => {
  "use strict";
  const { h, put, state, call, asked, asking } = pagelens;

  const MOST = 200; // results on one screen

  /* ``apply({pipeline, filter, k})`` searches again with what is given. */
  function card(apply) {
    const documents = h("select", {
      class: "pl-select",
      id: "pl-expected-document",
      "aria-label": "Document you expected",
    });
    const page = h("input", {
      class: "pl-input pl-short",
      id: "pl-expected-page",
      type: "number",
      min: 1,
      value: 1,
      "aria-label": "Page you expected",
    });
    const said = h("div", { class: "pl-expected-said", role: "status" });
    const form = h(
      "form",
      {
        class: "pl-expected",
        onsubmit: (event) => {
          event.preventDefault();
          ask();
        },
      },
      documents,
      h("label", { class: "pl-inline" }, h("span", { text: "page" }), page),
      h("button", { type: "submit", class: "pl-button", text: "Where is it?" }),
    );
    const node = h(
      "section",
      { class: "pl-card pl-expecting", "aria-label": "Expected another page?", hidden: true },
      h("h3", { text: "Expected another page?" }),
      form,
      said,
    );

    async function ask() {
      if (!asking()) return;
      put(said, h("span", { class: "pl-spinner", "aria-hidden": "true" }), "Following it through the stages");
      try {
        tell(
          await call("why", {
            query: asked(),
            collection: state.collection,
            pipeline: state.pipeline,
            k: pagelens.staging.asked(),
            filter: state.filter,
            document: documents.value,
            page: Math.max(1, Math.round(Number(page.value)) || 1),
          }),
        );
      } catch (error) {
        put(said, h("p", { class: "pl-error", role: "alert", text: error.message }));
      }
    }
    function tell(verdict) {
      const ref = pagelens.parseRef(verdict.page);
      const there = !["absent", "failed"].includes(verdict.verdict);
      put(
        said,
        h(
          "p",
          {},
          h("span", { class: `pl-badge pl-why-${verdict.verdict}`, text: verdict.verdict }),
          ` ${verdict.reason}`,
        ),
        h(
          "div",
          { class: "pl-row" },
          fixing(verdict.fix) || h("p", { class: "pl-muted", text: verdict.unfixable || "" }),
          there
            ? h("button", {
                type: "button",
                class: "pl-button",
                onclick: () => pagelens.openPage(ref),
                text: "Open it",
              })
            : null,
        ),
      );
    }
    function fixing(fix) {
      if (!fix) return null;
      const changes = fix.changes.join(", ");
      if (fix.k > MOST)
        return h("p", { class: "pl-muted", text: `It would be found: ${changes}. Only ${MOST} are shown here.` });
      return h("button", {
        type: "button",
        class: "pl-button pl-primary",
        id: "pl-apply-fix",
        onclick: () => apply(fix),
        text: changes.charAt(0).toUpperCase() + changes.slice(1),
      });
    }
    function repaint() {
      const all = (state.details && state.details.documents) || [];
      const was = documents.value;
      put(documents, ...all.map((d) => h("option", { value: d.name, text: d.name })));
      if (all.some((d) => d.name === was)) documents.value = was;
    }
    function show(result) {
      node.hidden = !(result && result.complete);
      said.replaceChildren();
    }
    return { node, repaint, show };
  }

  pagelens.expected = { card };
})();

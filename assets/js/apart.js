/* apart: the two pages that are chosen, taken apart word by word; by either encoder, where two decided. */
(() => {
  "use strict";
  const { h, put, api, state } = pagelens;
  const TITLE = "Why one page beats another";

  /* Fills `root`. Answers { show(found, question, chosen), hide() }; `chosen` is { a, b }, hits of the two lists. */
  function make(root) {
    let told = 0,
      encoder = "";
    function hide() {
      told++;
      root.hidden = true;
    }
    async function show(found, question, chosen) {
      const mine = ++told,
        { a, b } = chosen,
        names = [...new Set([found.a.encoder, found.b.encoder])];
      if (!names.includes(encoder)) encoder = names[0];
      root.hidden = !a && !b;
      if (!a || !b || a.page_id === b.page_id) {
        const what =
          a && b
            ? "The same page is chosen in both lists. Choose another in one of them"
            : "Choose a page of each list";
        put(
          root,
          h("h3", { text: TITLE }),
          h("p", { class: "pl-muted", text: `${what}, to see word by word why one scores more.` }),
        );
        return;
      }
      root.classList.add("pl-stale");
      const choice = () => encoders(names, () => show(found, question, chosen));
      let answer, problem;
      try {
        answer = await api.post("/contrast", {
          query: question,
          collection: state.collection,
          encoder,
          a: a.page,
          b: b.page,
        });
      } catch (error) {
        problem = error.message;
      }
      if (mine !== told) return;
      root.classList.remove("pl-stale");
      if (problem)
        put(root, h("h3", { text: TITLE }), choice(), h("p", { class: "pl-error", role: "alert", text: problem }));
      else put(root, pagelens.contrast(answer, a, b, choice()));
    }
    function encoders(names, again) {
      if (names.length < 2) return null;
      return h(
        "div",
        { class: "pl-segments", role: "radiogroup", "aria-label": "Encoder whose scores are compared" },
        names.map((name) =>
          h(
            "label",
            {},
            h("input", {
              type: "radio",
              name: "pl-compare-encoder",
              value: name,
              checked: name === encoder,
              onchange: () => {
                encoder = name;
                again();
              },
            }),
            h("span", { text: name }),
          ),
        ),
      );
    }
    return { show, hide };
  }
  pagelens.apart = { make };
})();

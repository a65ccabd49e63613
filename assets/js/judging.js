/* judging: how well a page answers a query, as a row of grades; kept by the server as labels of the collection. */
(() => {
  "use strict";
  const { h, put, state, on, call, notify } = pagelens;
  const GRADES = [
    ["", "not judged"],
    ["0", "not relevant"],
    ["1", "relevant"],
    ["2", "highly relevant"],
    ["3", "the best there is"],
  ];
  const LEGEND = "0 not relevant, 1 relevant, 2 highly relevant, 3 the best there is; kept as a label.";
  let count = 0;

  /* `grade` is what was judged so far, null for nothing; `onchange` hears all grades of the query by page. */
  pagelens.judging = function ({ query, collection, document, number, grade, onchange = () => {} }) {
    const group = `pl-judge-${++count}`;
    const page = `${document} page ${number}`;
    const give = async (value) => {
      try {
        const grades = await call("judge", {
          query,
          collection,
          document,
          page: number,
          grade: value === "" ? null : Number(value),
        });
        onchange(grades);
      } catch (error) {
        notify(error.message, "error");
      }
    };
    return h(
      "fieldset",
      { class: "pl-judge" },
      h("legend", { class: "pl-sr", text: `Judge ${page} for this question` }),
      GRADES.map(([value, words]) =>
        h(
          "label",
          { title: words },
          h("input", {
            type: "radio",
            name: group,
            value,
            checked: value === (grade === null || grade === undefined ? "" : String(grade)),
            "aria-label": `${page}: ${words}`,
            onchange: () => give(value),
          }),
          h("span", { "aria-hidden": "true", text: value === "" ? "–" : value }),
        ),
      ),
    );
  };

  /* The same for an open page and the query at hand, as a section of the panel beside it. */
  pagelens.judgedPage = function ({ document, page }) {
    const query = state.query,
      collection = state.collection,
      slot = h("div");
    call("judgements", { query, collection }).then(
      (grades) => {
        const grade = grades[`${document}#page=${page}`];
        const onchange = () => notify("Kept with the collection's judgements.");
        put(slot, pagelens.judging({ query, collection, document, number: page, grade, onchange }));
      },
      (error) => put(slot, h("p", { class: "pl-error", text: error.message })),
    );
    return h(
      "section",
      { class: "pl-section" },
      h("h3", { text: "Does it answer the query?" }),
      slot,
      h("p", { class: "pl-muted", text: LEGEND }),
    );
  };
  const KEYED = { g: "1", b: "0" };
  on("key", (event) => {
    const grade = KEYED[event.key];
    const radio = grade && document.querySelector(`#pl-viewer .pl-judge input[value="${grade}"]`);
    if (!radio || pagelens.currentTab() !== "page") return;
    radio.click();
  });
})();

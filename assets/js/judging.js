/* judging: how well a page answers a query, as a row of grades; kept by the server as labels of the collection. */
(() => {
  "use strict";
  const { h, call, notify } = pagelens;
  const GRADES = [
    ["", "not judged"],
    ["0", "not relevant"],
    ["1", "relevant"],
    ["2", "highly relevant"],
    ["3", "the best there is"],
  ];
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
})();

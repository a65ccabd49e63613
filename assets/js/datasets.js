/* datasets: questions with labels; brought in from files or a folder, looked over, taken away. */
(() => {
  "use strict";
  const { h, fmt, state, api, dialog, notify } = pagelens;
  const LISTS = ".jsonl,.json,.csv,.tsv,.txt,.trec,.qrels";

  async function upload(files) {
    const opened = await fetch("api/v1/uploads", { method: "POST" });
    const { batch } = await opened.json();
    for (const file of files) {
      const sent = await fetch(`api/v1/uploads/${batch}?name=${encodeURIComponent(file.name)}`, {
        method: "PUT",
        body: file,
      });
      if (!sent.ok) throw new Error((await sent.json()).error || `${file.name} could not be sent.`);
    }
    return batch;
  }

  /* From files of questions and labels, over a collection's pages. Resolves to the dataset's name, or null. */
  async function fromFiles() {
    const name = h("input", {
      class: "pl-input",
      required: true,
      maxlength: 64,
      id: "pl-dataset-name",
      placeholder: "my-questions",
    });
    const questions = h("input", { type: "file", required: true, id: "pl-dataset-questions", accept: LISTS });
    const labels = h("input", { type: "file", id: "pl-dataset-labels", accept: LISTS });
    const collection = h(
      "select",
      { class: "pl-select", id: "pl-dataset-collection" },
      state.overview.collections.map((c) => h("option", { value: c.name, text: c.name })),
    );
    collection.value = state.collection;
    questions.addEventListener("change", () => {
      if (!name.value && questions.files[0]) name.value = questions.files[0].name.replace(/\.[^.]*$/, "");
    });
    const request = await dialog({
      title: "Add questions and labels",
      confirm: "Add",
      wide: true,
      body: h(
        "div",
        { class: "pl-form" },
        h("label", {}, h("span", { text: "Questions" }), questions),
        h("label", {}, h("span", { text: "Labels, if they are in a file of their own" }), labels),
        h("label", {}, h("span", { text: "They are about the pages of" }), collection),
        h("label", {}, h("span", { text: "Name" }), name),
        h(
          "p",
          { class: "pl-muted" },
          "A table with the columns ",
          h("code", { text: "text, page, grade" }),
          " is enough; a page is written ",
          h("code", { text: "report.pdf#page=12" }),
          ". JSON lines, CSV, tabs and TREC labels are read.",
        ),
      ),
      read: () => ({
        name: name.value,
        collection: collection.value,
        files: [questions.files[0], labels.files[0]].filter(Boolean),
      }),
    });
    if (!request) return null;
    const [first, second] = request.files;
    if (second && first.name === second.name) throw new Error("Both files have the same name; rename one of them.");
    const batch = await upload(request.files);
    const made = await api.post("/datasets/made", {
      batch,
      name: request.name,
      collection: request.collection,
      questions: first.name,
      labels: second ? second.name : "",
    });
    notify(`${fmt.plural(made.questions, "question")} in ${made.name}.`);
    return made.name;
  }

  /* From a folder on the server's disk, or a benchmark by name. */
  async function fromFolder() {
    const path = h("input", {
      class: "pl-input pl-code",
      required: true,
      id: "pl-dataset-path",
      spellcheck: "false",
      autocomplete: "off",
      placeholder: "/home/me/datasets/contracts",
    });
    const request = await dialog({
      title: "Add a dataset folder",
      confirm: "Add",
      wide: true,
      read: () => ({ path: path.value }),
      body: h(
        "div",
        { class: "pl-form" },
        h("label", {}, h("span", { text: "Folder, or the name of a benchmark" }), path),
        h("p", {
          class: "pl-muted",
          text: "A folder with documents/, queries.jsonl and qrels.tsv stays where it is; BEIR and ViDoRe folders are brought into that form.",
        }),
      ),
    });
    if (!request) return null;
    const made = await api.post("/datasets", request);
    notify(`${fmt.plural(made.questions, "question")} in ${made.name}.`);
    return made.name;
  }

  /* Everything judged in a collection. */
  async function fromJudgements() {
    const name = h("input", {
      class: "pl-input",
      required: true,
      maxlength: 64,
      id: "pl-judged-name",
      value: `${state.collection} judged`,
    });
    const request = await dialog({
      title: `What was judged in ${state.collection}`,
      confirm: "Make a dataset",
      read: () => ({ name: name.value, collection: state.collection }),
      body: h(
        "div",
        { class: "pl-form" },
        h("label", {}, h("span", { text: "Name" }), name),
        h("p", {
          class: "pl-muted",
          text: "Its questions are those that pages were judged for; make it again under the same name to bring it up to date.",
        }),
      ),
    });
    if (!request) return null;
    const made = await api.post("/datasets/judged", request);
    notify(`${fmt.plural(made.questions, "question")} in ${made.name}.`);
    return made.name;
  }

  async function look(name) {
    const found = await api.get(`/datasets/${api.part(name)}/check`);
    await dialog({
      title: `Dataset ${name}`,
      wide: true,
      body: h(
        "div",
        { class: "pl-form" },
        h(
          "table",
          { class: "pl-table", id: "pl-dataset-counts" },
          h(
            "tbody",
            {},
            Object.entries(found.counts).map(([what, count]) =>
              h("tr", {}, h("th", { scope: "row", text: what }), h("td", { class: "pl-num", text: fmt.count(count) })),
            ),
          ),
        ),
        found.problems.length
          ? h(
              "ul",
              { class: "pl-problems" },
              found.problems.map((text) => h("li", { text })),
            )
          : h("p", { class: "pl-muted", text: "It is as it should be." }),
      ),
    });
  }

  async function remove(dataset) {
    const sure = await dialog({
      title: `Remove the dataset “${dataset.name}”?`,
      confirm: "Remove it",
      danger: true,
      body: h("p", { text: "Records that were made with it stay. A folder that lies elsewhere is only forgotten." }),
    });
    if (sure) await api.remove(`/datasets/${api.part(dataset.name)}`);
    return Boolean(sure);
  }

  pagelens.datasets = { fromFiles, fromFolder, fromJudgements, look, remove };
})();

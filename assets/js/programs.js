/* system: how programs ask the same service, with a request that runs as it stands. */
pagelens.systemSections.push(() => {
  const { h, put, state, on, api } = pagelens;
  const id = "pl-programs";
  const sample = h("div", { class: "pl-stack pl-copies" });
  async function load() {
    const collection = state.collection;
    if (!collection) return put(sample);
    const examples = (state.details && state.details.samples) || [];
    const wanted = {
      query: examples[0] || "What is this about?",
      collection,
      pipeline: state.pipeline || "two-stage",
      filter: "",
      k: 5,
    };
    const copies = await api.post("/copies", { ...wanted, address: location.origin }).catch(() => []);
    if (collection !== state.collection) return;
    put(
      sample,
      ...copies.map((copy) =>
        h(
          "section",
          { "aria-label": copy.name },
          h("h3", { text: copy.name }),
          h("pre", { class: "pl-copy", tabindex: "0" }, h("code", { text: copy.text })),
          copy.note ? h("p", { class: "pl-muted", text: copy.note }) : null,
        ),
      ),
    );
  }
  on("details", load);
  load();
  return h(
    "section",
    { class: "pl-card pl-stack", id, "aria-labelledby": `${id}-title` },
    h("div", { class: "pl-system-head" }, h("h2", { id: `${id}-title`, text: "For programs" })),
    h(
      "p",
      {},
      "Every answer of these tabs is also to be had as JSON: ",
      h("a", { href: "api/v1/docs", target: "_blank", rel: "noopener", text: "the HTTP API" }),
      ". Assistants get read-only tools by pagelens mcp, or at /mcp of a server started with --mcp.",
    ),
    sample,
  );
});

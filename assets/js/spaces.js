/* spaces: the encoders of a collection and their indexes: what each holds, what is missing, adding and removing. */
(() => {
  "use strict";
  const { h, icon, fmt, state, emit, api, refresh, loadOverview, dialog, notify } = pagelens;

  let inspecting = false;
  function inspect(c) {
    const count = c.spaces.length;
    return h(
      "details",
      {
        class: "pl-inspect",
        open: inspecting,
        ontoggle: (event) => {
          inspecting = event.target.open;
        },
      },
      h("summary", {
        text: `Encoders and indexes: ${fmt.plural(count, "encoder")}, ${fmt
          .plural(
            c.spaces.reduce((n, x) => n + x.indexes.length, 0),
            "index",
          )
          .replace("indexs", "indexes")}`,
      }),
      h(
        "div",
        { class: "pl-spaces" },
        c.spaces.map((space) => spaceOf(c, space)),
        h(
          "div",
          { class: "pl-row" },
          h("button", { type: "button", class: "pl-button", onclick: addEncoder }, icon("plus"), "Add an encoder"),
        ),
      ),
    );
  }
  function spaceOf(c, space) {
    const left = space.missing
      ? h("button", {
          type: "button",
          class: "pl-button pl-small pl-primary",
          onclick: () => embed(space.encoder),
          text: `Embed ${fmt.plural(space.missing, "page")}`,
        })
      : null;
    const facts = [
      pagelens.models.kinds[space.kind] || space.kind,
      `${fmt.count(space.dim)} numbers a vector`,
      `${fmt.count(space.pages)} of ${fmt.plural(c.pages, "page")}`,
      space.failed ? `failed on ${fmt.plural(space.failed, "page")}` : null,
      fmt.bytes(space.bytes),
    ];
    return h(
      "section",
      { class: "pl-space", "data-space": space.encoder },
      h(
        "div",
        { class: "pl-space-head" },
        h("h4", {}, h("code", { text: space.encoder })),
        space.primary ? h("span", { class: "pl-badge", text: "first" }) : null,
        h(
          "div",
          { class: "pl-row" },
          left,
          space.kind === "page"
            ? null
            : h("button", {
                type: "button",
                class: "pl-button pl-small",
                onclick: () => addIndex(space),
                text: "Add an index",
              }),
          space.primary
            ? null
            : h(
                "button",
                {
                  type: "button",
                  class: "pl-quiet",
                  "aria-label": `Remove ${space.encoder} from this collection`,
                  title: "Remove this encoder",
                  onclick: () => removeEncoder(space),
                },
                icon("trash"),
              ),
        ),
      ),
      h(
        "p",
        { class: "pl-facts" },
        facts.filter(Boolean).map((t) => h("span", { text: t })),
      ),
      h(
        "div",
        { class: "pl-scroll" },
        h(
          "table",
          { class: "pl-table pl-indexes" },
          h(
            "thead",
            {},
            h(
              "tr",
              {},
              ["Index", "Vectors", "per page", "Type", "Size", "per page"].map((t, i) =>
                h("th", { scope: "col", class: i ? "pl-num" : "", text: t }),
              ),
            ),
          ),
          h(
            "tbody",
            {},
            space.indexes.map((x) =>
              h(
                "tr",
                {},
                h("th", { scope: "row" }, h("code", { text: x.name })),
                [
                  fmt.count(x.vectors),
                  (x.vectors / Math.max(1, x.pages)).toFixed(1),
                  x.dtype,
                  fmt.bytes(x.bytes),
                  fmt.bytes(x.bytes / Math.max(1, x.pages)),
                ].map((t) => h("td", { class: "pl-num", text: t })),
              ),
            ),
          ),
        ),
      ),
    );
  }
  async function addEncoder() {
    const c = state.details.collection;
    try {
      const choice = await pagelens.models.picker(
        "",
        c.spaces.map((x) => x.encoder),
      );
      const encoder = await dialog({
        title: `Add an encoder to ${c.name}`,
        confirm: "Embed all pages",
        wide: true,
        read: choice.value,
        body: h(
          "div",
          { class: "pl-form" },
          h("p", {
            class: "pl-muted",
            text: "The stored page pictures and words are embedded; your files are not read again. Pipelines then name it with an @, as in rows@ID:256 > full:10.",
          }),
          choice.node,
        ),
      });
      if (encoder) await embed(encoder);
    } catch (error) {
      notify(error.message, "error");
    }
  }
  async function embed(encoder) {
    try {
      await api.post(api.collection(state.collection, "/embed"), { encoder });
      emit("watch-jobs");
    } catch (error) {
      notify(error.message, "error");
    }
  }
  async function removeEncoder(space) {
    const sure = await dialog({
      title: `Remove ${space.encoder}?`,
      confirm: "Remove it",
      danger: true,
      body: h("p", {
        text: `Its vectors (${fmt.bytes(space.bytes)}) leave the collection ${state.collection}. Pages, pictures and the other encoders stay.`,
      }),
    });
    if (!sure) return;
    try {
      await api.remove(api.collection(state.collection, `/encoders/${api.part(space.encoder)}`));
      await loadOverview();
      await refresh();
    } catch (error) {
      notify(error.message, "error");
    }
  }
  async function addIndex(space) {
    const left = state.overview.indexes.filter((x) => !space.indexes.some((y) => y.name === x.name));
    const name = h("input", {
      class: "pl-input pl-code",
      required: true,
      list: "pl-index-names",
      placeholder: "columns",
      id: "pl-index-name",
      spellcheck: "false",
      autocomplete: "off",
    });
    const about = h("p", { class: "pl-muted", "aria-live": "polite" });
    name.addEventListener("input", () => {
      const found = left.find((x) => x.name === name.value.split("[")[0].trim());
      about.textContent = found ? found.summary : "";
    });
    const chosen = await dialog({
      title: `Add an index of ${space.encoder}`,
      confirm: "Add it",
      read: () => name.value.trim(),
      body: h(
        "div",
        { class: "pl-form" },
        h("label", {}, h("span", { text: "Index" }), name),
        h(
          "datalist",
          { id: "pl-index-names" },
          left.map((x) => h("option", { value: x.name, label: x.summary })),
        ),
        about,
        h("p", { class: "pl-muted", text: "It is computed from the stored vectors; no page is encoded again." }),
      ),
    });
    if (!chosen) return;
    try {
      await api.post(api.collection(state.collection, "/index"), { encoder: space.encoder, index: chosen });
      emit("watch-jobs");
    } catch (error) {
      notify(error.message, "error");
    }
  }

  pagelens.spaces = { inspect };
})();

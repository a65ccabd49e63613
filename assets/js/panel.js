/* panel: beside an open page: which words the heat shows and how, what a first stage saw, the score as a ledger, the
   regions that won it, and the page's text. */
(() => {
  "use strict";
  const { h, put, icon, fmt, state } = pagelens;
  const heat = pagelens.heat;

  /* ``view`` tells what is open and draws it; see the viewer. */
  function panel(root, view) {
    const { look, keep } = view;
    const { highlight, reveal } = view.marks;
    const legend = h("div", { class: "pl-legend" });
    let tokenRow = null;
    let rows = [];

    function paintLegend() {
      if (!view.combined()) return;
      put(
        legend,
        h("span", { class: "pl-num", text: view.combined().low.toFixed(2) }),
        h("i", { style: { background: heat.gradient(look.colour) } }),
        h("span", { class: "pl-num", text: view.combined().high.toFixed(2) }),
      );
    }
    const chips = () => {
      const why = view.why();
      return h(
        "div",
        { class: "pl-chips pl-tokens", role: "group", "aria-label": "Query words that the heat shows" },
        h("button", {
          type: "button",
          class: "pl-chip",
          "aria-pressed": look.chosen.length ? "false" : "true",
          onclick: () => choose([]),
          text: "All",
        }),
        why.tokens.map((label, t) =>
          h("button", {
            type: "button",
            class: "pl-chip",
            "data-token": t,
            "aria-pressed": look.chosen.includes(t) ? "true" : "false",
            onclick: () => toggle(t),
            text: label,
          }),
        ),
      );
    };
    function choose(list) {
      look.chosen = list;
      const next = chips();
      const had =
        document.activeElement && tokenRow.contains(document.activeElement)
          ? [...tokenRow.children].indexOf(document.activeElement)
          : -1;
      tokenRow.replaceWith(next);
      tokenRow = next;
      if (had >= 0 && next.children[had]) next.children[had].focus();
      view.draw();
      paintRows();
      pagelens.writeLink();
    }
    const toggle = (t) => choose(look.chosen.includes(t) ? look.chosen.filter((x) => x !== t) : [...look.chosen, t]);
    function paintRows() {
      rows.forEach(({ node, row }) =>
        node.classList.toggle("pl-off", look.chosen.length > 0 && !look.chosen.includes(row.token)),
      );
    }
    const segments = (label, name, options, value, change) =>
      h(
        "div",
        { class: "pl-segments", role: "radiogroup", "aria-label": label },
        options.map(([key, text, hint]) =>
          h(
            "label",
            { title: hint || null },
            h("input", { type: "radio", name, value: key, checked: key === value, onchange: () => change(key) }),
            h("span", { text }),
          ),
        ),
      );

    function paint(waiting, problem) {
      const page = view.page(),
        why = view.why();
      if (!why) put(root, pending(waiting, problem), pageText(page, !waiting));
      else
        put(
          root,
          heatSection(why),
          view.spaces().length > 1 ? encoderSection(why) : null,
          state.query && !state.parts.length ? pagelens.judgedPage(page) : null,
          pooledSection(why),
          ledgerSection(why),
          why.regions.length ? regionSection(why) : null,
          sawSection(page, why),
          pageText(page, false),
        );
      if (why) paintRows();
    }
    function pageText(page, open) {
      return h(
        "section",
        { class: "pl-section" },
        h(
          "details",
          { open },
          h(
            "summary",
            {},
            h("h3", { text: "Page text" }),
            h("span", {
              class: "pl-muted",
              text:
                { text: "text layer", ocr: "read by OCR", mixed: "text layer and OCR", none: "none" }[page.source] ||
                page.source,
            }),
          ),
          h("pre", {
            class: "pl-text",
            id: "pl-page-text",
            tabindex: "0",
            text: page.text || "No words were found on this page.",
          }),
        ),
      );
    }
    function pending(waiting, problem) {
      const note = problem
        ? h("p", { class: "pl-error", role: "alert", text: problem })
        : waiting
          ? h(
              "p",
              { class: "pl-muted" },
              h("span", { class: "pl-spinner" }),
              "Comparing the query with every vector of this page",
            )
          : h(
              "div",
              {},
              h("p", { text: "Search for something to see which parts of this page answer it." }),
              h("button", {
                type: "button",
                class: "pl-button",
                onclick: () => {
                  pagelens.showTab("search");
                  setTimeout(() => pagelens.emit("focus-query"), 80);
                },
                text: "Search",
              }),
            );
      return h("section", { class: "pl-section" }, h("h3", { text: waiting ? "Heat" : "Nothing searched" }), note);
    }
    function heatSection(why) {
      tokenRow = chips();
      const shown = h("input", {
        type: "checkbox",
        id: "pl-heat-on",
        checked: look.on,
        onchange: () => {
          look.on = shown.checked;
          view.draw();
        },
      });
      const opacity = h("input", {
        type: "range",
        min: 0.1,
        max: 1,
        step: 0.05,
        value: look.opacity,
        "aria-label": "Opacity",
        oninput: () => {
          look.opacity = Number(opacity.value);
          keep();
          view.draw();
        },
      });
      const scale = h(
        "select",
        {
          class: "pl-select",
          "aria-label": "Colour scale",
          onchange: () => {
            look.colour = scale.value;
            keep();
            view.draw();
          },
        },
        Object.keys(heat.looks().colours).map((name) => h("option", { value: name, text: name })),
      );
      scale.value = look.colour;
      return h(
        "section",
        { class: "pl-section" },
        h(
          "div",
          { class: "pl-section-head" },
          h("h3", { text: "Heat" }),
          h("label", { class: "pl-switch" }, shown, h("span", { text: "On" })),
        ),
        h("p", { class: "pl-view-query", text: why.query }),
        tokenRow,
        why.tokens_left_out
          ? h("p", { class: "pl-muted", text: `${why.tokens_left_out} query words that matter least are left out.` })
          : null,
        h(
          "div",
          { class: "pl-look" },
          h("label", {}, h("span", { text: "Opacity" }), opacity),
          h("label", {}, h("span", { text: "Colours" }), scale),
          segments(
            "How several words are joined",
            "pl-how",
            [
              [
                "mean",
                "All words",
                "The mean similarity over the words, rare ones counting more: its hottest place lies in boxed evidence most often",
              ],
              ["max", "Any word", "The highest similarity to one of the words, rare ones counting more"],
            ],
            look.join,
            (key) => {
              look.join = key;
              keep();
              view.draw();
            },
          ),
          segments(
            "Range of the colours",
            "pl-mode",
            [
              ["page", "This page", "From the middle value of this page to its highest"],
              ["shared", "Same on all pages", "One fixed range, so that pages can be compared"],
            ],
            look.range,
            (key) => {
              look.range = key;
              keep();
              view.draw();
            },
          ),
        ),
        legend,
      );
    }
    function encoderSection(why) {
      return h(
        "section",
        { class: "pl-section" },
        h("h3", { text: "Encoder" }),
        segments(
          "Encoder whose vectors explain the page",
          "pl-space",
          view.spaces().map((x) => [x.encoder, x.encoder]),
          why.encoder,
          (encoder) => {
            look.encoder = encoder;
            look.chosen = [];
            pagelens.emit("open", state.open);
          },
        ),
      );
    }
    function pooledSection(why) {
      const saw = h("p", { class: "pl-muted pl-saw", "aria-live": "polite" });
      const paintSaw = () => {
        const p = view.pooled();
        saw.textContent = p
          ? `${p.index} keeps ${fmt.plural(p.similarities.shape[1], "vector")} of this page's ${fmt.count(why.similarities.shape[1])}: ${fmt.score(p.score)} there (approximate), ${fmt.score(why.score)} with all (exact).`
          : "What a first stage sees is coarser: choose one to draw its cells over the page.";
      };
      paintSaw();
      return h(
        "section",
        { class: "pl-section" },
        h("h3", { text: "What stage 1 saw" }),
        segments(
          "Index drawn over the page",
          "pl-pooled",
          [["", "every vector"], ...why.pooled.map((p) => [p.index, p.index])],
          look.pooled,
          (key) => {
            look.pooled = key;
            highlight(null);
            view.draw();
            paintSaw();
          },
        ),
        saw,
      );
    }
    function ledgerSection(why) {
      const total = why.ledger.reduce((most, row) => Math.max(most, row.share), 0) || 1;
      rows = why.ledger.map((row) => {
        const place = row.box[2] > row.box[0] ? row.box : null; // a token of the model's prompt has none
        const node = h(
          "tr",
          {
            tabindex: "0",
            "data-token": row.token,
            onmouseenter: () => highlight(place),
            onmouseleave: () => highlight(null),
            onfocus: () => highlight(place),
            onblur: () => highlight(null),
            onclick: () => {
              choose([row.token]);
              if (place) reveal(place);
            },
            onkeydown: (event) => {
              if (event.key === "Enter") {
                choose([row.token]);
                if (place) reveal(place);
              }
            },
          },
          h("th", { scope: "row", text: row.label }),
          h("td", { class: "pl-num pl-muted", text: row.weight.toFixed(2) }),
          h("td", {
            class: "pl-best",
            text: row.text || (row.vector >= 0 ? `vector ${row.vector + 1}` : "–"),
            title: row.text,
          }),
          h("td", { class: "pl-num", text: row.similarity.toFixed(2) }),
          h("td", { class: "pl-num", text: row.contribution.toFixed(2) }),
          h(
            "td",
            { class: "pl-share" },
            h("span", { class: "pl-share-bar", style: { "--share": Math.max(0, row.share / total) } }),
            h("span", { class: "pl-num", text: `${Math.round(row.share * 100)}%` }),
          ),
        );
        return { node, row };
      });
      return h(
        "section",
        { class: "pl-section" },
        h(
          "div",
          { class: "pl-section-head" },
          h("h3", { text: "Score, word by word" }),
          h(
            "span",
            { class: "pl-total" },
            h("b", { class: "pl-num", text: fmt.score(why.score) }),
            h("span", { class: "pl-badge pl-exact", text: "exact" }),
          ),
        ),
        h(
          "div",
          { class: "pl-scroll" },
          h(
            "table",
            { class: "pl-table pl-ledger", id: "pl-ledger" },
            h(
              "thead",
              {},
              h(
                "tr",
                {},
                [
                  ["Query", ""],
                  ["Weight", "pl-num"],
                  ["Best on page", ""],
                  ["Sim.", "pl-num"],
                  ["Adds", "pl-num"],
                  ["Share", ""],
                ].map(([t, c]) => h("th", { scope: "col", class: c, text: t })),
              ),
            ),
            h(
              "tbody",
              {},
              rows.map((r) => r.node),
            ),
            h(
              "tfoot",
              {},
              h(
                "tr",
                {},
                h("th", { scope: "row", colspan: "4", text: "Score: the sum" }),
                h("td", { class: "pl-num", text: fmt.score(why.score) }),
                h("td"),
              ),
            ),
          ),
        ),
        h("p", {
          class: "pl-muted",
          text: "Each query word takes its most similar place on the page; weight times similarity is what it adds.",
        }),
      );
    }
    function regionSection(why) {
      return h(
        "section",
        { class: "pl-section" },
        h(
          "div",
          { class: "pl-section-head" },
          h("h3", { text: "Where the score was won" }),
          h("span", { class: "pl-muted", text: "share of the page's" }),
        ),
        h(
          "ol",
          { class: "pl-regions" },
          why.regions.map((r) =>
            h(
              "li",
              {},
              h(
                "button",
                {
                  type: "button",
                  class: "pl-region",
                  onmouseenter: () => highlight(r.box),
                  onmouseleave: () => highlight(null),
                  onfocus: () => highlight(r.box),
                  onblur: () => highlight(null),
                  onclick: () => reveal(r.box),
                },
                h("span", { class: "pl-num", text: `${Math.round(r.share * 100)}%` }),
                h("span", {}, h("span", { class: "pl-badge", text: r.kind }), ` ${r.text || "(no text)"}`),
              ),
              h(
                "button",
                {
                  type: "button",
                  class: "pl-quiet",
                  title: "Search for pages like this part",
                  "aria-label": `Search for pages like this part: ${(r.text || r.kind).slice(0, 60)}`,
                  onclick: () => view.region(r.box),
                },
                icon("search"),
              ),
              h(
                "button",
                {
                  type: "button",
                  class: "pl-quiet",
                  title: "Copy as evidence: text, page and box",
                  "aria-label": `Copy as evidence: ${(r.text || r.kind).slice(0, 60)}`,
                  onclick: () => pagelens.keeping.copy(quote(r)),
                },
                icon("copy"),
              ),
            ),
          ),
        ),
      );
    }
    /* A region to hand on: where it stands, so that it can be found again, and its text. */
    function quote(region) {
      const page = view.page();
      const box = region.box.map((x) => x.toFixed(3)).join(",");
      return `[${page.document}#page=${page.page} box=${box}]\n${region.text || `(${region.kind} without text)`}\n`;
    }
    const sawSection = (page, why) =>
      pagelens.saw({
        page,
        why,
        kind: (view.spaces().find((x) => x.encoder === why.encoder) || {}).kind,
        marks: view.marks.marks,
        mark: view.marks.mark,
        reveal,
        highlight,
      });

    return { paint, choose, legend: paintLegend };
  }

  pagelens.panel = panel;
})();

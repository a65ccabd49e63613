/* audit: pages to look at twice, with the evidence, and what is kept out of search. */
(() => {
  "use strict";
  const { h, put, fmt, state, api, dialog, notify, openPage, parseRef } = pagelens;
  const share = (part) => `${Math.round(part * 100)} %`;

  /* `changed(quarantine)` hears what is in quarantine once that has changed; `run` starts the audit. */
  pagelens.audit = function ({ changed, run }) {
    const report = h("div", { class: "pl-stack" }),
      away = h("div", { class: "pl-stack" });
    let found = null,
      listed = [];
    const node = h(
      "section",
      { class: "pl-card pl-stack", id: "pl-audit", "aria-labelledby": "pl-audit-title" },
      h(
        "div",
        { class: "pl-system-head" },
        h("h2", { id: "pl-audit-title", text: "Suspicious pages" }),
        h("button", { type: "button", class: "pl-button", id: "pl-run-audit", onclick: run, text: "Look for them" }),
      ),
      report,
      away,
    );

    const link = (text) => {
      const ref = parseRef(text);
      return ref
        ? h("button", { type: "button", class: "pl-link", title: `Open ${text}`, onclick: () => openPage(ref), text })
        : h("span", { text });
    };
    const isAway = (text) => {
      const ref = parseRef(text);
      return listed.some((one) => ref && one.document === ref.document && (one.number === ref.page || one.number === 0));
    };
    function act(text, why) {
      if (isAway(text)) return h("span", { class: "pl-badge", text: "in quarantine" });
      return h("button", {
        type: "button",
        class: "pl-button pl-small",
        "aria-label": `Quarantine ${text}`,
        onclick: () => putAway({ page: text, reason: why }, text),
        text: "Quarantine",
      });
    }
    const quarantine = () => api.collection(state.collection, "/quarantine");
    const putAway = (body, what) =>
      change(api.post(quarantine(), body), `${what} is kept out of search; nothing is deleted.`);
    async function change(answer, said) {
      try {
        changed(await answer);
        notify(said);
      } catch (error) {
        notify(error.message, "error");
      }
    }

    /* --- what an audit found -------------------------------------------------------------------------------------- */
    function suspect(one) {
      const what = one.optimised ? "vectors look optimised" : "a hub";
      const evidence = [
        `Found by ${one.count} of ${found.probes} unrelated questions, ${one.z.toFixed(1)} standard deviations above chance.`,
        `Its floor is ${one.floor.toFixed(2)}: near 0 for a natural page, above 2 for one that nearly every question finds.`,
        `Its best 8 vectors win ${share(one.share)} of all words; those of an ordinary page ${share(found.typical)}.`,
      ];
      return h(
        "li",
        { class: "pl-suspect", "data-page": one.page },
        h(
          "div",
          { class: "pl-system-head" },
          h(
            "span",
            { class: "pl-row" },
            link(one.page),
            h("span", { class: one.optimised ? "pl-badge pl-badge-bad" : "pl-badge", text: what }),
          ),
          act(one.page, `${what}: found by ${one.count} of ${found.probes} unrelated questions`),
        ),
        h("p", { class: "pl-muted", text: evidence.join(" ") }),
        one.found.length
          ? h(
              "details",
              {},
              h("summary", { text: "Questions that found it" }),
              h(
                "ul",
                { class: "pl-finders" },
                one.found.map((finding) =>
                  h(
                    "li",
                    {},
                    h("span", { class: "pl-num", text: `rank ${finding.rank}` }),
                    h("span", { text: finding.query }),
                  ),
                ),
              ),
            )
          : null,
      );
    }
    function copies() {
      return h(
        "div",
        { class: "pl-scroll", tabindex: "0", role: "region", "aria-label": "Copies" },
        h(
          "table",
          { class: "pl-table", id: "pl-copies" },
          h("caption", { class: "pl-sr", text: "Pages that look and read alike" }),
          h(
            "thead",
            {},
            h(
              "tr",
              {},
              ["Page", "Looks and reads like", "Cosine", ""].map((text, i) =>
                text || i < 3 ? h("th", { scope: "col", class: i === 2 ? "pl-num" : "", text }) : h("td"),
              ),
            ),
          ),
          h(
            "tbody",
            {},
            found.copies.map((pair) =>
              h(
                "tr",
                {},
                h("th", { scope: "row" }, link(pair.page)),
                h("td", {}, link(pair.of)),
                h("td", { class: "pl-num", text: pair.cosine.toFixed(3) }),
                h("td", { class: "pl-act" }, act(pair.page, `a copy of ${pair.of}`)),
              ),
            ),
          ),
        ),
      );
    }
    function draw() {
      if (!found)
        put(
          report,
          h("p", {
            class: "pl-muted",
            text: "Questions that have nothing to do with the pages are asked of all of them. A page that many find is a hub, or made to be found; two pages that look and read alike are copies. It takes some seconds.",
          }),
        );
      else
        put(
          report,
          h("p", {
            class: "pl-muted",
            id: "pl-audit-facts",
            text: `${fmt.date(found.made)}: ${found.probes} unrelated questions to ${fmt.plural(found.pages, "page")} by ${found.index} of ${found.encoder}; skewness of the pages' counts ${found.skewness.toFixed(2)}.`,
          }),
          found.suspects.length
            ? h("ul", { class: "pl-suspects", "aria-label": "Suspicious pages" }, found.suspects.map(suspect))
            : h("p", { text: "No page is found by unrelated questions more than chance explains." }),
          h("h3", { text: "Copies" }),
          found.copies.length ? copies() : h("p", { text: "No two pages look and read alike." }),
        );
      put(
        away,
        h(
          "div",
          { class: "pl-system-head" },
          h("h3", { text: "In quarantine" }),
          h("button", {
            type: "button",
            class: "pl-button pl-small",
            id: "pl-quarantine",
            onclick: name,
            text: "Put a page or document away…",
          }),
        ),
        listed.length
          ? h("ul", { class: "pl-away", id: "pl-away" }, listed.map(kept))
          : h("p", {
              class: "pl-muted",
              text: "Nothing. What is put away is found by no search until it is released; nothing is deleted.",
            }),
      );
    }
    function kept(one) {
      return h(
        "li",
        { "data-what": one.page },
        h(
          "span",
          { class: "pl-away-what" },
          one.number ? link(one.page) : h("span", { class: "pl-strong", text: `${one.page}, all of it` }),
          h("span", {
            class: "pl-muted",
            text: [`since ${fmt.date(one.since)}`, one.reason].filter(Boolean).join(": "),
          }),
        ),
        h("button", {
          type: "button",
          class: "pl-button pl-small",
          "aria-label": `Release ${one.page}`,
          onclick: () =>
            change(
              api.remove(quarantine(), one.number ? { page: one.page } : { document: one.document }),
              `${one.page} can be found again.`,
            ),
          text: "Release",
        }),
      );
    }
    /* --- by name -------------------------------------------------------------------------------------------------- */
    async function name() {
      const documents = (state.details && state.details.documents) || [];
      const which = h(
        "select",
        { class: "pl-select", id: "pl-quarantine-document" },
        documents.map((one) => h("option", { value: one.name, text: one.name })),
      );
      const page = h("input", {
        class: "pl-input pl-short",
        id: "pl-quarantine-page",
        type: "number",
        min: 1,
        placeholder: "all",
      });
      const reason = h("input", { class: "pl-input", id: "pl-quarantine-reason", maxlength: 500 });
      const wanted = await dialog({
        title: "Keep out of search",
        confirm: "Put it away",
        body: h(
          "div",
          { class: "pl-form" },
          h("label", {}, h("span", { text: "Document" }), which),
          h("label", {}, h("span", { text: "Page (all pages if empty)" }), page),
          h("label", {}, h("span", { text: "Reason, for whoever asks later" }), reason),
        ),
        read: () => ({ document: which.value, number: Number(page.value) || 0, reason: reason.value }),
      });
      if (!wanted || !wanted.document) return;
      const { document, number, reason: why } = wanted;
      if (number) putAway({ page: `${document}#page=${number}`, reason: why }, `${document}#page=${number}`);
      else putAway({ document, reason: why }, `All of ${document}`);
    }
    return {
      node,
      paint(audit, quarantine) {
        found = audit;
        listed = quarantine;
        draw();
      },
    };
  };
})();

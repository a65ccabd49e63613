/* parts: what a query holds beside its text: more texts, pictures, regions of pages, and pages marked good or bad. */
(() => {
  "use strict";
  const { h, put, icon, state, call } = pagelens;

  const PICTURES = "api/v1/pictures";
  const pictureUrl = (part) => {
    const repairs = (part.repairs || []).map((step) => `repairs=${encodeURIComponent(step)}`).join("&");
    return `${PICTURES}/${encodeURIComponent(part.picture)}${repairs ? `?${repairs}` : ""}`;
  };
  const place = (part) => pagelens.parseRef(part.page) || { document: part.page, page: 1 };
  const thumb = (ref) => pagelens.imageUrl(ref.document, ref.page, "", "thumb");

  /* The part of a page's thumbnail that a box shows, by scaling the whole behind a small window. */
  function crop(part) {
    const [x0, y0, x1, y1] = part.box;
    const across = (from, size) => (size >= 1 ? 0 : (from / (1 - size)) * 100);
    return h("span", {
      class: "pl-part-picture",
      "aria-hidden": "true",
      style: {
        "background-image": `url("${thumb(place(part))}")`,
        "background-size": `${100 / (x1 - x0)}% ${100 / (y1 - y0)}%`,
        "background-position": `${across(x0, x1 - x0)}% ${across(y0, y1 - y0)}%`,
      },
    });
  }
  function picture(part) {
    if (part.kind === "region") return crop(part);
    if (part.kind !== "picture") return null;
    return h("span", {
      class: "pl-part-picture",
      "aria-hidden": "true",
      style: { "background-image": `url("${pictureUrl(part)}")`, "background-size": "cover" },
    });
  }
  const names = {
    text: (part) => part.text,
    picture: (part) => (part.repairs && part.repairs.length ? `picture, ${part.repairs.join(", ")}` : "picture"),
    region: (part) => `part of ${place(part).document}, page ${place(part).page}`,
    mark: (part) => `${place(part).document}, page ${place(part).page}`,
  };
  const label = (part) => (names[part.kind] || (() => part.kind))(part);
  const sign = (part) => {
    if (part.weight < 0) return part.kind === "mark" ? "unlike" : "not";
    return part.kind === "text" ? "also" : "like";
  };

  /* All pages marked good share one weight, and all marked bad another, so that the mean of each counts (Rocchio). */
  function mark(ref, good) {
    const page = `${ref.document}#page=${ref.page}`;
    const marks = state.parts.filter((part) => part.kind === "mark");
    const was = marks.find((part) => part.page === page);
    const rest = marks.filter((part) => part.page !== page).map((part) => [part.page, part.weight > 0]);
    if (!was || was.weight > 0 !== good) rest.push([page, good]);
    setMarks(rest);
  }
  function setMarks(marks) {
    const { good, bad } = state.overview.weights;
    const of = (kind) => marks.filter(([, liked]) => liked === kind).length;
    state.parts = [
      ...state.parts.filter((part) => part.kind !== "mark"),
      ...marks.map(([page, liked]) => ({ kind: "mark", page, weight: liked ? good / of(true) : -bad / of(false) })),
    ];
  }
  const marked = (ref) => {
    const found = state.parts.find((p) => p.kind === "mark" && p.page === `${ref.document}#page=${ref.page}`);
    return found ? (found.weight > 0 ? "good" : "bad") : "";
  };

  async function keepPicture(file) {
    const answer = await fetch(PICTURES, {
      method: "POST",
      headers: { "Content-Type": "application/octet-stream" },
      body: file,
    });
    const data = await answer.json().catch(() => ({ error: "The server's answer cannot be read." }));
    if (!answer.ok) throw new Error(data.error || "The picture could not be kept.");
    return data.picture;
  }

  /* Steps that can always be tried, beside those that looking at the picture proposes. */
  const TRIED = [
    ["rotate:90", "Turn it right."],
    ["rotate:180", "Turn it upside down."],
    ["rotate:270", "Turn it left."],
    ["denoise", "Take out speckles."],
    ["sharpen", "Make edges crisp."],
  ];
  /* What repairs would do to a picture, before and after; resolves to the accepted steps or null. Looking for what might
     be wrong reads the picture, which takes seconds, so those steps come when they are found. */
  function repairs(part) {
    let chosen = [...(part.repairs || [])];
    let offered = [...chosen.map((step) => [step, ""]), ...TRIED.filter(([step]) => !chosen.includes(step))];
    const picture = (alt, steps) =>
      h("img", { class: "pl-repair-picture", alt, src: pictureUrl({ ...part, repairs: steps }) });
    const after = picture("As it would be searched", chosen);
    const steps = h("div", { class: "pl-repair-steps", role: "group", "aria-label": "Repairs" });
    const looking = h(
      "p",
      { class: "pl-muted", role: "status" },
      h("span", { class: "pl-spinner", "aria-hidden": "true" }),
      "Looking for what might be wrong with it",
    );
    const choice = ([step, reason, found]) =>
      h(
        "label",
        { class: "pl-check" },
        h("input", {
          type: "checkbox",
          checked: chosen.includes(step),
          onchange: (event) => {
            const on = new Set(chosen);
            if (event.target.checked) on.add(step);
            else on.delete(step);
            chosen = offered.map(([one]) => one).filter((one) => on.has(one));
            after.src = pictureUrl({ ...part, repairs: chosen });
          },
        }),
        h(
          "span",
          {},
          h("code", { text: step }),
          ` ${reason} `,
          found ? h("span", { class: "pl-badge", text: "proposed" }) : null,
        ),
      );
    const repaint = () => put(steps, ...offered.map(choice));
    repaint();
    call("repair_preview", { picture: part.picture }).then(
      ({ proposed }) => {
        const fresh = proposed.filter((p) => !chosen.includes(p.step));
        const known = new Set(fresh.map((p) => p.step));
        offered = [...fresh.map((p) => [p.step, p.reason, true]), ...offered.filter(([step]) => !known.has(step))];
        put(looking, proposed.length ? "" : "Nothing seems to be wrong with it.");
        repaint();
      },
      (error) => put(looking, error.message),
    );
    const figure = (image, caption) => h("figure", {}, image, h("figcaption", { text: caption }));
    return pagelens.dialog({
      title: "Repair the picture",
      wide: true,
      confirm: "Use this picture",
      body: h(
        "div",
        {},
        h("p", {
          class: "pl-muted",
          text: "Blind repair made searches worse in published tests, so nothing is changed unless you choose it here.",
        }),
        h(
          "div",
          { class: "pl-repair" },
          figure(picture("As uploaded", []), "As uploaded"),
          figure(after, "As it would be searched"),
        ),
        looking,
        steps,
      ),
      read: () => chosen,
    });
  }

  /* The row under the query: buttons that add a part, and a chip for each part there is. ``changed`` asks again. */
  function row(changed) {
    const file = h("input", {
      type: "file",
      accept: "image/*",
      class: "pl-sr",
      tabindex: "-1",
      "aria-label": "Picture to search with",
      id: "pl-picture",
    });
    const chips = h("div", { class: "pl-query-parts", role: "list", "aria-label": "Parts of the query" });
    const also = adder("Also", "And this text", 1);
    const not = adder("Not", "But not this text", -1);
    const buttons = h(
      "div",
      { class: "pl-part-tools", role: "group", "aria-label": "Add to the query" },
      h(
        "button",
        {
          type: "button",
          class: "pl-chip",
          title: "Search by a picture; or drop or paste one here",
          onclick: () => file.click(),
        },
        icon("upload"),
        "Picture",
      ),
      also,
      not,
      file,
    );
    file.addEventListener("change", () => add([...file.files]).then(() => (file.value = "")));

    function adder(name, title, direction) {
      const input = h("input", {
        class: "pl-input pl-part-text",
        "aria-label": title,
        placeholder: title.toLowerCase(),
        hidden: true,
      });
      const open = h("button", {
        type: "button",
        class: "pl-chip",
        title,
        "aria-expanded": "false",
        onclick: () => {
          input.hidden = !input.hidden;
          open.setAttribute("aria-expanded", String(!input.hidden));
          if (!input.hidden) input.focus();
        },
        text: direction > 0 ? `+ ${name}` : `− ${name}`,
      });
      input.addEventListener("keydown", (event) => {
        if (event.key === "Escape") open.click();
        if (event.key !== "Enter") return;
        event.preventDefault();
        const text = input.value.trim();
        input.value = "";
        open.click();
        open.focus();
        if (!text) return;
        state.parts = [...state.parts, { kind: "text", text, weight: direction > 0 ? 1 : -state.overview.weights.not }];
        repaint();
        changed();
      });
      return h("span", { class: "pl-part-adder" }, open, input);
    }
    async function add(files) {
      for (const one of files.filter((f) => f.type.startsWith("image/"))) {
        try {
          const kept = await keepPicture(one);
          state.parts = [...state.parts, { kind: "picture", picture: kept, repairs: [], weight: 1 }];
          repaint();
          changed();
        } catch (error) {
          pagelens.notify(error.message, "error");
        }
      }
    }
    function chip(part) {
      const replace = (now) => {
        state.parts = state.parts.flatMap((p) => (p === part ? (now ? [now] : []) : [p]));
        if (part.kind === "mark" && !now)
          setMarks(state.parts.filter((p) => p.kind === "mark").map((p) => [p.page, p.weight > 0]));
        repaint();
        changed();
      };
      const turn = () => replace({ ...part, weight: part.weight > 0 ? -state.overview.weights.not : 1 });
      const what = label(part);
      return h(
        "span",
        {
          class: `pl-query-part pl-${part.weight > 0 ? "wanted" : "unwanted"}`,
          role: "listitem",
          "data-kind": part.kind,
        },
        picture(part),
        part.kind === "mark"
          ? h("span", { class: "pl-part-sign", text: sign(part) })
          : h("button", {
              type: "button",
              class: "pl-part-sign",
              title: "Turn into its opposite",
              "aria-label": `${sign(part)} ${what}: turn into its opposite`,
              onclick: turn,
              text: sign(part),
            }),
        h("span", { class: "pl-part-name", text: what, title: what }),
        part.kind === "picture"
          ? h("button", {
              type: "button",
              class: "pl-part-sign",
              onclick: () =>
                repairs(part).then(
                  (steps) => steps && replace({ ...part, repairs: steps }),
                  (error) => pagelens.notify(error.message, "error"),
                ),
              text: "repair…",
            })
          : null,
        h(
          "button",
          {
            type: "button",
            class: "pl-quiet",
            "aria-label": `Take out ${what}`,
            title: "Take out",
            onclick: () => replace(null),
          },
          icon("close"),
        ),
      );
    }
    function repaint() {
      put(chips, ...state.parts.map(chip));
      chips.hidden = !state.parts.length;
    }
    return { node: h("div", { class: "pl-parts" }, buttons, chips), repaint, add };
  }

  pagelens.parts = { row, mark, marked, setMarks, label };
})();

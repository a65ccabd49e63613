/* Pagelens, the page. Everything a document says reaches the screen through textContent; nothing is ever parsed as HTML.
   core: elements, calls to the server, shared state, permalink, dialogs, keys. */
(() => {
  "use strict";
  const SVG = "http://www.w3.org/2000/svg";

  function fill(node, attributes, children) {
    for (const [key, value] of Object.entries(attributes || {})) {
      if (value === null || value === undefined || value === false) continue;
      if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
      else if (key === "text") node.textContent = value;
      else if (key === "style") for (const [name, part] of Object.entries(value)) node.style.setProperty(name, part);
      else if (key === "value" || key === "checked" || key === "disabled" || key === "hidden" || key === "open")
        node[key] = value;
      else node.setAttribute(key, value === true ? "" : value);
    }
    node.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
    return node;
  }
  const h = (tag, attributes, ...children) => fill(document.createElement(tag), attributes, children);
  const s = (tag, attributes, ...children) => fill(document.createElementNS(SVG, tag), attributes, children);

  /* Puts children in place of what is there; the absent (null, false) are left out, as in h(). */
  const put = (node, ...children) => {
    node.replaceChildren();
    return fill(node, null, children);
  };

  const PATHS = {
    search: "M11 4a7 7 0 1 0 0 14 7 7 0 0 0 0-14Zm5 12 4.5 4.5",
    sun: "M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8Zm0-5v2m0 14v2M3 12h2m14 0h2M5.6 5.6 7 7m10 10 1.4 1.4M5.6 18.4 7 17M17 7l1.4-1.4",
    moon: "M20 14.5A8.5 8.5 0 0 1 9.500 4 8.500 8.500 0 1 0 20 14.500Z",
    left: "m14.500 5-7 7 7 7",
    right: "m9.500 5 7 7-7 7",
    plus: "M12 5v14M5 12h14",
    minus: "M5 12h14",
    fit: "M4 9V4h5m6 0h5v5m0 6v5h-5m-6 0H4v-5",
    close: "m6 6 12 12M18 6 6 18",
    down: "m6 9 6 6 6-6",
    upload: "M12 16V4m-5 5 5-5 5 5M4 16v4h16v-4",
    trash: "M5 7h14M10 7V4h4v3m-7 0 1 13h8l1-13",
    copy: "M9 9h11v11H9V9Zm-5 6V4h11",
    link: "M10 14a4 4 0 0 0 6 .5l3-3a4 4 0 0 0-6-6l-1 1m2 3.500a4 4 0 0 0-6-.5l-3 3a4 4 0 0 0 6 6l1-1",
    file: "M7 3h7l4 4v14H7V3Zm7 0v4h4",
    keys: "M3 7h18v10H3V7Zm3 3h1m3 0h1m3 0h1m3 0h1M8 14h8",
    stop: "M7 7h10v10H7z",
    play: "M8 5.500v13l11-6.500-11-6.500Z",
    back: "M19 12H5m6-6-6 6 6 6",
  };
  const icon = (name) =>
    s(
      "svg",
      { viewBox: "0 0 24 24", class: "pl-icon", "aria-hidden": "true", focusable: "false" },
      s("path", { d: PATHS[name] }),
    );

  const whole = new Intl.NumberFormat("en");
  const fmt = {
    count: (n) => whole.format(n),
    plural: (n, word) => `${whole.format(n)} ${word}${n === 1 ? "" : "s"}`,
    ms: (ms) =>
      ms >= 1000
        ? `${(ms / 1000).toFixed(2)} s`
        : ms >= 100
          ? `${Math.round(ms)} ms`
          : ms >= 10
            ? `${ms.toFixed(1)} ms`
            : `${ms.toFixed(2)} ms`,
    bytes(n) {
      const units = ["B", "kB", "MB", "GB", "TB"];
      let i = 0;
      while (n >= 1000 && i < units.length - 1) {
        n /= 1000;
        i++;
      }
      return `${i && n < 100 ? n.toFixed(1) : Math.round(n)} ${units[i]}`;
    },
    duration(seconds) {
      if (seconds === null || seconds === undefined || !isFinite(seconds)) return "unknown";
      if (seconds < 1) return "under a second";
      if (seconds < 90) return `${Math.round(seconds)} s`;
      if (seconds < 5400) return `${Math.round(seconds / 60)} min`;
      return `${(seconds / 3600).toFixed(1)} h`;
    },
    score: (x) => (Math.abs(x) >= 100 ? x.toFixed(1) : Math.abs(x) >= 0.1 || x === 0 ? x.toFixed(2) : x.toFixed(4)),
    date: (text) => {
      const d = new Date(text);
      return isNaN(d) ? text : d.toLocaleString("en-GB", { dateStyle: "medium", timeStyle: "short" });
    },
  };

  /* --- state: one object, and who wants to know when a part of it changes --------------------------------------- */
  const listeners = new Map();
  const state = {
    overview: null,
    details: null,
    collection: "",
    query: "",
    pipeline: "two-stage",
    filter: "",
    k: 12,
    hits: [],
    open: null,
  };
  let mounting = "";
  const on = (name, listener) => {
    if (!listeners.has(name)) listeners.set(name, []);
    listeners.get(name).push({ part: mounting, listener });
  };
  const emit = (name, value, part = null) => {
    for (const entry of [...(listeners.get(name) || [])])
      if (part === null || entry.part === part) entry.listener(value);
  };

  /* --- the server ------------------------------------------------------------------------------------------------ */
  let server = null;
  async function call(name, request = {}) {
    let answer;
    try {
      answer = await server[name](request);
    } catch {
      throw new Error("The Pagelens server does not answer; is it still running?");
    }
    if (!answer || !answer.ok)
      throw Object.assign(new Error((answer && answer.error) || "The server gave no answer."), {
        missing: !!(answer && answer.missing),
      });
    return answer.data;
  }
  const part = (text) => encodeURIComponent(text).replace(/%2F/g, "/");
  const imageUrl = (document_, page, id, size) =>
    `pages/${encodeURIComponent(state.collection)}/${part(document_)}/${page}.webp?size=${size}&v=${encodeURIComponent(String(id).slice(0, 16))}`;

  /* --- parts: Gradio mounts a tab's when it is first shown, so one may come late and is told what it missed ------- */
  const makers = new Map();
  const mounted = new Set();
  let started = false,
    settled = false;
  function mount(name, context) {
    if (context.server && Object.keys(context.server).length) server = context.server;
    const root = context.element.querySelector(".pl-part") || context.element;
    root.replaceChildren();
    for (const [key, entries] of listeners)
      listeners.set(
        key,
        entries.filter((entry) => entry.part !== name),
      );
    mounting = name;
    makers.get(name)(root, context);
    mounting = "";
    mounted.add(name);
    if (settled) {
      for (const event of ["overview", "collection", "details", "restore"]) emit(event, undefined, name);
      if (state.open) emit("open", state.open, name);
    } else if (!started && server && mounted.has("bar") && mounted.has("search")) {
      started = true;
      start();
    }
  }

  /* --- permalink: ?c=&q=&p=&f=&k=&ref=  (Gradio keeps ?page= for itself) ----------------------------------------------------------------------------- */
  const wanted = new URLSearchParams(location.search);
  function writeLink() {
    const link = new URLSearchParams();
    const add = (key, value, usual) => {
      if (value && String(value) !== String(usual)) link.set(key, value);
    };
    add("c", state.collection);
    add("q", state.query);
    if (state.query) {
      add("p", state.pipeline, "two-stage");
      add("f", state.filter);
      add("k", state.k, 12);
    }
    if (state.open && currentTab() === "page") link.set("ref", `${state.open.document}#page=${state.open.page}`);
    if (wanted.has("__theme")) link.set("__theme", wanted.get("__theme"));
    const text = link.toString();
    history.replaceState(null, "", text ? `?${text}` : location.pathname);
  }
  function parseRef(text) {
    const match = /^([\s\S]+)#page=([1-9]\d*)$/.exec(text || "");
    return match ? { document: match[1], page: Number(match[2]) } : null;
  }

  /* --- tabs --------------------------------------------------------------------------------------------------------- */
  const tabButton = (name) => document.getElementById(`pl-tab-${name}-button`);
  const currentTab = () =>
    ["library", "search", "page", "compare"].find((name) => {
      const b = tabButton(name);
      return b && b.getAttribute("aria-selected") === "true";
    });
  /* Gradio may still be settling on its first tab when a permalink asks for another, so the click is made to hold. */
  function showTab(name, tries = 20) {
    const button = tabButton(name);
    if (button && button.getAttribute("aria-selected") !== "true") button.click();
    setTimeout(() => {
      if (currentTab() !== name && tries > 0) {
        showTab(name, tries - 1);
        return;
      }
      emit("tab", name);
      writeLink();
    }, 40);
  }
  document.addEventListener("click", (event) => {
    const button = event.target.closest && event.target.closest('#pl-tabs button[role="tab"]');
    if (button)
      setTimeout(() => {
        emit("tab", currentTab());
        writeLink();
      }, 30);
  });

  /* --- start -------------------------------------------------------------------------------------------------------- */
  async function start() {
    try {
      await loadOverview();
    } catch (error) {
      notify(error.message, "error");
      return;
    }
    const names = state.overview.collections.map((c) => c.name);
    state.query = wanted.get("q") || "";
    state.pipeline = wanted.get("p") || "two-stage";
    state.filter = wanted.get("f") || "";
    const k = Number(wanted.get("k"));
    if (Number.isInteger(k) && k >= 1 && k <= 200) state.k = k;
    const asked = wanted.get("c");
    if (asked && !names.includes(asked)) notify(`There is no collection “${asked}” here.`, "error");
    await choose(names.includes(asked) ? asked : preferred());
    emit("restore");
    settled = true;
    const ref = parseRef(wanted.get("ref"));
    if (ref) openPage(ref);
    else if (!state.details || !state.details.documents.length) showTab(state.query ? "search" : "library");
    document.documentElement.dataset.pagelens = "ready";
  }
  function preferred() {
    const all = state.overview.collections;
    const full = all.find((c) => c.pages > 0) || all[0];
    return full ? full.name : "documents";
  }
  async function loadOverview() {
    state.overview = await call("overview");
    emit("overview");
  }
  async function choose(name) {
    state.collection = name;
    state.open = null;
    state.hits = [];
    await refresh();
    emit("collection");
    writeLink();
  }
  async function refresh() {
    const known = state.overview.collections.some((c) => c.name === state.collection);
    try {
      state.details = known ? await call("collection_details", { collection: state.collection }) : null;
    } catch (error) {
      state.details = null;
      notify(error.message, "error");
    }
    emit("details");
  }
  function openPage(ref) {
    state.open = { document: ref.document, page: ref.page };
    showTab("page");
    emit("open", state.open);
    writeLink();
  }

  /* --- messages and dialogs ------------------------------------------------------------------------------------------- */
  let toasts = null;
  function notify(text, kind = "info") {
    if (!toasts) {
      toasts = h("div", { class: "pl-toasts", role: "status", "aria-live": "polite" });
      document.body.append(toasts);
    }
    const toast = h(
      "div",
      { class: `pl-toast pl-toast-${kind}` },
      h("span", { text }),
      h(
        "button",
        { type: "button", class: "pl-quiet", "aria-label": "Dismiss", onclick: () => toast.remove() },
        icon("close"),
      ),
    );
    toasts.append(toast);
    setTimeout(() => toast.remove(), kind === "error" ? 12000 : 7000);
  }
  /* A modal; resolves to what `read` gives when confirmed, or null. */
  function dialog({ title, body, confirm, danger = false, wide = false, read = () => true }) {
    return new Promise((resolve) => {
      const close = (value) => {
        node.close();
        node.remove();
        resolve(value);
      };
      const form = h(
        "form",
        {
          method: "dialog",
          onsubmit: (event) => {
            event.preventDefault();
            close(read());
          },
        },
        h("h2", { id: "pl-dialog-title", text: title }),
        body,
        h(
          "div",
          { class: "pl-dialog-buttons" },
          h("button", {
            type: "button",
            class: "pl-button",
            onclick: () => close(null),
            text: confirm ? "Cancel" : "Close",
          }),
          confirm
            ? h("button", { type: "submit", class: `pl-button ${danger ? "pl-danger" : "pl-primary"}`, text: confirm })
            : null,
        ),
      );
      const node = h(
        "dialog",
        {
          class: wide ? "pl-dialog pl-wide" : "pl-dialog",
          "aria-labelledby": "pl-dialog-title",
          oncancel: (event) => {
            event.preventDefault();
            close(null);
          },
        },
        form,
      );
      document.body.append(node);
      node.showModal();
    });
  }
  const KEYS = [
    ["/", "Go to the query"],
    ["c", "Compare two pipelines"],
    ["j  k", "Next, previous result"],
    ["Enter", "Open the result"],
    ["[  ]", "Previous, next page"],
    ["h", "Heat on or off"],
    ["a", "Heat for all query words"],
    ["1 … 9", "Heat for one query word"],
    ["+  −  0", "Zoom in, out, fit"],
    ["?", "This sheet"],
  ];
  const showKeys = () =>
    dialog({
      title: "Keyboard",
      body: h(
        "dl",
        { class: "pl-keys" },
        KEYS.map(([key, what]) => [
          h(
            "dt",
            {},
            key.split("  ").map((k) => h("kbd", { text: k })),
          ),
          h("dd", { text: what }),
        ]),
      ),
    });

  /* --- keys ------------------------------------------------------------------------------------------------------------ */
  const typing = (node) =>
    node &&
    (node.isContentEditable ||
      (/^(INPUT|TEXTAREA|SELECT)$/.test(node.tagName) && !/^(checkbox|radio|range|button|file)$/.test(node.type)));
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
    if (typing(event.target)) {
      if (event.key === "Escape") event.target.blur();
      return;
    }
    if (event.key === "?") {
      event.preventDefault();
      showKeys();
      return;
    }
    if (event.key === "/") {
      event.preventDefault();
      showTab("search");
      setTimeout(() => emit("focus-query"), 60);
      return;
    }
    if (event.key === "c") {
      event.preventDefault();
      showTab("compare");
      return;
    }
    emit("key", event);
  });

  const debounce = (wait, fn) => {
    let timer = 0;
    return (...args) => {
      clearTimeout(timer);
      timer = setTimeout(() => fn(...args), wait);
    };
  };
  window.pagelens = {
    h,
    s,
    put,
    icon,
    fmt,
    state,
    on,
    emit,
    call,
    imageUrl,
    mount,
    part: (name, make) => makers.set(name, make),
    choose,
    refresh,
    loadOverview,
    openPage,
    showTab,
    currentTab,
    writeLink,
    notify,
    dialog,
    showKeys,
    debounce,
  };
})();

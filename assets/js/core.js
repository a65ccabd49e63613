/* Pagelens, the page. Everything a document says reaches the screen through textContent; nothing is ever parsed as HTML.
   core: elements, formats, shared state, calls to the server. */
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
    good: "M5 12.500 10 17.500 19 7",
    bad: "m7 7 10 10M17 7 7 17",
    star: "m12 4 2.400 5.200 5.600.600-4.200 3.800 1.200 5.600L12 16.300l-5 2.900 1.200-5.600L4 9.800l5.600-.600L12 4Z",
    code: "m8 7-5 5 5 5m8-10 5 5-5 5M14 5l-4 14",
    save: "M12 4v11m-5-5 5 5 5-5M4 19h16",
    select: "M5 8V5h3m3 0h2m3 0h3v3m0 3v2m0 3v3h-3M5 11v2m0 3v3h3m3 0h2M9 9h6v6H9V9Z",
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
    parts: [],
    pipeline: "two-stage",
    filter: "",
    k: null,
    hits: [],
    open: null,
  };
  /* What is asked: the text, and beside it parts of other kinds (pictures, regions, marks, more texts), each with a weight. */
  const wantedPart = (part) => part.kind !== "mark" && part.weight > 0;
  const asking = () => Boolean(state.query) || state.parts.some(wantedPart);
  function asked() {
    if (!state.parts.length) return state.query;
    const text = state.query ? [{ kind: "text", text: state.query, weight: 1 }] : [];
    return { parts: [...text, ...state.parts] };
  }
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
      window.pagelens.start();
    }
  }

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
    asking,
    asked,
    call,
    imageUrl,
    mount,
    debounce,
    part: (name, make) => makers.set(name, make),
    settle: () => (settled = true),
  };
})();

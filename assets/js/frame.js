/* frame: tabs, the collection at hand, and the permalink that restores all of it.
   Others add to the link with `pagelens.links.push({ write(add), read(wanted) })`; one that comes after the link was read,
   as a tab does that is first shown later, reads it at once. */
(() => {
  "use strict";
  const { state, emit, call, asking } = pagelens;

  /* --- permalink: ?c=&q=&p=&f=&k=&ref=  (Gradio keeps ?page= for itself) ----------------------------------------------------------------------------- */
  const wanted = new URLSearchParams(location.search);
  const parts = [];
  let told = false;
  const links = {
    push(part) {
      parts.push(part);
      if (told) part.read(wanted);
    },
  };
  function writeLink() {
    const link = new URLSearchParams();
    const add = (key, value, usual) => {
      if (value && String(value) !== String(usual)) link.set(key, value);
    };
    add("c", state.collection);
    add("q", state.query);
    if (state.parts.length) link.set("x", JSON.stringify(state.parts));
    if (asking()) {
      add("p", state.pipeline, "two-stage");
      add("f", state.filter);
      add("k", pagelens.staging.asked(), 0);
    }
    if (state.open && currentTab() === "page") link.set("ref", `${state.open.document}#page=${state.open.page}`);
    for (const part of parts) part.write(add);
    if (wanted.has("__theme")) link.set("__theme", wanted.get("__theme"));
    const text = link.toString();
    history.replaceState(null, "", text ? `?${text}` : location.pathname);
  }
  function readLink() {
    state.query = wanted.get("q") || "";
    state.pipeline = wanted.get("p") || "two-stage";
    state.filter = wanted.get("f") || "";
    const k = Number(wanted.get("k"));
    if (Number.isInteger(k) && k >= 1 && k <= 200) state.k = k;
    try {
      const asked = JSON.parse(wanted.get("x") || "[]");
      if (Array.isArray(asked)) state.parts = asked.filter((part) => part && typeof part.kind === "string");
    } catch {
      pagelens.notify("A part of the query in this link cannot be read; the rest is restored.", "error");
    }
    told = true;
    for (const part of parts) part.read(wanted);
  }
  function parseRef(text) {
    const match = /^([\s\S]+)#page=([1-9]\d*)$/.exec(text || "");
    return match ? { document: match[1], page: Number(match[2]) } : null;
  }

  /* --- tabs --------------------------------------------------------------------------------------------------------- */
  const tabButton = (name) => document.getElementById(`pl-tab-${name}-button`);
  const currentTab = () => {
    const button = document.querySelector('#pl-tabs button[role="tab"][aria-selected="true"]');
    return button ? button.id.replace(/^pl-tab-|-button$/g, "") : "";
  };
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
      pagelens.notify(error.message, "error");
      return;
    }
    const names = state.overview.collections.map((c) => c.name);
    readLink();
    const asked = wanted.get("c");
    if (asked && !names.includes(asked)) pagelens.notify(`There is no collection “${asked}” here.`, "error");
    await choose(names.includes(asked) ? asked : preferred());
    emit("restore");
    pagelens.settle();
    const ref = parseRef(wanted.get("ref"));
    if (ref) openPage(ref);
    else if (!state.details || !state.details.documents.length) showTab(asking() ? "search" : "library");
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
      pagelens.notify(error.message, "error");
    }
    emit("details");
  }
  function openPage(ref) {
    state.open = { document: ref.document, page: ref.page };
    showTab("page");
    emit("open", state.open);
    writeLink();
  }

  Object.assign(pagelens, {
    start,
    choose,
    refresh,
    loadOverview,
    openPage,
    showTab,
    currentTab,
    writeLink,
    links,
    parseRef,
  });
})();

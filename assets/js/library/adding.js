/* adding: files dropped or chosen, sent to the server, and the plan of what adding them costs. */
import { api, BASE, Button, bytes, Check, count, dragsFiles, duration, handed, html, Icon, latest, leadsAway, mayEdit,
  Meter, notify, plural, set, showTab, state, Table, Tick, useEffect, useState,
  watch, withheld } from "../core/core.js";
import { accepted, isSystem, kinds, leftOut, sorted, STATES, summary } from "./files.js";

const FEW = 6; // files that a plan shows without being asked
export const LOOKS = "Your account may look at everything here and change nothing.";

/* --- what is dropped ---------------------------------------------------------------------------------------------- */
const asked = (of, method) => new Promise((resolve, reject) => of[method](resolve, reject));
async function* walk(entry, above = "") {
  const name = above + entry.name;
  if (above && isSystem(entry.name)) return;
  if (entry.isFile) return yield { name, file: await asked(entry, "file") };
  const reader = entry.createReader();
  for (;;) {
    const some = await asked(reader, "readEntries");
    if (!some.length) return;
    for (const inner of some) yield* walk(inner, `${name}/`);
  }
}
async function unpacked(event) {
  if (withheld(event)) {
    const all = await handed();
    const isBelow = ({ name }) => name.includes("/");
    return { single: all.filter((one) => !isBelow(one)), below: all.filter(isBelow) };
  }
  const entryOf = (item) => item.webkitGetAsEntry && item.webkitGetAsEntry();
  const taken = [...event.dataTransfer.items].map((item) => [entryOf(item), item.getAsFile()]);
  const entries = taken.map(([entry]) => entry).filter(Boolean);
  const single = taken.filter(([entry, file]) => !entry && file).map(([, file]) => ({ name: file.name, file }));
  const below = [];
  for (const entry of entries) for await (const one of walk(entry)) (entry.isFile ? single : below).push(one);
  return { single, below };
}

/* Files dropped beside every place for them go to the library, from whatever tab: a window that has no address bar
   would show the file in our place, with no way back. */
addEventListener("dragover", (event) => (dragsFiles(event) || leadsAway(event)) && event.preventDefault());
addEventListener("drop", async (event) => {
  if (leadsAway(event)) event.preventDefault();
  if (event.defaultPrevented || !dragsFiles(event)) return;
  event.preventDefault();
  if (!mayEdit()) return notify(LOOKS);
  const found = unpacked(event); // begun at once: after this turn they are gone
  showTab("library");
  set({ dropped: await found });
});

/* --- sending ------------------------------------------------------------------------------------------------------ */
/* Resolves to why the server would not have it, empty where it did. fetch does not say how far a file is. */
const send = (batch, { name, file }, progress) =>
  new Promise((resolve) => {
    const request = new XMLHttpRequest();
    request.open("PUT", `${BASE}/uploads/${batch}?name=${api.part(name)}`);
    request.upload.onprogress = (event) => progress(event.loaded);
    request.onerror = () => resolve("The upload broke off.");
    request.responseType = "json"; // null where it is none
    request.onload = () => {
      const { error = `The server refused it (${request.status}).` } = request.response || {};
      resolve(request.status === 200 ? "" : error);
    };
    request.send(file);
  });
async function sendAll(items, tell) {
  const { max_upload_mb: most } = state.overview;
  const refused = [];
  const total = items.reduce((sum, item) => sum + item.file.size, 0) || 1;
  const { batch } = await api.post("/uploads");
  const said = (name, done) => tell({ name, many: items.length, done, total });
  let sent = 0;
  for (const item of items) {
    const { name, file: { size } } = item;
    said(name, sent);
    const large = size > most * 1024 * 1024 && `Larger than the limit of ${most} MB.`;
    const note = large || (await send(batch, item, (n) => said(name, sent + n)));
    if (note) refused.push({ name, pages: 0, note, state: "refused" });
    sent += size;
  }
  said("Counting pages", total);
  return { batch, refused };
}

/* --- the view ----------------------------------------------------------------------------------------------------- */
function Choose({ id, text, folder, take }) {
  const chosen = (event) => {
    const { files } = event.target;
    take([...files].map((file) => ({ name: (folder && file.webkitRelativePath) || file.name, file })));
    event.target.value = "";
  };
  return html`<label class="pl-button" for=${id}>${text}</label>
    <input type="file" id=${id} class="pl-sr" multiple webkitdirectory=${folder}
      accept=${folder ? null : accepted(state.overview.readable)} onChange=${chosen} />`;
}
function Drop({ take }) {
  const [over, setOver] = useState(false);
  const turn = (on) => (event) => {
    event.preventDefault();
    setOver(on);
  };
  const onDrop = async (event) => {
    turn(false)(event);
    const { single, below } = await unpacked(event);
    take(single, below);
  };
  const { readable, max_upload_mb: most } = state.overview;
  return html`<div class=${over ? "pl-drop pl-over" : "pl-drop"} onDragOver=${turn(true)} onDragLeave=${turn(false)}
    onDrop=${onDrop}>
    <${Icon} name="upload" />
    <p class="pl-drop-title">Drop documents, scans or whole folders here</p>
    <p class="pl-muted">${kinds(readable)}, up to ${count(most)} MB each</p>
    <div class="pl-row">
      <${Choose} id="pl-files" text="Choose files" take=${(files) => take(files)} />
      <${Choose} id="pl-folder" text="Choose a folder" folder take=${(files) => take([], files)} />
    </div>
  </div>`;
}
const Sending = ({ sending: { name, many, done, total } }) =>
  html`<section class="pl-card pl-plan" aria-live="polite">
    <h3>Taking in ${plural(many, "file")}</h3>
    <${Meter} label="Sent" done=${done} total=${total} />
    <p class="pl-muted">${name}</p>
  </section>`;

function Planned({ file, replace, without, turn }) {
  const named = file.namesake || file.name;
  const replacing = replace.includes(named);
  const takes = !["refused", "known"].includes(file.state);
  return html`<tr class=${file.state === "refused" ? "pl-bad" : ""} data-planned=${file.source || file.name}>
    <td>
      ${takes && html`<${Tick} aria-label=${`Add ${file.name}`} checked=${!without.includes(file.source)}
        tick=${(on) => turn("without", file.source, !on)} />`}
    </td>
    <th scope="row">
      ${file.name}
      <div class="pl-file-notes">
        ${file.note && file.state !== "dropped" && html`<div>${file.note}</div>`}
        ${(file.namesake || replacing) && html`<${Check} text=${`Replace ${named}`} checked=${replacing}
          data-replace=${named} tick=${(on) => turn("replace", named, on)} />`}
      </div>
    </th>
    <td><span class=${`pl-badge pl-plan-${file.state}`}>${STATES[file.state] || file.state}</span></td>
    <td class="pl-num">${file.pages ? plural(file.pages, "page") : ""}</td>
  </tr>`;
}
function Plan({ plan, turn, begin, cancel }) {
  const { files, pages_to_read: pages, seconds, bytes: size, replace, without, busy } = plan;
  const taken = files.filter((file) => !["refused", "dropped"].includes(file.state)).length;
  const noted = files.some((file) => file.note || file.state !== "new");
  const facts = pages
    ? [
        [count(taken), taken === 1 ? "file" : "files"],
        [count(pages), pages === 1 ? "page to read" : "pages to read"],
        [`about ${duration(seconds)}`, "on this machine"],
        [bytes(size), "on disk"],
      ]
    : [[count(taken), taken === 1 ? "file, nothing new in it" : "files, nothing new in them"]];
  return html`<section class="pl-card pl-plan" aria-live="polite">
    <div class="pl-job-head">
      <div>
        <h3>${pages ? "Ready to add" : "Nothing to add"}</h3>
        <p class="pl-plan-facts">${facts.map(([value, what]) => html`<span
          key=${what}><b>${value}</b> ${what}</span>`)}</p>
      </div>
      <div class="pl-row">
        <${Button} onClick=${cancel}>Cancel<//>
        <${Button} icon="play" look="pl-primary" id="pl-start" disabled=${!pages || busy} onClick=${begin}>Start<//>
      </div>
    </div>
    <details open=${noted || files.length <= FEW}>
      <summary>${summary(files)}</summary>
      <${Table}
        rows=${files.map((file) => html`<${Planned} key=${file.source || file.name} file=${file} replace=${replace}
          without=${without} turn=${turn} />`)} />
    </details>
  </section>`;
}

/* The place to drop files on, and the plan of what was dropped for the collection at hand. */
export function Adding() {
  const [sending, tell] = useState(null);
  const [plan, setPlan] = useState(null);
  const [asks] = useState(latest); // a plan that was asked for before another, or before it was begun, is late
  const settle = (now) => {
    setPlan(now);
    return asks();
  };
  useEffect(() => void settle(null), [state.collection]);

  /* A plan with further choices; `more` are files that were refused before the server heard of them. */
  async function planned({ collection, batch, replace, without, more }) {
    const found = await api.post("/plan", { collection, batch, replace, without });
    return { ...found, files: [...found.files, ...more], collection, batch, replace, without, more };
  }
  async function take(single, below = []) {
    if (sending) return notify("The files before these are still being taken in; add these once that is done.");
    const { readable } = state.overview;
    const { taken, others } = sorted(below, readable);
    const items = [...single, ...taken];
    if (!items.length) {
      const first = others.slice(0, 3).join(", ");
      const holds = first ? ` It holds ${first}${others.length > 3 ? " and others" : ""}.` : "";
      if (below.length) notify(`There is no file in that folder that can be read.${holds}`, "error");
      return;
    }
    const { collection } = state;
    settle(null);
    try {
      const { batch, refused } = await sendAll(items, tell);
      const more = [...refused, ...leftOut(others, readable)];
      const made = await planned({ collection, batch, replace: [], without: [], more });
      if (collection === state.collection) settle(made);
    } finally {
      tell(null);
    }
  }
  /* What a person chooses holds at once; what it comes to is the server's to say. */
  async function turn(list, name, on) {
    const wanted = { ...plan, [list]: on ? [...plan[list], name] : plan[list].filter((other) => other !== name) };
    const mine = settle(wanted);
    const found = await planned(wanted);
    if (mine()) setPlan(found);
  }
  async function begin() {
    const { collection, batch, replace, without } = plan;
    settle({ ...plan, busy: true });
    try {
      const job = await api.post("/jobs", { collection, batch, replace, without });
      set({ jobs: [job, ...state.jobs] }); // its card is there before the list comes
      settle(null);
      watch();
    } catch (error) {
      settle({ ...plan, busy: false });
      throw error;
    }
  }
  function cancel() {
    settle(null);
    api.remove(`/uploads/${plan.batch}`).catch(() => {}); // swept later
  }
  useEffect(() => {
    if (!state.dropped) return;
    const { single, below } = state.dropped;
    set({ dropped: null });
    take(single, below);
  }, [state.dropped]);
  return html`<${Drop} take=${take} />
    ${sending && html`<${Sending} sending=${sending} />`}
    ${plan && html`<${Plan} plan=${plan} turn=${turn} begin=${begin} cancel=${cancel} />`}`;
}

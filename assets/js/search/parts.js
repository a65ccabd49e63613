/* parts: what a query holds beside its text: more texts, pictures, regions of pages, and pages marked good or bad. */
import { api, asking, Check, Chip, dialog, html, imageUrl, notify, parseRef, pictureUrl, Quiet, refOf, set, Spinner,
  state, useEffect, useLayoutEffect, useRef, useState } from "../core/core.js";
import { clear, run } from "./run.js";

const place = (part) => parseRef(part.page) || { document: part.page, page: 1 };
const named = (part) => `${place(part).document}, page ${place(part).page}`;
const changed = () => (asking() ? run() : clear());
function add(part) {
  set({ parts: [...state.parts, part] });
  changed();
}
const NOT = () => (state.overview ? state.overview.weights.but_not : 1);

/* The part of a page's thumbnail that a box shows, by scaling the whole behind a small window. */
function cropped({ page, box: [x0, y0, x1, y1] }) {
  const { document, page: number } = place({ page });
  const across = (from, size) => (size >= 1 ? 0 : (from / (1 - size)) * 100);
  return {
    backgroundImage: `url("${imageUrl(document, number, "", "thumb")}")`,
    backgroundSize: `${100 / (x1 - x0)}% ${100 / (y1 - y0)}%`,
    backgroundPosition: `${across(x0, x1 - x0)}% ${across(y0, y1 - y0)}%`,
  };
}
/* How each kind of part is called, and what is seen of it. */
const SEEN = {
  text: (part) => [part.text],
  picture: (part) => [
    ["picture", ...(part.repairs || [])].join(", "),
    { backgroundImage: `url("${pictureUrl(part)}")`, backgroundSize: "cover" },
  ],
  region: (part) => [`part of ${named(part)}`, cropped(part)],
  mark: (part) => [named(part)],
};
const seen = (part) => (SEEN[part.kind] || (() => [part.kind]))(part);
function sign({ kind, weight }) {
  if (weight < 0) return kind === "mark" ? "unlike" : "not";
  return kind === "text" ? "also" : "like";
}

/* --- marks: all pages marked good share one weight, and all marked bad another, so that the mean of each counts
   (Rocchio) -------------------------------------------------------------------------------------------------------- */
function setMarks(marks) {
  const { good, bad } = state.overview.weights;
  const share = (all, kind) => all / marks.filter(([, liked]) => liked === kind).length;
  const weigh = (liked) => (liked ? share(good, true) : -share(bad, false));
  const made = marks.map(([page, liked]) => ({ kind: "mark", page, weight: weigh(liked) }));
  set({ parts: [...state.parts.filter((part) => part.kind !== "mark"), ...made] });
}
export const marks = () => state.parts.filter((part) => part.kind === "mark");
const kept = (but) => marks().filter((part) => part.page !== but).map((part) => [part.page, part.weight > 0]);
export function mark(ref, good) {
  const again = markOf(ref) === (good ? "good" : "bad");
  setMarks([...kept(refOf(ref)), ...(again ? [] : [[refOf(ref), good]])]);
}
export function markOf(ref) {
  const found = marks().find((part) => part.page === refOf(ref));
  return found ? (found.weight > 0 ? "good" : "bad") : "";
}

/* --- pictures ----------------------------------------------------------------------------------------------------- */
export const pictures = (files) => [...(files || [])].filter((file) => file.type.startsWith("image/"));
export async function addPictures(files) {
  for (const file of pictures(files))
    await api.raw("/pictures", file).then(
      ({ picture }) => add({ kind: "picture", picture, repairs: [], weight: 1 }),
      (error) => notify(error.message, "error"),
    );
}
/* Steps that can always be tried, beside those that looking at the picture proposes. */
const TRIED = [
  ["rotate:90", "Turn it right"],
  ["rotate:180", "Turn it upside down"],
  ["rotate:270", "Turn it left"],
  ["denoise", "Take out speckles"],
  ["sharpen", "Make edges crisp"],
];
/* What repairs would do to a picture, before and after. Looking for what might be wrong reads the picture, which takes
   seconds, so those steps come when they are found. */
function Repair({ part, choose }) {
  const [chosen, setChosen] = useState(part.repairs || []);
  const [offered, setOffered] = useState([
    ...chosen.map((step) => [step, ""]),
    ...TRIED.filter(([step]) => !chosen.includes(step)),
  ]);
  const [looking, setLooking] = useState(null);
  useEffect(() => {
    api.get(`/pictures/${api.part(part.picture)}/repairs`).then(
      (proposed) => {
        const fresh = proposed.filter((one) => !chosen.includes(one.step)).map((one) => [one.step, one.reason, true]);
        const names = new Set(fresh.map(([step]) => step));
        setOffered((all) => [...fresh, ...all.filter(([step]) => !names.has(step))]);
        setLooking(proposed.length ? "" : "Nothing seems to be wrong with it.");
      },
      (error) => setLooking(error.message),
    );
  }, []);
  const turn = (step, on) => {
    const wanted = offered.map(([one]) => one).filter((one) => (one === step ? on : chosen.includes(one)));
    setChosen(wanted);
    choose(wanted);
  };
  const shown = (alt, repairs) => html`<figure>
    <img class="pl-repair-picture" alt=${alt} src=${pictureUrl({ ...part, repairs })} />
    <figcaption>${alt}</figcaption>
  </figure>`;
  const offer = ([step, reason, found]) =>
    html`<${Check} key=${step} checked=${chosen.includes(step)} tick=${(on) => turn(step, on)}
      text=${html`${reason || step} <code class="pl-muted">${step}</code>
        ${found && html` <span class="pl-badge">proposed</span>`}`} />`;
  return html`<div>
    <p class="pl-muted">
      Blind repair made searches worse in published tests, so nothing is changed unless you choose it here.
    </p>
    <div class="pl-repair">${shown("As uploaded", [])}${shown("As it would be searched", chosen)}</div>
    <p class="pl-muted" role="status">
      ${looking === null ? html`<${Spinner} />Looking for what might be wrong with it` : looking}
    </p>
    <div class="pl-repair-steps" role="group" aria-label="Repairs">${offered.map(offer)}</div>
  </div>`;
}
function repairs(part) {
  let chosen = part.repairs || [];
  return dialog({
    title: "Repair the picture",
    wide: true,
    confirm: "Use this picture",
    body: html`<${Repair} part=${part} choose=${(steps) => (chosen = steps)} />`,
    read: () => chosen,
  });
}

/* --- the row under the query -------------------------------------------------------------------------------------- */
function Adder({ name, title, weight }) {
  const [open, setOpen] = useState(false);
  const field = useRef(null),
    opener = useRef(null);
  useLayoutEffect(() => {
    if (open) field.current.focus();
  }, [open]);
  const key = (event) => {
    if (event.key === "Escape") setOpen(false);
    if (event.key !== "Enter") return;
    event.preventDefault();
    const text = event.target.value.trim();
    event.target.value = "";
    setOpen(false);
    opener.current.focus();
    if (text) add({ kind: "text", text, weight: weight() });
  };
  return html`<span class="pl-part-adder">
    <button type="button" class="pl-chip" title=${title} aria-expanded=${open} ref=${opener}
      onClick=${() => setOpen(!open)}>
      ${name}
    </button>
    <input class="pl-input pl-part-text" aria-label=${title} placeholder=${title.toLowerCase()} hidden=${!open}
      ref=${field} onKeyDown=${key} />
  </span>`;
}
export function PartTools() {
  const file = useRef(null);
  const chosen = (event) => addPictures(event.target.files).then(() => (event.target.value = ""));
  return html`<div class="pl-part-tools" role="group" aria-label="Add to the query">
    <${Chip} icon="upload" title="Search by a picture; or drop or paste one here" onClick=${() => file.current.click()}>
      Picture
    <//>
    <${Adder} name="+ Also" title="And this text" weight=${() => 1} />
    <${Adder} name="− Not" title="But not this text" weight=${() => -NOT()} />
    <input type="file" accept="image/*" class="pl-sr" tabindex="-1" aria-label="Picture to search with"
      id="pl-picture" ref=${file} onChange=${chosen} />
  </div>`;
}
function Part({ part }) {
  const { kind, weight } = part,
    [what, style] = seen(part);
  const replace = (now) => {
    set({ parts: state.parts.flatMap((one) => (one !== part ? [one] : now ? [now] : [])) });
    if (kind === "mark" && !now) setMarks(kept());
    changed();
  };
  const turn = () => replace({ ...part, weight: weight > 0 ? -NOT() : 1 });
  const mend = async () => {
    const steps = await repairs(part);
    if (steps) replace({ ...part, repairs: steps });
  };
  return html`<span class=${`pl-query-part pl-${weight > 0 ? "wanted" : "unwanted"}`} role="listitem" data-kind=${kind}>
    ${style && html`<span class="pl-part-picture" aria-hidden="true" style=${style}></span>`}
    ${kind === "mark"
      ? html`<span class="pl-part-sign">${sign(part)}</span>`
      : html`<button type="button" class="pl-part-sign" title="Turn into its opposite"
        aria-label=${`${sign(part)} ${what}: turn into its opposite`} onClick=${turn}>
          ${sign(part)}
        </button>`}
    <span class="pl-part-name" title=${what}>${what}</span>
    ${kind === "picture" && html`<button type="button" class="pl-part-sign" onClick=${mend}>repair…</button>`}
    <${Quiet} icon="close" label=${`Take out ${what}`} title="Take out" onClick=${() => replace(null)} />
  </span>`;
}
export const PartChips = () =>
  html`<div class="pl-query-parts" role="list" aria-label="Parts of the query" hidden=${!state.parts.length}>
    ${state.parts.map((part, i) => html`<${Part} key=${`${i} ${seen(part)[0]}`} part=${part} />`)}
  </div>`;

/* parts: what a query holds beside its text: more texts, pictures, regions of pages, and pages marked good or bad. */
import { parseRef, refOf } from "../core/address.js";
import { Chip, Quiet } from "../core/buttons.js";
import { dialog } from "../core/dialogs.js";
import { Spinner } from "../core/blocks.js";
import { Check } from "../core/form.js";
import { html, useEffect, useLayoutEffect, useRef, useState } from "../core/html.js";
import { api, imageUrl, pictureUrl } from "../core/server.js";
import { asking, set, state } from "../core/store.js";
import { clear, run } from "./run.js";

const place = (part) => parseRef(part.page) || { document: part.page, page: 1 };
const changed = () => (asking() ? run() : clear());
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
function Picture({ part }) {
  if (part.kind !== "region" && part.kind !== "picture") return null;
  const style =
    part.kind === "region"
      ? cropped(part)
      : { backgroundImage: `url("${pictureUrl(part)}")`, backgroundSize: "cover" };
  return html`<span class="pl-part-picture" aria-hidden="true" style=${style}></span>`;
}
const NAMES = {
  text: (part) => part.text,
  picture: (part) => (part.repairs && part.repairs.length ? `picture, ${part.repairs.join(", ")}` : "picture"),
  region: (part) => `part of ${place(part).document}, page ${place(part).page}`,
  mark: (part) => `${place(part).document}, page ${place(part).page}`,
};
const label = (part) => (NAMES[part.kind] || (() => part.kind))(part);
function sign(part) {
  if (part.weight < 0) return part.kind === "mark" ? "unlike" : "not";
  return part.kind === "text" ? "also" : "like";
}

/* --- marks: all pages marked good share one weight, and all marked bad another, so that the mean of each counts
   (Rocchio) ------------------------------------------------------------------------------------------------------------- */
function setMarks(marks) {
  const { good, bad } = state.overview.weights;
  const of = (kind) => marks.filter(([, liked]) => liked === kind).length;
  set({
    parts: [
      ...state.parts.filter((part) => part.kind !== "mark"),
      ...marks.map(([page, liked]) => ({ kind: "mark", page, weight: liked ? good / of(true) : -bad / of(false) })),
    ],
  });
}
export const marks = () => state.parts.filter((part) => part.kind === "mark");
export function mark(ref, good) {
  const page = refOf(ref);
  const was = marks().find((part) => part.page === page);
  const rest = marks()
    .filter((part) => part.page !== page)
    .map((part) => [part.page, part.weight > 0]);
  if (!was || was.weight > 0 !== good) rest.push([page, good]);
  setMarks(rest);
}
export function markOf(ref) {
  const found = marks().find((part) => part.page === refOf(ref));
  return found ? (found.weight > 0 ? "good" : "bad") : "";
}

/* --- pictures ------------------------------------------------------------------------------------------------------------ */
export const pictures = (files) => [...(files || [])].filter((file) => file.type.startsWith("image/"));
export async function addPictures(files) {
  for (const file of pictures(files)) {
    const { picture } = await api.raw("/pictures", file);
    set({ parts: [...state.parts, { kind: "picture", picture, repairs: [], weight: 1 }] });
    changed();
  }
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
        const fresh = proposed.filter((one) => !chosen.includes(one.step));
        const names = new Set(fresh.map((one) => one.step));
        setOffered((all) => [
          ...fresh.map((one) => [one.step, one.reason, true]),
          ...all.filter(([step]) => !names.has(step)),
        ]);
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
  const shown = (alt, repairs) =>
    html`<figure>
      <img class="pl-repair-picture" alt=${alt} src=${pictureUrl({ ...part, repairs })} />
      <figcaption>${alt}</figcaption>
    </figure>`;
  return html`<div>
    <p class="pl-muted">
      Blind repair made searches worse in published tests, so nothing is changed unless you choose it here.
    </p>
    <div class="pl-repair">${shown("As uploaded", [])}${shown("As it would be searched", chosen)}</div>
    <p class="pl-muted" role="status">
      ${looking === null ? html`<${Spinner} />Looking for what might be wrong with it` : looking}
    </p>
    <div class="pl-repair-steps" role="group" aria-label="Repairs">
      ${offered.map(
        ([step, reason, found]) =>
          html`<${Check} key=${step} checked=${chosen.includes(step)} tick=${(on) => turn(step, on)}
            text=${html`${reason || step} <code class="pl-muted">${step}</code>
              ${found && html` <span class="pl-badge">proposed</span>`}`} />`,
      )}
    </div>
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

/* --- the row under the query ------------------------------------------------------------------------------------------- */
function Adder({ name, title, direction }) {
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
    if (!text) return;
    set({ parts: [...state.parts, { kind: "text", text, weight: direction > 0 ? 1 : -NOT() }] });
    changed();
  };
  return html`<span class="pl-part-adder">
    <button type="button" class="pl-chip" title=${title} aria-expanded=${open} ref=${opener}
      onClick=${() => setOpen(!open)}>
      ${`${direction > 0 ? "+" : "−"} ${name}`}
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
    <${Adder} name="Also" title="And this text" direction=${1} />
    <${Adder} name="Not" title="But not this text" direction=${-1} />
    <input type="file" accept="image/*" class="pl-sr" tabindex="-1" aria-label="Picture to search with"
      id="pl-picture" ref=${file} onChange=${chosen} />
  </div>`;
}
function Part({ part }) {
  const what = label(part);
  const replace = (now) => {
    set({ parts: state.parts.flatMap((one) => (one === part ? (now ? [now] : []) : [one])) });
    if (part.kind === "mark" && !now) setMarks(marks().map((one) => [one.page, one.weight > 0]));
    changed();
  };
  const turn = () => replace({ ...part, weight: part.weight > 0 ? -NOT() : 1 });
  const mend = () => repairs(part).then((steps) => steps && replace({ ...part, repairs: steps }));
  return html`<span class=${`pl-query-part pl-${part.weight > 0 ? "wanted" : "unwanted"}`} role="listitem"
    data-kind=${part.kind}>
    <${Picture} part=${part} />
    ${part.kind === "mark"
      ? html`<span class="pl-part-sign">${sign(part)}</span>`
      : html`<button type="button" class="pl-part-sign" title="Turn into its opposite"
        aria-label=${`${sign(part)} ${what}: turn into its opposite`} onClick=${turn}>
          ${sign(part)}
        </button>`}
    <span class="pl-part-name" title=${what}>${what}</span>
    ${part.kind === "picture" && html`<button type="button" class="pl-part-sign" onClick=${mend}>repair…</button>`}
    <${Quiet} icon="close" label=${`Take out ${what}`} title="Take out" onClick=${() => replace(null)} />
  </span>`;
}
export const PartChips = () =>
  html`<div class="pl-query-parts" role="list" aria-label="Parts of the query" hidden=${!state.parts.length}>
    ${state.parts.map((part, i) => html`<${Part} key=${`${i} ${label(part)}`} part=${part} />`)}
  </div>`;

/* viewer: an open page: its picture with the heat over it, where it stands among the results, and what the panel tells. */
import { refOf } from "../core/address.js";
import { Button, Quiet } from "../core/buttons.js";
import { copy } from "../core/clipboard.js";
import { failed, notify } from "../core/dialogs.js";
import { Empty, Opening } from "../core/empty.js";
import { on } from "../core/events.js";
import { Count } from "../core/form.js";
import { count } from "../core/format.js";
import { html, useLayoutEffect, useMemo, useRef } from "../core/html.js";
import { showTab } from "../core/router.js";
import { imageUrl } from "../core/server.js";
import { asking, set, state } from "../core/store.js";
import { reviewed, stepQuestion } from "../evaluate/review.js";
import { Name } from "../search/results.js";
import { run, standing } from "../search/run.js";
import { download } from "../search/saving.js";
import { Pinned, Review, same } from "./beside.js";
import * as heat from "./heat.js";
import { judgeOpen } from "./judging.js";
import { Panel } from "./panel.js";
import { alter, boxAt, go, highlight, layer, look, shown, stepResult, turn } from "./reading.js";
import { Stage } from "./stage.js";

const LISTED = 6; // words under the pointer
let stage = null; // what zooms and moves the page, while one is shown
const moves = (act, ...how) => stage && stage[act](...how);

function savePage() {
  const { read, why } = state.page;
  const tokens = why && look.chosen.length ? look.chosen.map((t) => why.tokens[t].token) : null;
  const seen = why ? { look: shown(), tokens, encoder: why.encoder } : {};
  download("png", { page: refOf(read), ...seen }).catch(failed);
}

/* --- a part of the page as a query ------------------------------------------------------------------------------------- */
const pickAnew = (picking) => alter({ picking, pick: null });
function askRegion(box, adding = false) {
  const part = { kind: "region", page: refOf(state.page.read), box: box.map((x) => Number(x.toFixed(4))), weight: 1 };
  pickAnew(false);
  set({ parts: adding ? [...state.parts, part] : [part], ...(adding ? {} : { query: "", draft: "" }) });
  run();
  showTab("search");
}
function Picks() {
  const { picking, pick } = state.page;
  if (!picking) return null;
  return html`<div class="pl-picks" role="group" aria-label="The part of the page picked">
    ${pick
      ? html`<${Button} look="pl-primary" onClick=${() => askRegion(pick)}>Search for this part<//>
          ${asking() && html`<${Button} onClick=${() => askRegion(pick, true)}>Add to the query<//>`}`
      : html`<span>Drag a rectangle over the page; or move one with the arrow keys, and size it with Shift.</span>`}
    <${Button} onClick=${() => pickAnew(false)}>Cancel<//>
  </div>`;
}

/* --- where it stands --------------------------------------------------------------------------------------------------------- */
const toTab = (tab, text) =>
  html`<${Button} icon="back" look="pl-subtle pl-to-results" onClick=${() => showTab(tab)}>${text}<//>`;
/* Between a step back and a step on; `what` is stepped through. */
const Steps = ({ what, step, here, children }) =>
  html`<${Quiet} icon="left" label=${`${what} before`} keys="k" onClick=${() => step(-1)} disabled=${!here.before} />
    ${children}
    <${Quiet} icon="right" label=${`Next ${what.toLowerCase()}`} keys="j" onClick=${() => step(1)}
      disabled=${!here.after} />`;
const step = (by) => (reviewed() ? stepQuestion(by) : stepResult(by));
/* Among the questions of an evaluation that is gone through, else among the results. */
function Standing() {
  const review = reviewed();
  if (review)
    return html`<div class="pl-standing">
      ${toTab("evaluate", "Evaluation")}
      <${Steps} what="Question" step=${step} here=${review}>
        <b>${review.at < 0 ? `One of ${review.of} questions no more` : `Question ${review.at + 1} of ${review.of}`}</b>
      <//>
    </div>`;
  const here = standing();
  const back = (state.hits.length > 0 || asking()) && toTab("search", "Results");
  if (!here) return back;
  const way = here.hit.stages.map((stage) => `${stage.name} ${stage.rank}`).join(" → ");
  return html`<div class="pl-standing">
    ${back}
    <${Steps} what="Result" step=${step} here=${here}>
      <span>
        <b>${`Result ${here.at + 1} of ${here.of}`}</b>${" "}
        <span class="pl-muted" title="Its rank after each stage">${way}</span>
      </span>
    <//>
  </div>`;
}
function Tools({ percent }) {
  const { read: page, picking } = state.page;
  return html`<div class="pl-view-tools">
    <h2 class="pl-view-title"><${Name} name=${page.document} /></h2>
    <div class="pl-row pl-pager">
      <${Quiet} icon="left" label="Previous page" keys="[" onClick=${() => go(page.page - 1)} disabled=${page.page <= 1} />
      <${Count} max=${page.pages} aria-label="Go to page" value=${page.page} take=${(text) => go(Number(text))} />
      <span class="pl-muted">of ${count(page.pages)}</span>
      <${Quiet} icon="right" label="Next page" keys="]" onClick=${() => go(page.page + 1)}
        disabled=${page.page >= page.pages} />
    </div>
    <div class="pl-row pl-zoom">
      <${Quiet} icon="minus" label="Zoom out" keys="-" onClick=${() => moves("further")} />
      <span class="pl-num pl-percent" aria-live="off" ref=${percent}></span>
      <${Quiet} icon="plus" label="Zoom in" keys="+" onClick=${() => moves("nearer")} />
      <${Quiet} icon="fit" label="Fit" keys="0" onClick=${() => moves("fit")} />
      <${Quiet} icon="select" label="Pick a part to search with" keys="r" aria-pressed=${picking}
        onClick=${() => pickAnew(!picking)} />
      <${Quiet} icon="save" label="Save this page as a picture with its heat" onClick=${savePage} />
      <${Quiet} icon="link" label="Copy a link to this page" onClick=${() => copy(location.href, "Link copied.")} />
    </div>
  </div>`;
}

/* --- what lies under the pointer ---------------------------------------------------------------------------------------------- */
function nameOf(drawn, j) {
  const { why } = state.page;
  if (drawn.pooled) return `${drawn.pooled.index} ${j + 1}`;
  if (why.labels[j]) return why.labels[j];
  if (!why.grid) return `vector ${j + 1}`;
  return `patch r${Math.floor(j / why.grid[1]) + 1} c${(j % why.grid[1]) + 1}`;
}
function Tip({ drawn, point, stage }) {
  const tip = useRef(null);
  const j = point && drawn && look.on ? heat.under(drawn, point.fx, point.fy) : -1;
  useLayoutEffect(() => {
    if (j < 0 || !tip.current) return;
    const { offsetWidth: width, offsetHeight: height, parentElement: room } = tip.current;
    const below = point.y + 18 + height <= room.clientHeight;
    tip.current.style.left = `${Math.min(room.clientWidth - width - 6, Math.max(6, point.x + 14))}px`;
    tip.current.style.top = `${below ? point.y + 18 : Math.max(6, point.y - height - 10)}px`;
  });
  if (j < 0) return null;
  const { why } = state.page;
  const words = look.chosen.length ? look.chosen : [...why.tokens.keys()];
  const rows = words
    .map((t) => [why.tokens[t].label, drawn.similarities[t * drawn.list.length + j]])
    .sort((a, b) => b[1] - a[1])
    .slice(0, LISTED);
  return html`<div class="pl-tip" ref=${tip}>
    <b>${nameOf(drawn, j)}</b>
    <dl>${rows.map(([label, value]) => html`<dt>${label}</dt><dd class="pl-num">${value.toFixed(2)}</dd>`)}</dl>
  </div>`;
}

function View() {
  const { read: page, why, seen, picking, pick, point, highlight: lit, words = [], dots = [], stale, cited } = state.page;
  const percent = useRef(null);
  const drawn = useMemo(layer, [seen, look.chosen, look.join, look.range, look.pooled]);
  const draw = (canvas) => {
    if (!drawn) canvas.width = canvas.width; // clears it
    else
      heat.draw(canvas, { ...shown(), ...drawn, places: drawn.boxes, aspect: page.height / page.width });
  };
  const cells = drawn && drawn.pooled && look.on ? [...drawn.list.keys()].map((j) => boxAt(drawn.boxes, j)) : [];
  const marks = [
    ...cells.map((box) => [box, "pl-cell"]),
    ...words.map((box) => [box, "pl-word"]),
    ...(cited ? [[cited, "pl-mark-box pl-cited"]] : []),
    ...(lit ? [[lit, "pl-mark-box"]] : []),
  ];
  const reveal = (box) => {
    highlight(box);
    moves("reveal", box);
  };
  const beside = state.expected && !same(state.expected, state.open);
  return html`<div class="pl-view">
    <div class="pl-view-main">
      <div><${Standing} /><${Review} /><${Tools} percent=${percent} /><${Picks} /></div>
      <div class=${beside ? "pl-beside" : "pl-alone"}>
      <${Stage} page=${page} address=${imageUrl(page.document, page.page, page.page_id, "page")}
        name=${`${page.document}, page ${page.page}`} shown=${Boolean(why) && look.on} draw=${draw}
        drawn=${[drawn, look.colour, look.opacity]} marks=${marks} dots=${dots} picking=${picking} pick=${pick} stale=${stale}
        start=${cited} moves=${(made) => (stage = made)}
        scaled=${(scale) => percent.current && (percent.current.textContent = `${Math.round(scale * 100)}%`)}
        hover=${(at) => (at || point) && alter({ point: picking ? null : at })}
        picked=${(box) => alter({ pick: box })} swiped=${step}
        failed=${() => notify("The picture of this page could not be loaded.", "error")}>
        <${Tip} drawn=${drawn} point=${point} />
      <//>
      <${Pinned} />
      </div>
    </div>
    <${Panel} drawn=${drawn} reveal=${reveal} search=${askRegion} />
  </div>`;
}
function Nothing({ title, text }) {
  return html`<${Empty} title=${title}>
    <p>${text}</p><${Button} onClick=${() => showTab("search")}>Go to search<//>
  <//>`;
}
function Shown() {
  const { page, open } = state;
  if (page && page.read) return html`<${View} />`;
  if (page && page.failed)
    return html`<${Nothing} title=${page.title || "That page cannot be shown"} text=${page.failed} />`;
  if (open) return html`<${Opening} text="Opening the page" />`;
  return html`<${Nothing} title="No page is open" text="Open a result of a search, or a document of the library." />`;
}
export const Viewer = () => html`<div class="pl-viewer"><${Shown} /></div>`;

/* --- keys -------------------------------------------------------------------------------------------------------------------- */
const ACTS = {
  j: () => step(1),
  k: () => step(-1),
  "[": () => go(state.page.read.page - 1),
  "]": () => go(state.page.read.page + 1),
  "+": () => moves("nearer"),
  "=": () => moves("nearer"),
  "-": () => moves("further"),
  0: () => moves("fit"),
  r: () => pickAnew(!state.page.picking),
  Escape: () => state.page.picking && pickAnew(false),
  a: () => turn({ chosen: [] }),
  h: () => turn({ on: !look.on }),
  g: () => judgeOpen(1),
  b: () => judgeOpen(0),
};
on("key", (event) => {
  if (state.view !== "page" || !state.page || !state.page.read) return;
  const { why } = state.page;
  const word = /^[1-9]$/.test(event.key) && why ? Number(event.key) - 1 : -1;
  if (ACTS[event.key]) {
    event.preventDefault();
    ACTS[event.key]();
  } else if (word >= 0 && word < why.tokens.length) turn({ chosen: [word] });
});

/* viewer: an open page: its picture with the heat over it, where it stands among the results, what the panel tells. */
import { asking, Button, copy, Count, count, Empty, html, imageUrl, Name, notify, on, Opening, Quiet, refOf, set,
  showTab, state, useLayoutEffect, useMemo, useRef } from "../core/core.js";
import { reviewed, stepQuestion } from "../evaluate/review.js";
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
  return download("png", { page: refOf(read), ...(why && { look: shown(), tokens, encoder: why.encoder }) });
}

/* --- a part of the page as a query -------------------------------------------------------------------------------- */
const pickAnew = (picking) => alter({ picking, pick: null });
function askRegion(box, adding = false) {
  const part = { kind: "region", page: refOf(state.page.read), box: box.map((x) => Number(x.toFixed(4))), weight: 1 };
  pickAnew(false);
  set(adding ? { parts: [...state.parts, part] } : { parts: [part], query: "", draft: "" });
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

/* --- where it stands ---------------------------------------------------------------------------------------------- */
/* The way back, and a step on or back of what is stepped through. */
const step = (by) => (reviewed() ? stepQuestion(by) : stepResult(by));
const toTab = (tab, text) =>
  html`<${Button} icon="back" look="pl-subtle pl-to-results" onClick=${() => showTab(tab)}>${text}<//>`;
const Steps = ({ back, what, here, children }) => html`<div class="pl-standing">
  ${back}
  <${Quiet} icon="left" label=${`${what} before`} keys="k" onClick=${() => step(-1)} disabled=${!here.before} />
  ${children}
  <${Quiet} icon="right" label=${`Next ${what.toLowerCase()}`} keys="j" onClick=${() => step(1)}
    disabled=${!here.after} />
</div>`;
/* Among the questions of an evaluation that is gone through, else among the results. */
function Standing() {
  const review = reviewed();
  if (review)
    return html`<${Steps} back=${toTab("evaluate", "Evaluation")} what="Question" here=${review}>
      <b>${review.at < 0 ? `One of ${review.of} questions no more` : `Question ${review.at + 1} of ${review.of}`}</b>
    <//>`;
  const here = standing();
  const back = (state.hits.length > 0 || asking()) && toTab("search", "Results");
  if (!here) return back;
  // Lists that were joined within a stage are told by *Ranks* on the results, and by the title.
  const { stages } = here.hit,
    told = new Set(((state.search && state.search.result?.trace?.stages) || []).map((stage) => stage.name)),
    outer = stages.filter((stage) => told.has(stage.name));
  const way = (some) => some.map((stage) => `${stage.name} ${stage.rank}`).join(" → ");
  return html`<${Steps} back=${back} what="Result" here=${here}>
    <span>
      <b>${`Result ${here.at + 1} of ${here.of}`}</b>${" "}
      <span class="pl-muted" title=${`Its rank after each stage: ${way(stages)}`}>
        ${way(outer.length ? outer : stages)}
      </span>
    </span>
  <//>`;
}
function Tools({ percent }) {
  const { read: { document, page, pages }, picking } = state.page;
  return html`<div class="pl-view-tools">
    <h2 class="pl-view-title" aria-label=${document}><${Name} name=${document} /></h2>
    <div class="pl-row pl-pager">
      <${Quiet} icon="left" label="Previous page" keys="[" onClick=${() => go(page - 1)} disabled=${page <= 1} />
      <${Count} max=${pages} aria-label="Go to page" value=${page} take=${(text) => go(Number(text))} />
      <span class="pl-muted">of ${count(pages)}</span>
      <${Quiet} icon="right" label="Next page" keys="]" onClick=${() => go(page + 1)} disabled=${page >= pages} />
    </div>
    <div class="pl-row pl-zoom">
      <${Quiet} icon="minus" label="Zoom out" keys="-" onClick=${() => moves("further")} />
      <span class="pl-num pl-percent" aria-live="off" ref=${percent}></span>
      <${Quiet} icon="plus" label="Zoom in" keys="+" onClick=${() => moves("nearer")} />
      <${Quiet} icon="fit" label="Fit" keys="0" onClick=${() => moves("fit")} />
      <${Quiet} icon="select" label="Pick a part to search with" keys="r" aria-pressed=${picking}
        onClick=${() => pickAnew(!picking)} />
      <${Quiet} icon="save" word="Save" label="Save this page as a picture with its heat"
        onClick=${savePage} />
      <${Quiet} icon="link" word="Copy" label="Copy a link to this page"
        onClick=${() => copy(location.href, "Link copied.")} />
    </div>
  </div>`;
}

/* --- what lies under the pointer ---------------------------------------------------------------------------------- */
function nameOf(drawn, j) {
  const { labels, grid } = state.page.why;
  if (drawn.pooled) return `${drawn.pooled.index} ${j + 1}`;
  if (labels[j]) return labels[j];
  return grid ? `patch r${Math.floor(j / grid[1]) + 1} c${(j % grid[1]) + 1}` : `vector ${j + 1}`;
}
function Tip({ drawn, point }) {
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
  const { tokens } = state.page.why;
  const rows = (look.chosen.length ? look.chosen : [...tokens.keys()])
    .map((t) => [tokens[t].label, drawn.similarities[t * drawn.list.length + j]])
    .sort((a, b) => b[1] - a[1])
    .slice(0, LISTED);
  return html`<div class="pl-tip" ref=${tip}>
    <b>${nameOf(drawn, j)}</b>
    <dl>${rows.map(([label, value]) => html`<dt>${label}</dt><dd class="pl-num">${value.toFixed(2)}</dd>`)}</dl>
  </div>`;
}

function View() {
  const { read: page, why, seen, picking, pick, point, highlight: lit, stale, cited } = state.page;
  const { words = [], dots = [] } = state.page;
  const percent = useRef(null);
  const drawn = useMemo(layer, [seen, look.chosen, look.join, look.range, look.pooled]);
  const draw = (canvas) => {
    if (!drawn) canvas.width = canvas.width; // clears it
    else heat.draw(canvas, { ...shown(), ...drawn, places: drawn.boxes, aspect: page.height / page.width });
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
          drawn=${[drawn, look.colour, look.opacity]} marks=${marks} dots=${dots} picking=${picking} pick=${pick}
          stale=${stale} start=${cited} moves=${(made) => (stage = made)}
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
const Nothing = ({ title, text }) =>
  html`<${Empty} title=${title}><p>${text}</p><${Button} onClick=${() => showTab("search")}>Go to search<//><//>`;
function Shown() {
  const { read, failed, title = "That page cannot be shown" } = state.page || {};
  if (read) return html`<${View} />`;
  if (failed) return html`<${Nothing} title=${title} text=${failed} />`;
  if (state.open) return html`<${Opening} text="Opening the page" />`;
  return html`<${Nothing} title="No page is open" text="Open a result of a search, or a document of the library." />`;
}
export const Viewer = () => html`<div class="pl-viewer"><${Shown} /></div>`;

/* --- keys --------------------------------------------------------------------------------------------------------- */
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
  const { read, why } = state.page || {};
  if (state.view !== "page" || !read) return;
  const word = /^[1-9]$/.test(event.key) && why ? Number(event.key) - 1 : -1;
  if (ACTS[event.key]) {
    event.preventDefault();
    ACTS[event.key]();
  } else if (word >= 0 && word < why.tokens.length) turn({ chosen: [word] });
});

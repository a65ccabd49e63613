/* cost: where the time of a search went, and how the ranks moved from stage to stage. */
import { bytes, count, Figures, html, ms, openPage, state, Twin } from "../core/core.js";

const SHOWN = 12; // results whose ranks are drawn
const WIDTH = 300;
const TOP = 26;
const LINE = 13; // of the names of stages
const LETTER = 7.2; // px, at most, of theirs
const STEP = 17;
const EDGE = 34; // px beside the outer stages
const lengthOf = (name) => name.length * LETTER;
const within = (name, x) => Math.min(WIDTH - lengthOf(name) / 2, Math.max(lengthOf(name) / 2, x));

/* What a stage is, in words, whatever its options and encoder: "rows[weights=idf]@colpali#2" is rows. */
const OURS = {
  load: "a reranker brought into memory",
  encode: "the query made into vectors",
  filter: "the pages that the filter leaves",
  quoted: "the pages that have what is quoted",
  cache: "pages remembered from what was asked before",
  results: "the pages that are shown, put together",
};
const plain = (name) => name.replace(/[[@#].*$/, "");
export function stageAbout(name) {
  const known = state.overview.stages.find((one) => one.name === plain(name));
  return OURS[plain(name)] || (known ? known.summary : "");
}
const Glossary = ({ names }) => html`<${Twin} title="What these stages are">
  <dl class="pl-stages">
    ${[...new Set(names.map(plain))].map((name) => html`<div key=${name}><dt><code>${name}</code></dt>${" "}
      <dd>${stageAbout(name)}</dd></div>`)}
  </dl>
<//>`;

const facts = (stage) =>
  [
    (stage.candidates_in || stage.candidates_out) &&
      `${count(stage.candidates_in)} → ${count(stage.candidates_out)} pages`,
    stage.scored && stage.scored < stage.candidates_in && `${count(stage.scored)} scored`,
    stage.vectors_compared && `${count(stage.vectors_compared)} vectors`,
    stage.bytes_read && bytes(stage.bytes_read),
    stage.cold && "cold",
    stage.cache_hit && "from cache",
    stage.approximate,
    stage.device,
  ].filter(Boolean).join(" · ");
const HEADS = ["Stage", "ms", "In", "Out", "Vectors", "Bytes", "State"];
const cells = (x) => [
  x.name,
  x.ms.toFixed(2),
  ...[x.candidates_in, x.candidates_out, x.vectors_compared, x.bytes_read].map(count),
  [x.cold ? "cold" : x.cache_hit ? "cached" : "warm", x.approximate, x.device].filter(Boolean).join("; "),
];
export function Waterfall({ result: { hits, trace: { stages, total_ms }, pipeline } }) {
  const total = Math.max(total_ms, 0.001);
  let from = 0;
  const rows = stages.map((stage) => {
    const left = Math.min((from / total) * 100, 99.4),
      width = Math.max((stage.ms / total) * 100, 0.6);
    from += stage.ms;
    return html`<div class="pl-fall-row" key=${stage.name}>
      <span class="pl-fall-name" title=${stageAbout(stage.name)}>${stage.name}</span>
      <span class="pl-num">${ms(stage.ms)}</span>
      <div class="pl-fall-track"><i style=${{ left: `${left}%`, width: `${width}%` }}></i></div>
      <span class="pl-fall-facts">${facts(stage)}</span>
    </div>`;
  });
  const inner = hits.flatMap((hit) => hit.stages.map((stage) => stage.name));
  return html`<section class="pl-card pl-cost" aria-label="What each stage cost">
    <h3>Where the time went <span class="pl-num">${ms(total_ms)}</span></h3>
    <p class="pl-muted"><code>${pipeline}</code></p>
    <div class="pl-fall" aria-hidden="true">${rows}</div>
    <${Twin} title="As a table">
      <${Figures} caption="Stages of this search" heads=${HEADS} rows=${stages.map(cells)} />
    <//>
    <${Glossary} names=${[...stages.map((stage) => stage.name), ...inner]} />
  </section>`;
}

/* Lines from a page's rank in each stage to its rank in the next; ranks beyond the list share the lowest line. */
export function Slopes({ result }) {
  const names = [...new Set(result.hits.flatMap((hit) => hit.stages.map((stage) => stage.name)))];
  if (names.length < 2 || !result.complete) return null;
  const hits = result.hits.slice(0, SHOWN),
    low = hits.length + 2,
    apart = (WIDTH - 2 * EDGE) / (names.length - 1),
    wide = Math.max(...names.map(lengthOf)),
    // Names stand in turn in so many rows that none touches another, the outer ones being moved into the picture.
    rows = Math.min(names.length, Math.ceil((wide + Math.max(0, wide / 2 - EDGE)) / apart)),
    top = TOP + (rows - 1) * LINE,
    foot = top + low * STEP;
  const x = (i) => EDGE + i * apart,
    y = (rank) => top + Math.min(rank, low) * STEP - STEP / 2;
  const line = (hit) => {
    const points = hit.stages.map(({ name, rank }) => ({ x: x(names.indexOf(name)), y: y(rank), rank }));
    const first = points[0],
      last = points.at(-1);
    return html`<g key=${hit.ref} class=${hit.rank === 1 ? "pl-slope pl-slope-first" : "pl-slope"}
      onClick=${() => openPage(hit)}>
      <title>${hit.ref}</title>
      <polyline points=${points.map((p) => `${p.x},${p.y}`).join(" ")} />
      ${points.map((p) => html`<circle cx=${p.x} cy=${p.y} r="2.6" />`)}
      <text x=${last.x + 8} y=${last.y + 4}>${last.rank}</text>
      ${first.rank < low && html`<text x=${first.x - 8} y=${first.y + 4} text-anchor="end">${first.rank}</text>`}
    </g>`;
  };
  /* Where each stage cut: within the picture it is a line at its rank, beyond it only the number. */
  const cut = ({ name, candidates_in: given, candidates_out: kept }) => {
    const i = names.indexOf(name),
      at = Math.min(kept, low) * STEP + top;
    return i >= 0 && html`<g key=${name}>
      <title>${`kept ${count(kept)} of ${count(given)} pages`}</title>
      <line x1=${x(i) - 14} x2=${x(i) + 14} y1=${at} y2=${at} class="pl-cut" />
      <text x=${x(i)} y=${foot + 18} text-anchor="middle"
        class="pl-slope-name">${`${count(kept)} / ${count(given)}`}</text>
    </g>`;
  };
  const name = (text, i) =>
    html`<text x=${within(text, x(i))} y=${LINE * (1 + (i % rows))} text-anchor="middle" class="pl-slope-name">
      ${text}
    </text>`;
  const beyond = hits.some((hit) => hit.stages[0].rank >= low);
  return html`<section class="pl-card pl-moves" aria-label="How ranks moved">
    <h3>How ranks moved</h3>
    <svg viewBox=${`0 0 ${WIDTH} ${foot + 26}`} class="pl-slopes" role="img"
      aria-label="Rank of each result in each stage; the same numbers stand on the results, behind “Ranks”.">
      ${names.map(name)}${hits.map(line)}
      ${beyond && html`<text x=${x(0) - 8} y=${y(low) + 4} text-anchor="end">${`≥${low}`}</text>`}
      ${result.trace.stages.map(cut)}
    </svg>
  </section>`;
}

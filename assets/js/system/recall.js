/* recall: how much of the exact answer every quicker way still finds. */
import { date, Figures, html, ms, plural } from "../core/core.js";

const KINDS = {
  index: [
    "Indexes",
    "Pooled indexes against exact MaxSim over all vectors: what a first stage loses. “In the best 100” is what a later stage can still put right.",
  ],
  scan: [
    "LanceDB's scan",
    "engine=lance against our kernel, over the same vectors and without any ANN index: both are exact, so less than 1 is a fault.",
  ],
  ann: [
    "Approximate index (ANN)",
    "An IVF index that LanceDB makes of the same vectors, built for this measurement and dropped again: Pagelens searches without one. Not refined, its scores are estimates; refined, the real vectors of the best are compared.",
  ],
};
function Kind({ kind, found }) {
  const [name, about] = KINDS[kind];
  const rows = found.rows.filter((row) => row.kind === kind);
  if (!rows.length) return null;
  const deep = kind === "index";
  const heads = [
    kind === "ann" ? "Index, and how" : "Index",
    `Recall@${found.k}`,
    "Worst query",
    ...(deep ? [`In the best ${found.k * 10}`] : []),
    "Took",
    deep ? "Exact took" : "Our kernel took",
  ];
  const cells = (row) => [
    kind === "ann" ? `${row.index}, ${row.way}` : row.index,
    row.recall.toFixed(3),
    row.least.toFixed(2),
    ...(deep ? [row.deep.toFixed(3)] : []),
    ms(row.ms),
    ms(row.against_ms),
  ];
  return html`<h3>${name}</h3>
    <p class="pl-muted">${about}</p>
    <${Figures} id=${`pl-recall-${kind}`} caption=${name} heads=${heads} rows=${rows.map(cells)} />`;
}
export function Recall({ found }) {
  if (!found)
    return html`<p class="pl-muted">
      Stored vectors are asked as queries, and what every index, LanceDB's own scan and an approximate index of it find is
      held against the exact answer. It takes from seconds to a few minutes.
    </p>`;
  const { made, queries, pages, encoder, notes } = found;
  return html`<p class="pl-muted" id="pl-recall-facts">
      ${`${date(made)}: ${queries} stored pages asked of ${plural(pages, "page")} by ${encoder}. ${notes.join(" ")}`}
    </p>
    ${Object.keys(KINDS).map((kind) => html`<${Kind} key=${kind} kind=${kind} found=${found} />`)}`;
}

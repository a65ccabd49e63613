/* recall: how much of the exact answer every quicker way still finds. */
import { date, Figures, html, ms, plural } from "../core/core.js";

function Kind({ kind: { kind, title, about }, found }) {
  const rows = found.rows.filter((row) => row.kind === kind);
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
  return html`<h3>${title}</h3>
    <p class="pl-muted">${about}</p>
    <${Figures} id=${`pl-recall-${kind}`} caption=${title} heads=${heads} rows=${rows.map(cells)} />`;
}
/* `kinds` are the ways that were measured, in words. */
export function Recall({ found, kinds }) {
  if (!found)
    return html`<p class="pl-muted">
      Stored vectors are asked as queries, and what every index, LanceDB's own scan and an approximate index of it find
      is held against the exact answer. It takes from seconds to a few minutes.
    </p>`;
  const { made, queries, pages, encoder, notes } = found;
  return html`<p class="pl-muted" id="pl-recall-facts">
      ${`${date(made)}: ${queries} stored pages asked of ${plural(pages, "page")} by ${encoder}. ${notes.join(" ")}`}
    </p>
    ${kinds.map((one) => html`<${Kind} key=${one.kind} kind=${one} found=${found} />`)}`;
}

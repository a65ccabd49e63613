/* many: two pipelines over a set of queries; where they differ most comes first. */
import { Button, bytes, count, html, ms, Select, Table, useState } from "../core/core.js";
import { alter, now, openRow } from "./asking.js";
import { differing, mean, queries, signed, taken } from "./figures.js";

const SHOWN = 40;

/* Whose queries are compared; `go` is the button that begins. */
export function Queries({ go }) {
  const { dataset, sets, lines } = now();
  const known = sets.map(({ name, questions }) => [name, `Dataset ${name}: ${queries(questions)}`]);
  return html`<div class="pl-many">
    <div class="pl-many-set">
      <${Select} id="pl-many-set" aria-label="Dataset whose queries are compared" value=${dataset}
        options=${[["", "Queries of your own, one a line"], ...known]} choose=${(name) => alter({ dataset: name })} />
      ${go}
    </div>
    <textarea id="pl-many-lines" class="pl-input pl-many-lines" rows="4" placeholder="One query a line"
      aria-label="Queries to compare, one a line" spellcheck="false" hidden=${Boolean(dataset)} value=${lines}
      onInput=${(event) => alter({ lines: event.target.value })} />
  </div>`;
}
function Facts({ rows, labelled }) {
  const fact = (term, value, title) => html`<div title=${title}><dt>${term}</dt><dd>${value}</dd></div>`;
  const of = (key, all = rows) => mean(all.map((row) => row[key]));
  const took = (side) => {
    const { p50, p95, bytes: read } = taken(rows, `cost_${side}`);
    const cost = "Median without encoding the query; vector bytes read a query";
    return fact(`${side.toUpperCase()} takes`, `${ms(p50)}, p95 ${ms(p95)} · ${bytes(read)}`, cost);
  };
  const gain = "Mean difference of its reciprocal rank, over queries with labels";
  return html`<dl class="pl-many-facts" id="pl-many-facts">
    ${fact("overlap", of("overlap").toFixed(3), "Mean part of the pages that both found")}
    ${fact("rank-biased overlap", of("rbo").toFixed(3), "Mean; the top counts most (p = 0.9)")}
    ${fact("the same in both", `${rows.filter((row) => !row.moved).length} of ${rows.length}`)}
    ${labelled.length > 0 && fact("first relevant page, B − A", signed(of("gain", labelled)), gain)}
    ${took("a")} ${took("b")}
  </dl>`;
}
const rank = (value) => value ?? "none";
const way = (gain) => (gain > 0 ? "pl-up" : gain < 0 ? "pl-down" : "");
const move = (far) => (far ? `${far.page}: ${far.rank_a} → ${far.rank_b}` : "–");
const change = ({ labelled, first_a: a, first_b: b, gain }) =>
  html`<td class=${`pl-num ${way(gain)}`}>${labelled ? `${rank(a)} → ${rank(b)}` : ""}</td>`;
const cells = (row, labelled) => [
  html`<button type="button" class="pl-many-query" onClick=${() => openRow(row)}>${row.query}</button>`,
  html`<span class="pl-many-bar" style=${{ "--part": row.rbo }} aria-hidden="true"></span>${row.rbo.toFixed(3)}`,
  `${row.shared} of ${row.k}`,
  row.moved,
  html`<td class="pl-many-page">${move(row.furthest)}</td>`,
  ...(labelled ? [change(row)] : []),
  `${ms(row.cost_a.ms)}, ${ms(row.cost_b.ms)}`,
];
export function Many({ all: { rows } }) {
  const [whole, setWhole] = useState(false);
  if (!rows.length) return null;
  const labelled = rows.filter((row) => row.labelled),
    some = labelled.length > 0,
    shown = whole ? rows.length : SHOWN;
  const columns = [
    ["Query", ""],
    ["RBO", "pl-num", "Rank-biased overlap: 1 the same order, 0 no page shared; the top counts most"],
    ["In both", "pl-num"],
    ["Moved", "pl-num"],
    ["Moved furthest", ""],
    ...(some ? [["First relevant", "pl-num"]] : []),
    ["Time of A, B", "pl-num"],
  ];
  const row = (one) => ({ key: one.id, cells: cells(one, some) });
  return html`<section class="pl-many-results" id="pl-many">
    <${Facts} rows=${rows} labelled=${labelled} />
    <h3>Where they differ most</h3>
    <${Table} id="pl-many-table" region="Queries and how differently they are answered"
      caption="Queries, those that the two pipelines answer most differently first" columns=${columns}
      rows=${differing(rows).slice(0, shown).map(row)} />
    ${rows.length > shown && html`<${Button} onClick=${() => setWhole(true)}>${`Show all ${count(rows.length)}`}<//>`}
  </section>`;
}

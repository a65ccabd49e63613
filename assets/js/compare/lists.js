/* lists: what both pipelines found, a page a row, with lines from where a page stands in A to where it stands in B. */
import { bytes, ms, score } from "../core/format.js";
import { html } from "../core/html.js";
import { imageUrl } from "../core/server.js";
import { Table } from "../core/table.js";
import { Name } from "../search/results.js";
import { choose } from "./asking.js";
import { line, ROW, verdict } from "./figures.js";

export const Letter = ({ side }) => html`<b class=${`pl-letter pl-letter-${side}`}>${side.toUpperCase()}</b>`;

function Hit({ hit, side, move, chosen }) {
  const [look, words] = verdict(move);
  return html`<li role="presentation">
    <label class="pl-versus-hit">
      <input type="radio" name=${`pl-compare-${side}-page`} value=${hit.page_id} checked=${chosen}
        aria-label=${`Rank ${hit.rank} of ${side.toUpperCase()}: ${hit.document}, page ${hit.number}, ${words}`}
        onChange=${() => choose(side, hit)} />
      <span class="pl-versus-thumb">
        <img alt="" loading="lazy" decoding="async" src=${imageUrl(hit.document, hit.number, hit.page_id, "thumb")} />
      </span>
      <span class="pl-versus-text">
        <span class="pl-hit-name"><span class="pl-rank">${hit.rank}</span><${Name} name=${hit.document} /></span>
        <span class="pl-versus-page">
          <span>${`Page ${hit.number}`}</span>
          <span class="pl-versus-score">
            <span>${hit.scored ? score(hit.score) : "no score"}</span>
            <span class=${`pl-badge pl-${hit.score_kind}`}>${hit.score_kind}</span>
          </span>
        </span>
        <span class=${`pl-versus-move ${look}`}>${words}</span>
      </span>
    </label>
  </li>`;
}
function Side({ side, found, chosen }) {
  const { pipeline, hits } = found[side],
    spent = found[`cost_${side}`];
  const moves = new Map(found.moves.map((move) => [move.page_id, move]));
  return html`<div class="pl-versus-side" data-side=${side}>
    <div class="pl-versus-head">
      <div class="pl-versus-name"><${Letter} side=${side} /><code title=${pipeline}>${pipeline}</code></div>
      <p class="pl-muted pl-num" title="Without encoding the query, which A does for both">
        ${`${ms(spent.ms)}${spent.cold ? ", cold" : ""} · ${bytes(spent.bytes_read)} read`}
      </p>
    </div>
    <ol role="radiogroup" aria-label=${`Pages of ${side.toUpperCase()}; choose one to explain`}>
      ${hits.map(
        (hit) =>
          html`<${Hit} key=${hit.page_id} hit=${hit} side=${side} move=${moves.get(hit.page_id)}
            chosen=${Boolean(chosen[side]) && chosen[side].page_id === hit.page_id} />`,
      )}
    </ol>
  </div>`;
}
function Moves({ found, chosen }) {
  const height = Math.max(found.a.hits.length, found.b.hits.length) * ROW;
  const pages = [chosen.a, chosen.b].filter(Boolean).map((hit) => hit.page_id);
  return html`<svg class="pl-versus-moves" viewBox=${`0 0 100 ${height}`} preserveAspectRatio="none" role="img"
    style=${{ height: `${height}px` }}
    aria-label="Where each page of A stands in B; the same numbers are in the table below.">
    ${found.moves
      .filter((move) => move.difference !== null)
      .map(
        (move) =>
          html`<path key=${move.page_id} d=${line(move)}
            class=${`${verdict(move)[0]}${pages.includes(move.page_id) ? " pl-chosen" : ""}`}>
            <title>${`${move.page}: ${move.rank_a} → ${move.rank_b}`}</title>
          </path>`,
      )}
  </svg>`;
}
const COLUMNS = [["Page", ""], ["Rank in A", "pl-num"], ["Rank in B", "pl-num"], ["From A to B", ""]];
function Twin({ moves }) {
  const rank = (value) => html`<td class="pl-num">${value === null ? "–" : value}</td>`;
  const rows = moves.map((move) => {
    const [look, words] = verdict(move),
      at = move.page.lastIndexOf("#"); // a reference may break before its page number, and had better not within it
    return html`<tr key=${move.page_id}>
      <th scope="row">${move.page.slice(0, at)}<wbr /><span class="pl-num">${move.page.slice(at)}</span></th>
      ${rank(move.rank_a)}${rank(move.rank_b)}
      <td class=${look}>${words}</td>
    </tr>`;
  });
  return html`<details class="pl-twin">
    <summary>Moves as a table</summary>
    <${Table} id="pl-moves" caption="Rank of every page by A and by B" columns=${COLUMNS} rows=${rows} />
  </details>`;
}
export const Lists = ({ found, chosen, stale }) =>
  html`<div class=${stale ? "pl-versus pl-stale" : "pl-versus"} id="pl-versus">
      <${Side} side="a" found=${found} chosen=${chosen} />
      <${Moves} found=${found} chosen=${chosen} />
      <${Side} side="b" found=${found} chosen=${chosen} />
    </div>
    <${Twin} moves=${found.moves} />`;

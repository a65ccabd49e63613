/* lists: what both pipelines found, a page a row, with lines from where a page stands in A to where it stands in B. */
import { bytes, html, imageUrl, ms, Name, score, Table, Twin } from "../core/core.js";
import { choose } from "./asking.js";
import { line, ROW, verdict } from "./figures.js";

export const Letter = ({ side }) => html`<b class=${`pl-letter pl-letter-${side}`}>${side.toUpperCase()}</b>`;

function Hit({ hit, side, move, chosen, several }) {
  const { rank, collection, document, number, page_id: id, score_kind: kind } = hit;
  const [look, words] = verdict(move),
    page = `${document}, page ${number}${several ? ` of ${collection}` : ""}`;
  return html`<li role="presentation">
    <label class="pl-versus-hit">
      <input type="radio" name=${`pl-compare-${side}-page`} value=${id} checked=${chosen} data-step
        aria-label=${`Rank ${rank} of ${side.toUpperCase()}: ${page}, ${words}`}
        onChange=${() => choose(side, hit)} />
      <span class="pl-versus-thumb">
        <img alt="" loading="lazy" decoding="async" src=${imageUrl(document, number, id, "thumb", collection)} />
      </span>
      <span class="pl-versus-text">
        <span class="pl-hit-name"><span class="pl-rank">${rank}</span><${Name} name=${document} tight /></span>
        <span class="pl-versus-page">
          <span>${`Page ${number}`}${several && html` · <span class="pl-hit-where">${collection}</span>`}</span>
          <span class="pl-versus-score">
            <span>${hit.scored ? score(hit.score) : "no score"}</span><span
              class=${`pl-badge pl-${kind}`}>${kind}</span>
          </span>
        </span>
        <span class=${`pl-versus-move ${look}`}>${words}</span>
      </span>
    </label>
  </li>`;
}
/* What ran: of several collections what did in each. */
const pipelineOf = ({ pipeline, answers }) =>
  pipeline || [...new Set(answers.map((one) => one.pipeline).filter(Boolean))].join(" | ");
function Side({ side, found, chosen }) {
  const { hits, answers } = found[side],
    pipeline = pipelineOf(found[side]),
    { ms: took, cold, bytes_read: read } = found[`cost_${side}`];
  const moves = new Map(found.moves.map((move) => [move.page_id, move]));
  const hit = (one) => html`<${Hit} key=${one.page_id} hit=${one} side=${side} move=${moves.get(one.page_id)}
    chosen=${Boolean(chosen[side]) && chosen[side].page_id === one.page_id} several=${Boolean(answers)} />`;
  return html`<div class="pl-versus-side" data-side=${side}>
    <div class="pl-versus-head">
      <div class="pl-versus-name"><${Letter} side=${side} /><code title=${pipeline}>${pipeline}</code></div>
      <p class="pl-muted pl-num" title="Without encoding the query, which A does for both">
        ${`${ms(took)}${cold ? ", cold" : ""} · ${bytes(read)} read`}
      </p>
    </div>
    <ol role="radiogroup" aria-label=${`Pages of ${side.toUpperCase()}; choose one to explain`}>${hits.map(hit)}</ol>
  </div>`;
}
function Moves({ found, chosen }) {
  const height = Math.max(found.a.hits.length, found.b.hits.length) * ROW;
  const pages = [chosen.a, chosen.b].filter(Boolean).map((hit) => hit.page_id);
  const path = (move) => html`<path key=${move.page_id} d=${line(move)}
    class=${`${verdict(move)[0]}${pages.includes(move.page_id) ? " pl-chosen" : ""}`}>
    <title>${`${move.page}: ${move.rank_a} → ${move.rank_b}`}</title>
  </path>`;
  return html`<svg class="pl-versus-moves" viewBox=${`0 0 100 ${height}`} preserveAspectRatio="none" role="img"
    style=${{ height: `${height}px` }}
    aria-label="Where each page of A stands in B; the same numbers are in the table below.">
    ${found.moves.filter((move) => move.difference !== null).map(path)}
  </svg>`;
}
const columns = (several) => [
  ["Page", ""],
  ...(several ? [["Collection", ""]] : []),
  ["Rank in A", "pl-num"],
  ["Rank in B", "pl-num"],
  ["From A to B", ""],
];
function row(move, several) {
  const [look, words] = verdict(move),
    at = move.page.lastIndexOf("#"); // a reference may break before its page number, and had better not within it
  const page = html`${move.page.slice(0, at)}<wbr /><span class="pl-num">${move.page.slice(at)}</span>`;
  const where = several ? [move.collection] : [];
  return [page, ...where, move.rank_a ?? "–", move.rank_b ?? "–", html`<td class=${look}>${words}</td>`];
}
export const Lists = ({ found, chosen, stale }) =>
  html`<div class=${stale ? "pl-versus pl-stale" : "pl-versus"} id="pl-versus">
      <${Side} side="a" found=${found} chosen=${chosen} />
      <${Moves} found=${found} chosen=${chosen} />
      <${Side} side="b" found=${found} chosen=${chosen} />
    </div>
    <${Twin} title="Moves as a table">
      <${Table} id="pl-moves" caption="Rank of every page by A and by B" columns=${columns(found.a.answers)}
        rows=${found.moves.map((move) => row(move, found.a.answers))} />
    <//>`;

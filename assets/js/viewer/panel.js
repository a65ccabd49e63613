/* panel: beside an open page: which words the heat shows and how, what a first stage saw, the score as a ledger, the
   regions that won it, and the page's text. */
import { api, Button, Chip, copy, count, focusQuery, html, Labelled, openPage, percent, plural, Quiet, refOf, score,
  Segments, Select, spaces, state, Table, Tick, useState, Waiting } from "../core/core.js";
import { Cure, readOf } from "../library/again.js";
import * as heat from "./heat.js";
import { judgeable, JudgedPage } from "./judging.js";
import { asksByPicture, SamePicture } from "./points.js";
import { alter, boxAt, encoder as chosenEncoder, highlight, look, pooledView, turn } from "./reading.js";

const SOURCES = { text: "text layer", ocr: "OCR", mixed: "text layer and OCR", none: "none" };
const lit = (box) => ({
  onMouseEnter: () => highlight(box),
  onMouseLeave: () => highlight(null),
  onFocus: () => highlight(box),
  onBlur: () => highlight(null),
});
/* `end` stands at the end of the title's line. */
const Part = ({ title, end, children }) => html`<section class="pl-section">
  ${end ? html`<div class="pl-section-head"><h3>${title}</h3>${end}</div>` : html`<h3>${title}</h3>`}
  ${children}
</section>`;

/* --- heat --------------------------------------------------------------------------------------------------------- */
function Words({ tokens }) {
  const toggle = (t) => (look.chosen.includes(t) ? look.chosen.filter((x) => x !== t) : [...look.chosen, t]);
  const chip = ({ label }, t) => html`<${Chip} key=${t} data-token=${t} aria-pressed=${look.chosen.includes(t)}
    onClick=${() => turn({ chosen: toggle(t) })}>
    ${label}
  <//>`;
  return html`<div class="pl-chips pl-tokens" role="group" aria-label="Query words that the heat shows">
    <${Chip} aria-pressed=${!look.chosen.length} onClick=${() => turn({ chosen: [] })}>All<//>${tokens.map(chip)}
  </div>`;
}
const JOINS = [
  [
    "mean",
    "All words together",
    "The mean similarity over the words, rare ones counting more: its hottest place lies in boxed evidence most often",
  ],
  ["max", "Any one word", "The highest similarity to one of the words, rare ones counting more"],
];
const RANGES = [
  ["page", "Fit to this page", "From the middle value of this page to its highest"],
  ["shared", "Same for all pages", "One fixed range, so that pages can be compared"],
];
function Heat({ why: { query, tokens, tokens_left_out: left }, drawn }) {
  const on = html`<label class="pl-switch">
    <${Tick} id="pl-heat-on" checked=${look.on} tick=${(on) => turn({ on })} /><span>On</span>
  </label>`;
  return html`<${Part} title="Heat" end=${on}>
    <p class="pl-view-query">${query}</p>
    <${Words} tokens=${tokens} />
    ${left > 0 && html`<p class="pl-muted">${left} query words that matter least are left out.</p>`}
    <div class="pl-look">
      <${Labelled} text="Opacity">
        <input type="range" min="0.1" max="1" step="0.05" aria-label="Opacity" value=${look.opacity}
          onInput=${(event) => turn({ opacity: Number(event.target.value) })} />
      <//>
      <${Select} text="Colours" aria-label="Colour scale" options=${Object.keys(heat.looks().colours)}
        value=${look.colour}
          choose=${(colour) => turn({ colour })} />
      <${Segments} label="How several words are joined" name="pl-how" options=${JOINS} value=${look.join}
        choose=${(join) => turn({ join })} />
      <${Segments} label="Range of the colours" name="pl-mode" options=${RANGES} value=${look.range}
        choose=${(range) => turn({ range })} />
    </div>
    <div class="pl-legend">
      <span class="pl-num">${drawn.low.toFixed(2)}</span>
      <i style=${{ background: heat.gradient(look.colour) }}></i>
      <span class="pl-num">${drawn.high.toFixed(2)}</span>
    </div>
  <//>`;
}
function Encoder({ why }) {
  if (spaces().length < 2) return null;
  const choose = (encoder) => {
    turn({ encoder, chosen: [] });
    openPage(state.open);
  };
  return html`<${Part} title="Encoder">
    <${Segments} label="Encoder whose vectors explain the page" name="pl-space"
      options=${spaces().map((one) => one.encoder)} value=${chosenEncoder() || why.encoder} choose=${choose} />
  <//>`;
}
function Pooled({ why }) {
  const view = pooledView();
  const vectors = (of) => of.similarities.shape[1];
  const said = view
    ? `${view.index} keeps ${plural(vectors(view), "vector")} of this page's ${count(vectors(why))}: ` +
      `${score(view.score)} there (approximate), ${score(why.score)} with all (exact).`
    : "What a first stage sees is coarser: choose one to draw its cells over the page.";
  const choose = (pooled) => {
    highlight(null);
    turn({ pooled });
  };
  return html`<${Part} title="What stage 1 saw">
    <${Segments} label="Index drawn over the page" name="pl-pooled"
      options=${[["", "every vector"], ...why.pooled.map((one) => one.index)]} value=${look.pooled} choose=${choose} />
    <p class="pl-muted pl-saw" aria-live="polite">${said}</p>
  <//>`;
}

/* --- score -------------------------------------------------------------------------------------------------------- */
function Row({ row, t, total, reveal }) {
  const { label, weight, box, text, vector, similarity, contribution, share } = row;
  const place = box[2] > box[0] ? box : null; // a token of the model's prompt has none
  const choose = () => {
    turn({ chosen: [t] });
    if (place) reveal(place);
  };
  const off = look.chosen.length > 0 && !look.chosen.includes(t);
  return html`<tr tabindex="0" data-token=${t} class=${off ? "pl-off" : null} ...${lit(place)} onClick=${choose}
    onKeyDown=${(event) => event.key === "Enter" && choose()}>
    <th scope="row">${label}</th>
    <td class="pl-num pl-muted">${weight.toFixed(2)}</td>
    <td class="pl-best" title=${text}>${text || (vector >= 0 ? `vector ${vector + 1}` : "–")}</td>
    <td class="pl-num">${similarity.toFixed(2)}</td>
    <td class="pl-num">${contribution.toFixed(2)}</td>
    <td class="pl-share">
      <span class="pl-share-bar" style=${{ "--share": Math.max(0, share / total) }}></span>
      <span class="pl-num">${percent(share)}</span>
    </td>
  </tr>`;
}
const COLUMNS = [["Query"], ["Weight", "pl-num"], ["Best on page"], ["Sim.", "pl-num"], ["Adds", "pl-num"], ["Share"]];
function Ledger({ why, reveal }) {
  const { ledger, tokens, reranked, shows } = why;
  const at = new Map(tokens.map(({ token }, t) => [token, t]));
  const total = Math.max(0, ...ledger.map((row) => row.share)) || 1;
  const row = (one) =>
    html`<${Row} key=${one.token} row=${one} t=${at.get(one.token)} total=${total} reveal=${reveal} />`;
  const sum = html`<tr>
    <th scope="row" colspan="4">Score: the sum</th><td class="pl-num">${score(why.score)}</td><td></td>
  </tr>`;
  const exact = html`<span class="pl-total">
    <b class="pl-num">${score(why.score)}</b><span class="pl-badge pl-exact">exact</span>
  </span>`;
  return html`<${Part} title="Score, word by word" end=${exact}>
    ${reranked && html`<p class="pl-muted pl-reranked">${reranked}</p>`}
    ${shows?.length > 0 && html`<p class="pl-muted pl-shows">The page shows: ${shows.join(", ")}</p>`}
    <${Table} id="pl-ledger" look="pl-ledger" columns=${COLUMNS} rows=${ledger.map(row)} foot=${sum} />
    <p class="pl-muted">
      Each query word takes its most similar place on the page; weight times similarity is what it adds.
    </p>
  <//>`;
}
/* A region to hand on: where it stands, so that it can be found again, and its text. */
function quote({ box, text, kind }) {
  const edges = box.map((x) => x.toFixed(3)).join(",");
  return `[${refOf(state.page.read)} box=${edges}]\n${text || `(${kind} without text)`}\n`;
}
function Regions({ why: { regions }, reveal, search }) {
  if (!regions.length) return null;
  const act = (icon, word, title, text, go) =>
    html`<${Quiet} icon=${icon} word=${word} label=${`${title}: ${text}`} title=${title} onClick=${go} />`;
  const item = (region) => {
    const { box, text, kind, share } = region,
      name = (text || kind).slice(0, 60);
    return html`<li key=${box.join()}>
      <button type="button" class="pl-region" ...${lit(box)} onClick=${() => reveal(box)}>
        <span class="pl-num">${percent(share)}</span>
        <span><span class="pl-badge">${kind}</span>${` ${text || "(no text)"}`}</span>
      </button>
      ${act("search", "Search", "Search for pages like this part", name, () => search(box))}
      ${act("copy", "Copy", "Copy as evidence, with page and box", name, () => copy(quote(region)))}
    </li>`;
  };
  return html`<${Part} title="Where the score was won" end=${html`<span class="pl-muted">share of the page's</span>`}>
    <ol class="pl-regions">${regions.map(item)}</ol>
  <//>`;
}

/* --- what the model really got of the page: its resized and tiled pictures, or the words that it read ------------- */
/* "13 pictures of 512 × 512", or without a size where they differ. */
function amount(seen) {
  const [size, ...others] = new Set(seen.map((one) => ` of ${one.width} × ${one.height} pixels`));
  const made = seen.length > 1 ? "resized and tiled" : "resized";
  return `${plural(seen.length, "picture")}${others.length ? "" : size}, ${made} by the model's own processor.`;
}
/* A word's vectors share its box: each box is drawn once. */
function places(why) {
  const boxes = heat.boxes(why.boxes),
    all = Array.from({ length: boxes.length / 4 }, (_, j) => boxAt(boxes, j));
  return [...new Map(all.filter((box) => box[2] > box[0]).map((box) => [box.join(), box])).values()];
}
function Tiles({ seen, reveal }) {
  const tile = ({ label, box, picture, width, height }) => html`<li key=${label}>
    <figure>
      <button type="button" aria-label=${`Show ${label} on the page`} onClick=${() => reveal(box)} ...${lit(box)}>
        <img src=${picture} alt=${label} width=${width} height=${height} />
      </button>
      <figcaption>${label}</figcaption>
    </figure>
  </li>`;
  return html`<p class="pl-muted">${amount(seen)}</p><ul class="pl-tiles">${seen.map(tile)}</ul>`;
}
const Read = ({ page, why }) => html`<p class="pl-muted">
  ${why.encoder} reads: it saw the page's ${plural(page.words, "word")}, no picture. The${" "}
  ${plural(places(why).length, "place")} that its vectors stand for are outlined on the page.
</p>`;
function Saw({ page, why, reveal }) {
  const [{ seen, error }, setSeen] = useState({});
  const { kind = "" } = spaces().find((one) => one.encoder === why.encoder) || {};
  async function turned({ target }) {
    if (!target.open) return alter({ words: [] });
    const asked = () => api.get(api.here("/saw"), { page: refOf(page), encoder: why.encoder });
    const found = seen || (await asked().catch((refusal) => setSeen({ error: refusal.message })));
    if (!found) return;
    setSeen({ seen: found });
    if (target.open && !found.length) alter({ words: places(why) });
  }
  return html`<section class="pl-section">
    <details id="pl-saw" onToggle=${turned}>
      <summary>
        <h3>What the model saw</h3>
        <span class="pl-muted">${why.encoder}${kind && `, ${state.overview.kinds[kind] || kind}`}</span>
      </summary>
      <div>
        ${!seen
          ? html`<${Waiting} text="Asking the model's processor" error=${error} />`
          : seen.length
            ? html`<${Tiles} seen=${seen} reveal=${reveal} />`
            : html`<${Read} page=${page} why=${why} />`}
      </div>
    </details>
  </section>`;
}
const readAs = ({ source, quality }) =>
  [SOURCES[source] || source, readOf({ quality: source === "text" && quality === 100 ? null : quality })]
    .filter(Boolean)
    .join(", ");
/* How well it was read, what to make of that, and another way. */
function Hardly({ page: { document: name, page, source: words, notice } }) {
  if (!notice) return null;
  const document = { name, words, verdict: "partly", notices: [{ page }] };
  return html`<div class="pl-note" id="pl-hardly-read"><p>${notice}</p><${Cure} document=${document} /></div>`;
}
const PageText = ({ page, page: { text }, open }) => html`<section class="pl-section">
  <${Hardly} page=${page} />
  <details open=${open}>
    <summary><h3>Page text</h3><span class="pl-muted">${readAs(page)}</span></summary>
    <pre class="pl-text" id="pl-page-text" tabindex="0">${text || "No words were found on this page."}</pre>
  </details>
</section>`;
function Pending({ waiting, error }) {
  const hint = html`<div>
    <p>Search for something to see which parts of this page answer it.</p><${Button} onClick=${focusQuery}>Search<//>
  </div>`;
  return html`<${Part} title=${waiting ? "Heat" : "Nothing searched"}>
    ${waiting || error
      ? html`<${Waiting} text="Comparing the query with every vector of this page" error=${error} />`
      : hint}
  <//>`;
}
/* `drawn` is the heat that is drawn, `reveal(box)` shows a part of the page, `search(box)` asks for pages like it. */
export function Panel({ drawn, reveal, search }) {
  const { read: page, why, waiting, error } = state.page;
  const draw = (dots) => state.page && alter({ dots });
  const same =
    asksByPicture() &&
    html`<${SamePicture} key=${`${refOf(page)} same`} page=${page} reveal=${reveal} draw=${draw} />`;
  if (!why)
    return html`<div class="pl-panel">
      ${same}<${Pending} waiting=${waiting} error=${error} /><${PageText} page=${page} open=${!waiting} />
    </div>`;
  return html`<div class="pl-panel">
    ${same}
    <${Heat} why=${why} drawn=${drawn} />
    <${Encoder} why=${why} />
    ${judgeable() && html`<${JudgedPage} at=${page} />`}
    <${Regions} why=${why} reveal=${reveal} search=${search} />
    <${Ledger} why=${why} reveal=${reveal} />
    <${Pooled} why=${why} />
    <${Saw} key=${refOf(page)} page=${page} why=${why} reveal=${reveal} />
    <${PageText} page=${page} open=${false} />
  </div>`;
}

/* panel: beside an open page: which words the heat shows and how, what a first stage saw, the score as a ledger, the
   regions that won it, and the page's text. */
import { refOf } from "../core/address.js";
import { Button, Chip, Quiet } from "../core/buttons.js";
import { Problem, Waiting } from "../core/empty.js";
import { Labelled, Segments, Select, Tick } from "../core/form.js";
import { count, percent, plural, score } from "../core/format.js";
import { html, useState } from "../core/html.js";
import { focusQuery } from "../core/keys.js";
import { openPage } from "../core/router.js";
import { api } from "../core/server.js";
import { spaces, state } from "../core/store.js";
import { Table } from "../core/table.js";
import { KINDS } from "../models/facts.js";
import { copy } from "../core/clipboard.js";
import * as heat from "./heat.js";
import { JudgedPage } from "./judging.js";
import { asksByPicture, SamePicture } from "./points.js";
import { alter, boxAt, encoder as chosenEncoder, highlight, look, pooledView, turn } from "./reading.js";

const SOURCES = { text: "text layer", ocr: "read by OCR", mixed: "text layer and OCR", none: "none" };
const lit = (box) => ({
  onMouseEnter: () => highlight(box),
  onMouseLeave: () => highlight(null),
  onFocus: () => highlight(box),
  onBlur: () => highlight(null),
});

/* --- heat -------------------------------------------------------------------------------------------------------------------- */
function Words({ why }) {
  const toggle = (t) => (look.chosen.includes(t) ? look.chosen.filter((x) => x !== t) : [...look.chosen, t]);
  return html`<div class="pl-chips pl-tokens" role="group" aria-label="Query words that the heat shows">
    <${Chip} aria-pressed=${!look.chosen.length} onClick=${() => turn({ chosen: [] })}>All<//>
    ${why.tokens.map(
      ({ label }, t) =>
        html`<${Chip} key=${t} data-token=${t} aria-pressed=${look.chosen.includes(t)}
          onClick=${() => turn({ chosen: toggle(t) })}>
          ${label}
        <//>`,
    )}
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
function HeatSection({ why, drawn }) {
  return html`<section class="pl-section">
    <div class="pl-section-head">
      <h3>Heat</h3>
      <label class="pl-switch">
        <${Tick} id="pl-heat-on" checked=${look.on} tick=${(on) => turn({ on })} /><span>On</span>
      </label>
    </div>
    <p class="pl-view-query">${why.query}</p>
    <${Words} why=${why} />
    ${why.tokens_left_out > 0 &&
    html`<p class="pl-muted">${why.tokens_left_out} query words that matter least are left out.</p>`}
    <div class="pl-look">
      <${Labelled} text="Opacity">
        <input type="range" min="0.1" max="1" step="0.05" aria-label="Opacity" value=${look.opacity}
          onInput=${(event) => turn({ opacity: Number(event.target.value) })} />
      <//>
      <${Labelled} text="Colours">
        <${Select} aria-label="Colour scale" options=${Object.keys(heat.looks().colours)} value=${look.colour}
          choose=${(colour) => turn({ colour })} />
      <//>
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
  </section>`;
}
function Encoder({ why }) {
  if (spaces().length < 2) return null;
  const choose = (encoder) => {
    turn({ encoder, chosen: [] });
    openPage(state.open);
  };
  return html`<section class="pl-section">
    <h3>Encoder</h3>
    <${Segments} label="Encoder whose vectors explain the page" name="pl-space"
      options=${spaces().map((one) => one.encoder)} value=${chosenEncoder() || why.encoder} choose=${choose} />
  </section>`;
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
  return html`<section class="pl-section">
    <h3>What stage 1 saw</h3>
    <${Segments} label="Index drawn over the page" name="pl-pooled"
      options=${[["", "every vector"], ...why.pooled.map((one) => one.index)]} value=${look.pooled} choose=${choose} />
    <p class="pl-muted pl-saw" aria-live="polite">${said}</p>
  </section>`;
}

/* --- score -------------------------------------------------------------------------------------------------------------------- */
function Row({ row, t, total, reveal }) {
  const place = row.box[2] > row.box[0] ? row.box : null; // a token of the model's prompt has none
  const choose = () => {
    turn({ chosen: [t] });
    if (place) reveal(place);
  };
  const off = look.chosen.length > 0 && !look.chosen.includes(t);
  return html`<tr tabindex="0" data-token=${t} class=${off ? "pl-off" : null} ...${lit(place)} onClick=${choose}
    onKeyDown=${(event) => event.key === "Enter" && choose()}>
    <th scope="row">${row.label}</th>
    <td class="pl-num pl-muted">${row.weight.toFixed(2)}</td>
    <td class="pl-best" title=${row.text}>${row.text || (row.vector >= 0 ? `vector ${row.vector + 1}` : "–")}</td>
    <td class="pl-num">${row.similarity.toFixed(2)}</td>
    <td class="pl-num">${row.contribution.toFixed(2)}</td>
    <td class="pl-share">
      <span class="pl-share-bar" style=${{ "--share": Math.max(0, row.share / total) }}></span>
      <span class="pl-num">${percent(row.share)}</span>
    </td>
  </tr>`;
}
const COLUMNS = [["Query"], ["Weight", "pl-num"], ["Best on page"], ["Sim.", "pl-num"], ["Adds", "pl-num"], ["Share"]];
function Ledger({ why, reveal }) {
  const at = new Map(why.tokens.map(({ token }, t) => [token, t]));
  const total = why.ledger.reduce((most, row) => Math.max(most, row.share), 0) || 1;
  const rows = why.ledger.map(
    (row) => html`<${Row} key=${row.token} row=${row} t=${at.get(row.token)} total=${total} reveal=${reveal} />`,
  );
  const sum = html`<tr>
    <th scope="row" colspan="4">Score: the sum</th><td class="pl-num">${score(why.score)}</td><td></td>
  </tr>`;
  return html`<section class="pl-section">
    <div class="pl-section-head">
      <h3>Score, word by word</h3>
      <span class="pl-total">
        <b class="pl-num">${score(why.score)}</b><span class="pl-badge pl-exact">exact</span>
      </span>
    </div>
    ${why.reranked && html`<p class="pl-muted pl-reranked">${why.reranked}</p>`}
    ${why.shows?.length > 0 && html`<p class="pl-muted pl-shows">The page shows: ${why.shows.join(", ")}</p>`}
    <${Table} id="pl-ledger" look="pl-ledger" columns=${COLUMNS} rows=${rows} foot=${sum} />
    <p class="pl-muted">
      Each query word takes its most similar place on the page; weight times similarity is what it adds.
    </p>
  </section>`;
}
/* A region to hand on: where it stands, so that it can be found again, and its text. */
function quote(region) {
  const box = region.box.map((x) => x.toFixed(3)).join(",");
  return `[${refOf(state.page.read)} box=${box}]\n${region.text || `(${region.kind} without text)`}\n`;
}
function Regions({ why, reveal, search }) {
  if (!why.regions.length) return null;
  const act = (icon, title, text, go) =>
    html`<${Quiet} icon=${icon} label=${`${title}: ${text}`} title=${title} onClick=${go} />`;
  return html`<section class="pl-section">
    <div class="pl-section-head"><h3>Where the score was won</h3><span class="pl-muted">share of the page's</span></div>
    <ol class="pl-regions">
      ${why.regions.map((region) => {
        const text = (region.text || region.kind).slice(0, 60);
        return html`<li key=${region.box.join()}>
          <button type="button" class="pl-region" ...${lit(region.box)} onClick=${() => reveal(region.box)}>
            <span class="pl-num">${percent(region.share)}</span>
            <span><span class="pl-badge">${region.kind}</span>${` ${region.text || "(no text)"}`}</span>
          </button>
          ${act("search", "Search for pages like this part", text, () => search(region.box))}
          ${act("copy", "Copy as evidence, with page and box", text, () => copy(quote(region)))}
        </li>`;
      })}
    </ol>
  </section>`;
}

/* --- what the model really got of the page: its resized and tiled pictures, or the words that it read ------------------- */
/* "13 pictures of 512 × 512", or without a size where they differ. */
function amount(seen) {
  const sizes = new Set(seen.map((one) => `${one.width} × ${one.height}`));
  const made = seen.length > 1 ? "resized and tiled" : "resized";
  const size = sizes.size === 1 ? ` of ${[...sizes][0]} pixels` : "";
  return `${plural(seen.length, "picture")}${size}, ${made} by the model's own processor.`;
}
/* A word's vectors share its box: each box is drawn once. */
function places(why) {
  const boxes = heat.boxes(why.boxes),
    found = new Map();
  for (let j = 0; 4 * j < boxes.length; j++) {
    const box = boxAt(boxes, j);
    if (box[2] > box[0]) found.set(box.join(), box);
  }
  return [...found.values()];
}
function Tiles({ seen, reveal }) {
  return html`<p class="pl-muted">${amount(seen)}</p>
    <ul class="pl-tiles">
      ${seen.map(
        (one) =>
          html`<li key=${one.label}>
            <figure>
              <button type="button" aria-label=${`Show ${one.label} on the page`} onClick=${() => reveal(one.box)}
                ...${lit(one.box)}>
                <img src=${one.picture} alt=${one.label} width=${one.width} height=${one.height} />
              </button>
              <figcaption>${one.label}</figcaption>
            </figure>
          </li>`,
      )}
    </ul>`;
}
function Saw({ page, why, reveal }) {
  const [seen, setSeen] = useState(null);
  const { kind } = spaces().find((one) => one.encoder === why.encoder) || {};
  async function turned(event) {
    if (!event.target.open) {
      alter({ words: [] });
      return;
    }
    const address = api.collection(state.collection, "/saw");
    const asked = () => api.get(address, { page: refOf(page), encoder: why.encoder });
    const found = seen && !seen.error ? seen : await asked().catch((error) => ({ error: error.message }));
    setSeen(found);
    if (event.target.open && !found.error && !found.length) alter({ words: places(why) });
  }
  const words = () =>
    html`<p class="pl-muted">
      ${why.encoder} reads: it saw the page's ${plural(page.words, "word")}, no picture. The${" "}
      ${plural(places(why).length, "place")} that its vectors stand for are outlined on the page.
    </p>`;
  return html`<section class="pl-section">
    <details id="pl-saw" onToggle=${turned}>
      <summary>
        <h3>What the model saw</h3>
        <span class="pl-muted">${why.encoder}${kind ? `, ${KINDS[kind] || kind}` : ""}</span>
      </summary>
      <div>
        ${!seen
          ? html`<${Waiting} text="Asking the model's processor" />`
          : seen.error
            ? html`<${Problem} text=${seen.error} />`
            : seen.length
              ? html`<${Tiles} seen=${seen} reveal=${reveal} />`
              : words()}
      </div>
    </details>
  </section>`;
}
function PageText({ page, open }) {
  return html`<section class="pl-section">
    <details open=${open}>
      <summary><h3>Page text</h3><span class="pl-muted">${SOURCES[page.source] || page.source}</span></summary>
      <pre class="pl-text" id="pl-page-text" tabindex="0">${page.text || "No words were found on this page."}</pre>
    </details>
  </section>`;
}
function Pending({ waiting, error }) {
  const hint = html`<div>
    <p>Search for something to see which parts of this page answer it.</p><${Button} onClick=${focusQuery}>Search<//>
  </div>`;
  return html`<section class="pl-section">
    <h3>${waiting ? "Heat" : "Nothing searched"}</h3>
    ${error
      ? html`<${Problem} text=${error} />`
      : waiting
        ? html`<${Waiting} text="Comparing the query with every vector of this page" />`
        : hint}
  </section>`;
}
/* `drawn` is the heat that is drawn, `reveal(box)` shows a part of the page, `search(box)` asks for pages like it. */
export function Panel({ drawn, reveal, search }) {
  const { read: page, why, waiting, error } = state.page;
  const same =
    asksByPicture() &&
    html`<${SamePicture} key=${`${refOf(page)} same`} page=${page} reveal=${reveal} draw=${(dots) => state.page && alter({ dots })} />`;
  if (!why)
    return html`<div class="pl-panel">
      ${same}<${Pending} waiting=${waiting} error=${error} /><${PageText} page=${page} open=${!waiting} />
    </div>`;
  return html`<div class="pl-panel">
    ${same}
    <${HeatSection} why=${why} drawn=${drawn} />
    <${Encoder} why=${why} />
    ${state.query && !state.parts.length && html`<${JudgedPage} at=${page} />`}
    <${Regions} why=${why} reveal=${reveal} search=${search} />
    <${Ledger} why=${why} reveal=${reveal} />
    <${Pooled} why=${why} />
    <${Saw} key=${refOf(page)} page=${page} why=${why} reveal=${reveal} />
    <${PageText} page=${page} open=${false} />
  </div>`;
}

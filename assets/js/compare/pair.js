/* pair: the two pages that are chosen: heat beside heat, each by the encoder that decided on its side, and word by word
   why one scores more than the other. */
import { api, html, openPage, parseRef, Problem, Segments, Table, useAnswer, useEffect,
  useState } from "../core/core.js";
import * as heat from "../viewer/heat.js";
import { Heated } from "../viewer/heated.js";
import { signed } from "./figures.js";
import { Letter } from "./lists.js";
/* What searched where a page was found: of several collections, its own. */
const searchedBy = (list, { collection }) => (list.answers || [list]).find((one) => one.collection === collection);
const Figure = ({ side, hit, several, error, drawn }) => html`<figure class="pl-heats-page" data-of=${side}>
  <figcaption>
    <${Letter} side=${side} /><span>${`${hit.document}, page ${hit.number}`}${several && ` of ${hit.collection}`}</span>
    ${error && html`<span class="pl-error" role="alert">${error}</span>`}
  </figcaption>
  <${Heated} document=${hit.document} page=${hit.number} id=${hit.page_id} collection=${hit.collection}
    drawn=${drawn} />
</figure>`;
/* Heat is on one scale for both pages where one encoder made it. */
const alike = (told) => told.every((side) => side.encoder === told[0].encoder);
function scaled(told, word) {
  const look = heat.looks().usual;
  const lists = told.map((side) => heat.combined(side.read, word === "" ? [] : [Number(word)], look.join));
  const shown = told.map((side, i) => [...heat.placed(lists[i], side.read.boxes)]);
  return told.map(({ side, read }, i) => ({
    ...look,
    side,
    list: lists[i],
    places: read.boxes,
    ...heat.bounds(alike(told) ? shown.flat() : shown[i], look),
  }));
}
export function Heats({ found, question, chosen }) {
  const [word, setWord] = useState("");
  const of = ["a", "b"].filter((side) => chosen[side]);
  const { value, stale } = useAnswer(() => {
    const load = async (side) => {
      const { page, collection } = chosen[side],
        { encoder, pipeline } = searchedBy(found[side], chosen[side]);
      const body = { query: question, page, collection, encoder, pipeline };
      const why = await api.layers(body).catch((error) => ({ error: error.message }));
      return { side, encoder, why, error: why.error, read: why.error ? null : heat.read(why) };
    };
    setWord("");
    return Promise.all(of.map(load));
  }, [found, ...of.map((side) => chosen[side].page_id)]);
  const all = value || [],
    told = all.filter((one) => one.read);
  const [shown, setShown] = useState([]);
  useEffect(() => setShown(stale ? [] : scaled(told, word)), [value, stale, word]);
  if (!of.length) return null;
  const one = told.length > 0 && alike(told),
    names = told.map((side) => side.encoder);
  const words = one && !told[0].why.tokens_left_out ? told[0].why.tokens : [];
  const note = one
    ? `Heat by ${names[0]}: ${heat.looks().joins[heat.looks().usual.join]}, on one scale for both pages.`
    : `Heat by ${names.join(" and ")}, each on a scale of its own: their similarities differ.`;
  const figure = (side) => {
    const { error } = (!stale && all.find((one) => one.side === side)) || {};
    return html`<${Figure} key=${side + chosen[side].page} side=${side} hit=${chosen[side]} error=${error}
      several=${found.a.answers} drawn=${shown.find((one) => one.side === side)} />`;
  };
  return html`<section class="pl-card pl-heats" id="pl-heats">
    <div class="pl-heats-words">
      ${words.length > 0 && html`<${Segments} label="Query word whose heat is shown" name="pl-heats-word"
        options=${[["", "all words"], ...words.map((token, i) => [String(i), token.label])]} value=${word}
        choose=${setWord} />`}
    </div>
    <div class="pl-heats-pair">${of.map(figure)}</div>
    <p class="pl-muted pl-heats-note">${told.length ? note : ""}</p>
  </section>`;
}
const COLUMNS = [["Query", ""], ["A, met at", ""], ["B, met at", ""], ["A − B", "pl-num"], ["", "pl-swing-head"]];
const met = ({ contribution, text, box }) =>
  html`<span class="pl-num">${contribution.toFixed(3)}</span><span class="pl-met" title=${text}>
    ${text || `at ${Math.round((box[0] + box[2]) * 50)} %, ${Math.round((box[1] + box[3]) * 50)} %`}
  </span>`;
function Words({ told }) {
  const most = Math.max(...told.rows.map((row) => Math.abs(row.difference)), 1e-9);
  const rows = told.rows.map(({ token, label, a, b, difference }) => {
    const kind = difference < 0 ? "pl-minus" : "pl-plus";
    const swing = html`<i class=${kind} style=${{ "--part": Math.abs(difference) / most }}></i>`;
    const cells = [
      label,
      met(a),
      met(b),
      html`<td class=${`pl-num ${kind}`}>${signed(difference)}</td>`,
      html`<td class="pl-swing" aria-hidden="true">${swing}</td>`,
    ];
    return { key: token, "data-token": token, cells };
  });
  const foot = html`<tr>
    <th scope="row">Score</th>
    <td class="pl-num-left">${told.score_a.toFixed(3)}</td>
    <td class="pl-num-left">${told.score_b.toFixed(3)}</td>
    <td class="pl-num">${signed(told.difference)}</td>
    <td></td>
  </tr>`;
  const caption = "What each query word adds to both pages";
  return html`<${Table} id="pl-contrast-table" caption=${caption} columns=${COLUMNS} rows=${rows} foot=${foot} />`;
}
function Page({ side, told }) {
  const collection = side === "b" ? told.collection_b : told.collection,
    at = { ...parseRef(told[side]), collection };
  return html`<button type="button" class="pl-contrast-page" title=${`Open ${told[side]}`}
    onClick=${() => openPage(at)}>
    <${Letter} side=${side} /><span>${`${at.document}, page ${at.page}`}</span>
    <b class="pl-num">${told[`score_${side}`].toFixed(3)}</b>
  </button>`;
}
function Told({ told }) {
  const { difference } = told,
    winner = difference > 0 ? "A’s page beats B’s" : "B’s page beats A’s";
  const lead = difference ? `Why ${winner} by ${Math.abs(difference).toFixed(3)}` : "Both pages score the same";
  return html`<div class="pl-section-head">
      <h3>${lead}</h3>
      <span class="pl-badge pl-exact">${`exact · ${told.encoder}`}</span>
    </div>
    <div class="pl-contrast-pages"><${Page} side="a" told=${told} /><${Page} side="b" told=${told} /></div>
    <${Words} told=${told} />`;
}
export function Contrast({ found, question, chosen: { a, b } }) {
  const by = [a && searchedBy(found.a, a), b && searchedBy(found.b, b)].filter(Boolean);
  const names = [...new Set(by.map((one) => one.encoder))];
  const [wanted, choose] = useState("");
  const encoder = names.includes(wanted) ? wanted : names[0];
  const differ = a && b && a.page_id !== b.page_id;
  const ask = () =>
    differ &&
    api.post("/contrast", {
      query: question,
      encoder,
      collection: a.collection,
      collection_b: b.collection,
      a: a.page,
      b: b.page,
    });
  const { value, error, stale } = useAnswer(ask, [found, a && a.page_id, b && b.page_id, encoder]);
  if (!a && !b) return null;
  const what =
    a && b ? "The same page is chosen in both lists. Choose another in one of them" : "Choose a page of each list";
  const pending = error
    ? html`<${Problem} text=${error} />`
    : !differ && html`<p class="pl-muted">${what}, to see word by word why one scores more.</p>`;
  return html`<section class=${`pl-card pl-contrast${stale && value ? " pl-stale" : ""}`} id="pl-contrast"
    aria-live="polite">
    ${names.length > 1 && html`<${Segments} label="Encoder whose scores are compared" name="pl-compare-encoder"
      options=${names} value=${encoder} choose=${choose} />`}
    ${differ && value ? html`<${Told} told=${value} />` : html`<h3>Why one page beats another</h3>${pending}`}
  </section>`;
}

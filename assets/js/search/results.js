/* results: the pages found, each with the passage that won, its heat, and why it is here; as a list, a grid or close
   together, and by document where a person likes. Ranks and scores of the stages stand behind a switch. */
import { write } from "../core/address.js";
import { Chip, Quiet } from "../core/buttons.js";
import { Segments } from "../core/form.js";
import { marked, parted, percent, score } from "../core/format.js";
import { html, useEffect, useRef } from "../core/html.js";
import { Icon } from "../core/icons.js";
import { openPage } from "../core/router.js";
import { imageUrl } from "../core/server.js";
import { documents, like, liked, redraw, state } from "../core/store.js";
import { drawSmall } from "../viewer/heat.js";
import { mark, markOf } from "./parts.js";

const LAYOUTS = [["list", "List", "list"], ["grid", "Grid", "grid"], ["compact", "Close together", "rows"]].map(
  ([key, name, icon]) => [key, html`<${Icon} name=${icon} /><span class="pl-sr">${name}</span>`, name],
);
const FIRST = 3; // pages of a document that stand in its group
const look = liked("results", { layout: "list", grouped: false, ranks: false });
const choose = (change) => {
  like("results", Object.assign(look, change));
  redraw();
};

/* --- how results are shown ---------------------------------------------------------------------------------------------- */
export const Looks = () =>
  html`<div class="pl-looks" role="group" aria-label="How results are shown">
    <${Quiet} icon="stack" label="By document" aria-pressed=${look.grouped}
      onClick=${() => choose({ grouped: !look.grouped })} />
    <${Chip} id="pl-ranks" aria-pressed=${look.ranks} title="Rank and score of every stage"
      onClick=${() => choose({ ranks: !look.ranks })}>
      Ranks
    <//>
    <${Segments} label="Layout" name="pl-layout" options=${LAYOUTS} value=${look.layout}
      choose=${(layout) => choose({ layout })} />
  </div>`;

/* --- a result --------------------------------------------------------------------------------------------------------------- */
export function Name({ name }) {
  const [head, tail] = parted(name);
  return html`<span class="pl-long" title=${name}><span>${head}</span><span>${tail}</span></span>`;
}
const hrefOf = (to) => write({ ...state, collection: to.collection || state.collection, view: "page", open: to, dialog: "" });
/* A real link, so that it opens in a tab of its own where a person wants that. */
function PageLink({ to, children, ...more }) {
  const open = (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
    event.preventDefault();
    openPage(to);
  };
  return html`<a href=${hrefOf(to)} onClick=${open} ...${more}>${children}</a>`;
}
function Heat({ passage }) {
  const canvas = useRef(null);
  useEffect(() => {
    if (passage) drawSmall(canvas.current, passage.heat);
  }, [passage]);
  return html`<canvas class="pl-thumb-heat" ref=${canvas} aria-hidden="true" hidden=${!passage}></canvas>`;
}
function Thumb({ at, id, passage }) {
  return html`<span class="pl-thumb">
    <span class="pl-thumb-page">
      <img loading="lazy" decoding="async" alt="" src=${imageUrl(at.document, at.page, id, "thumb", at.collection)} />
      <${Heat} passage=${passage} />
    </span>
  </span>`;
}
/* Why the page is here, in one line. */
function Why({ passage, hit }) {
  if (!passage)
    return state.search.read ? html`<p class="pl-why">${hit.scored === false ? "No vectors of it were compared." : ""}</p>` : null;
  const words = passage.words.map(
    ({ label, share }, i) => html`${i ? ", " : ""}<b>${label}</b>${` ${percent(share)}`}`,
  );
  return html`<p class="pl-why" title="The query words that most of its score comes from">
    ${words.length ? html`Scores by ${words}` : "Nothing of the query is on it."}
  </p>`;
}
function Passage({ passage }) {
  if (!passage) return html`<p class="pl-passage" aria-hidden="true"></p>`;
  if (!passage.text)
    return html`<p class="pl-passage pl-muted">No line of text won; the heat shows where the page answers.</p>`;
  return html`<p class="pl-passage">
    ${marked(passage.text, passage.marks).map(([text, on]) => (on ? html`<mark>${text}</mark>` : text))}
  </p>`;
}
const ABOUT = {
  exact: "The model's own MaxSim over all vectors: the sum, over the query's tokens, of weight times best similarity.",
  approximate: "Stands in for the exact score; the two do not share a scale.",
  model: "The reranker's own score of the query and this page; it has no parts.",
};
function Trail({ hit }) {
  const { stages } = hit;
  const moved = stages.length > 1 ? stages.at(-2).rank - stages.at(-1).rank : null;
  const way = moved > 0 ? "pl-up" : moved < 0 ? "pl-down" : "pl-same";
  const kind = hit.score_kind;
  const about = ABOUT[kind];
  return html`<p class="pl-ranks">
    <span class="pl-score">${hit.scored === false ? "no score" : score(hit.score)}</span>
    <span class=${`pl-badge pl-${kind}`} title=${about}>${kind}</span>
    ${stages.map((stage) => html`<span class="pl-step" key=${stage.name}>
      <span>${stage.name}</span> <b>${stage.rank}</b>
    </span>`)}
    ${moved !== null && html`<span class=${way} title="Against the stage before the last">
      ${moved > 0 ? `▲${moved}` : moved < 0 ? `▼${-moved}` : "="}
    </span>`}
  </p>`;
}
function Votes({ at, marking }) {
  const now = markOf(at);
  const vote = (kind, name, what) =>
    html`<${Quiet} icon=${kind} label=${`${name}: ${at.document}, page ${at.page}`} title=${what} look="pl-vote"
      data-mark=${kind} aria-pressed=${now === kind}
      onClick=${() => {
        mark(at, kind === "good");
        marking();
      }} />`;
  return html`<div class="pl-votes" role="group" aria-label="Mark this page">
    ${vote("good", "Good", "Mark as good: find more like it")}
    ${vote("bad", "Bad", "Mark as bad: find fewer like it")}
  </div>`;
}
/* The pages before and after it in its document, a click away. */
function Neighbours({ at, pages }) {
  const to = (page, text) =>
    page >= 1 &&
    page <= pages &&
    html`<${PageLink} to=${{ ...at, page }} class="pl-neighbour">${text}<//>`;
  return html`<span class="pl-neighbours">
    ${to(at.page - 1, `‹ ${at.page - 1}`)}${to(at.page + 1, `${at.page + 1} ›`)}
  </span>`;
}
/* Of which collection it is, where several were searched, and in which others the same page was found. */
const several = () => Boolean(state.search && state.search.result && state.search.result.answers);
const Where = ({ hit }) =>
  html`<span class="pl-hit-where" title=${hit.also.length ? `Found in ${hit.also.join(", ")}, too` : "Its collection"}>
    ${hit.collection}${hit.also.length > 0 && ` +${hit.also.length}`}
  </span>`;
function Result({ hit, pages, marking, heading = "h3", named = true }) {
  const { collection, document, page } = hit,
    at = { collection, document, page };
  const passage = state.search.passages.get(hit.key);
  const title = html`<${heading} class="pl-hit-title">
    <span class="pl-rank">${hit.rank}</span>
    <${PageLink} to=${at} class="pl-hit-open"
      aria-label=${`Rank ${hit.rank}: ${document}, page ${page}${several() ? ` of ${collection}` : ""}`}>
      ${named && html`<${Name} name=${at.document} />`}<span class="pl-hit-page">${`p. ${page}`}</span>
    <//>
    ${several() && named && html`<${Where} hit=${hit} />`}
  <//>`;
  return html`<li class="pl-hit" data-page=${hit.ref}>
    <${Thumb} at=${at} id=${hit.page_id || ""} passage=${passage} />
    <div class="pl-hit-text">
      ${title}<${Passage} passage=${passage} /><${Why} passage=${passage} hit=${hit} /><${Trail} hit=${hit} />
    </div>
    <div class="pl-hit-acts">
      <${Neighbours} at=${at} pages=${pages} />${!several() && html`<${Votes} at=${at} marking=${marking} />`}
    </div>
  </li>`;
}
/* Documents in the order of their best pages. */
function grouped(hits) {
  const found = new Map();
  for (const hit of hits) {
    const key = JSON.stringify([hit.collection, hit.document]);
    found.set(key, [...(found.get(key) || []), hit]);
  }
  return [...found.values()];
}
function Group({ hits, pages, marking }) {
  const [{ document }] = hits;
  const rest = hits.slice(FIRST);
  return html`<li class="pl-group">
    <h3 class="pl-group-name">
      <${Name} name=${document} />${several() && html`<${Where} hit=${hits[0]} />`}
      <span class="pl-muted">${hits.length > 1 ? `${hits.length} pages` : ""}</span>
    </h3>
    <ol class="pl-hits">
      ${hits.slice(0, FIRST).map((hit) => html`<${Result} key=${hit.key} hit=${hit} pages=${pages} marking=${marking}
        heading="h4" named=${false} />`)}
    </ol>
    ${rest.length > 0 && html`<p class="pl-group-rest">
      Also ${rest.map((hit) => html`<${PageLink} key=${hit.key} to=${hit} class="pl-chip">${`p. ${hit.page}`}<//> `)}
    </p>`}
  </li>`;
}
export function Results({ marking }) {
  const { result, stale } = state.search || {};
  const hits = (result && result.hits) || [];
  const lengths = new Map(documents().map((one) => [one.name, one.pages]));
  const lengthOf = ({ collection, document }) => (collection === state.collection ? lengths.get(document) : 0);
  const classes = ["pl-hits", `pl-as-${look.layout}`, look.ranks && "pl-with-ranks", stale && "pl-stale"];
  const one = (hit) =>
    html`<${Result} key=${hit.key} hit=${hit} pages=${lengthOf(hit)} marking=${marking} />`;
  const many = (found) =>
    html`<${Group} key=${`${found[0].collection}/${found[0].document}`} hits=${found} pages=${lengthOf(found[0])}
      marking=${marking} />`;
  return html`<ol class=${classes.filter(Boolean).join(" ")} id="pl-results" aria-label="Results" hidden=${!hits.length}>
    ${look.grouped ? grouped(hits).map(many) : hits.map(one)}
  </ol>`;
}

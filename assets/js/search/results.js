/* results: the pages found, each with the passage that won, its heat, and why it is here; as a list, a grid or close
   together, and by document where a person likes. Ranks and scores of the stages stand behind a switch. */
import { Chip, documents, html, Icon, imageUrl, like, liked, marked, Name, openPage, percent, Quiet, redraw, score,
  Segments, state, useEffect, useRef, write } from "../core/core.js";
import { drawSmall } from "../viewer/heat.js";
import { leave, rest } from "../viewer/reading.js";
import { stageAbout } from "./cost.js";
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
export const Looks = () => html`<div class="pl-looks" role="group" aria-label="How results are shown">
  <${Chip} aria-pressed=${look.grouped} onClick=${() => choose({ grouped: !look.grouped })}>By document<//>
  <${Chip} id="pl-ranks" aria-pressed=${look.ranks} title="Rank and score of every stage"
    onClick=${() => choose({ ranks: !look.ranks })}>
    Ranks
  <//>
  <${Segments} label="Layout" name="pl-layout" options=${LAYOUTS} value=${look.layout}
    choose=${(layout) => choose({ layout })} />
</div>`;
/* A real link, so that it opens in a tab of its own where a person wants that. */
function PageLink({ to, children, ...more }) {
  const open = (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
    event.preventDefault();
    openPage(to);
  };
  const place = { ...state, collection: to.collection || state.collection, view: "page", open: to, dialog: "" };
  return html`<a href=${write(place)} onClick=${open} ...${more}>${children}</a>`;
}
function Thumb({ at, id, passage }) {
  const canvas = useRef(null);
  useEffect(() => {
    if (passage) drawSmall(canvas.current, passage.heat);
  }, [passage]);
  return html`<span class="pl-thumb">
    <span class="pl-thumb-page">
      <img loading="lazy" decoding="async" alt="" src=${imageUrl(at.document, at.page, id, "thumb", at.collection)} />
      <canvas class="pl-thumb-heat" ref=${canvas} aria-hidden="true" hidden=${!passage}></canvas>
    </span>
  </span>`;
}
/* Why the page is here, in one line. */
function Why({ passage, hit }) {
  if (!passage && !state.search.read) return null;
  if (!passage) return html`<p class="pl-why">${hit.scored === false ? "No vectors of it were compared." : ""}</p>`;
  const word = ({ label, share }, i) => html`${i > 0 && ", "}<span><b>${label}</b>${` ${percent(share)}`}</span>`;
  const words = passage.words.map(word);
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
function Trail({ hit: { stages, score_kind: kind, scored, score: value } }) {
  const moved = stages.length > 1 ? stages.at(-2).rank - stages.at(-1).rank : null;
  const [way, words] = moved > 0 ? ["up", `▲${moved}`] : moved < 0 ? ["down", `▼${-moved}`] : ["same", "="];
  return html`<p class="pl-ranks">
    <span class="pl-score">${scored === false ? "no score" : score(value)}</span>
    <span class=${`pl-badge pl-${kind}`} title=${ABOUT[kind]}>${kind}</span>
    ${stages.map((stage) => html`<span class="pl-step" key=${stage.name} title=${stageAbout(stage.name)}>
      <span>${stage.name}</span> <b>${stage.rank}</b>
    </span>`)}
    ${moved !== null && html`<span class=${`pl-${way}`} title="Against the stage before the last">${words}</span>`}
  </p>`;
}
function Votes({ at, marking }) {
  const vote = (kind, name, what) => {
    const go = () => {
      mark(at, kind === "good");
      marking();
    };
    return html`<${Quiet} icon=${kind} label=${`${name}: ${at.document}, page ${at.page}`} title=${what} look="pl-vote"
      data-mark=${kind} aria-pressed=${markOf(at) === kind} onClick=${go} />`;
  };
  return html`<div class="pl-votes" role="group" aria-label="Mark this page">
    ${vote("good", "Good", "Mark as good: find more like it")}
    ${vote("bad", "Bad", "Mark as bad: find fewer like it")}
  </div>`;
}
/* The pages before and after it in its document, a click away. */
function Neighbours({ at, pages }) {
  const to = (page, text) =>
    page >= 1 && page <= pages && html`<${PageLink} to=${{ ...at, page }} class="pl-neighbour">${text}<//>`;
  return html`<span class="pl-neighbours">
    ${to(at.page - 1, `‹ ${at.page - 1}`)}${to(at.page + 1, `${at.page + 1} ›`)}
  </span>`;
}
/* Of which collection it is, where several were searched, and in which others the same page was found. */
const several = () => Boolean(state.search && state.search.result && state.search.result.answers);
const Where = ({ hit: { also, collection } }) =>
  several() && html`<span class="pl-hit-where"
    title=${also.length ? `Found in ${also.join(", ")}, too` : "Its collection"}>
    ${collection}${also.length > 0 && ` +${also.length}`}
  </span>`;
function Result({ hit, pages, marking, heading = "h3", named = true }) {
  const { collection, document, page } = hit,
    at = { collection, document, page };
  const passage = state.search.passages.get(hit.key);
  return html`<li class="pl-hit" data-page=${hit.ref}>
    <${Thumb} at=${at} id=${hit.page_id || ""} passage=${passage} />
    <div class="pl-hit-text">
      <${heading} class="pl-hit-title">
        <span class="pl-rank">${hit.rank}</span>
        <${PageLink} to=${at} class="pl-hit-open" data-step onPointerEnter=${() => rest(hit)} onPointerLeave=${leave}
          onFocus=${() => rest(hit)} onBlur=${leave}
          aria-label=${`Rank ${hit.rank}: ${document}, page ${page}${several() ? ` of ${collection}` : ""}`}>
          ${named && html`<${Name} name=${document} tight=${look.layout !== "list"} />`}<span
            class="pl-hit-page">${`p. ${page}`}</span>
        <//>
        ${named && html`<${Where} hit=${hit} />`}
      <//>
      <${Passage} passage=${passage} /><${Why} passage=${passage} hit=${hit} /><${Trail} hit=${hit} />
    </div>
    <div class="pl-hit-acts">
      <${Neighbours} at=${at} pages=${pages} />${!several() && html`<${Votes} at=${at} marking=${marking} />`}
    </div>
  </li>`;
}
function Group({ hits, ...more }) {
  const [first, ...others] = hits,
    rest = hits.slice(FIRST),
    pages = others.length ? `${hits.length} pages` : "";
  const label = [first.document, several() && first.collection, pages].filter(Boolean).join(", ");
  return html`<li class="pl-group">
    <h3 class="pl-group-name" aria-label=${label}>
      <${Name} name=${first.document} /><${Where} hit=${first} /><span class="pl-muted">${pages}</span>
    </h3>
    <ol class="pl-hits">
      ${hits.slice(0, FIRST).map((hit) => html`<${Result} key=${hit.key} hit=${hit} heading="h4" named=${false}
        ...${more} />`)}
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
  /* Documents in the order of their best pages. */
  const grouped = () => [...Map.groupBy(hits, ({ collection, document }) => `${collection}/${document}`)];
  const shown = look.grouped
    ? grouped().map(([key, found]) => html`<${Group} key=${key} hits=${found} pages=${lengthOf(found[0])}
        marking=${marking} />`)
    : hits.map((hit) => html`<${Result} key=${hit.key} hit=${hit} pages=${lengthOf(hit)} marking=${marking} />`);
  return html`<ol class=${classes.filter(Boolean).join(" ")} id="pl-results" aria-label="Results"
    hidden=${!hits.length}>
    ${shown}
  </ol>`;
}

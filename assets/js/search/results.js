/* results: the pages found, each with the passage that won, its heat, and why it is here; as a list, a grid or close
   together, and by document where a person likes. Ranks and scores of the stages stand behind a switch. */
import { write } from "../core/address.js";
import { marked, parted, percent, score } from "../core/format.js";
import { html, useEffect, useRef } from "../core/html.js";
import { Icon } from "../core/icons.js";
import { openPage } from "../core/router.js";
import { imageUrl } from "../core/server.js";
import { like, liked, redraw, state } from "../core/store.js";
import { drawSmall } from "../viewer/heat.js";
import { mark, markOf } from "./parts.js";

const LAYOUTS = [
  ["list", "List", "list"],
  ["grid", "Grid", "grid"],
  ["compact", "Close together", "rows"],
];
const FIRST = 3; // pages of a document that stand in its group
const look = liked("results", { layout: "list", grouped: false, ranks: false });
export const choose = (change) => {
  like("results", Object.assign(look, change));
  redraw();
};

/* --- how results are shown ---------------------------------------------------------------------------------------------- */
export const Looks = () =>
  html`<div class="pl-looks" role="group" aria-label="How results are shown">
    <button
      type="button"
      class="pl-quiet"
      aria-pressed=${String(look.grouped)}
      aria-label="By document"
      title="By document"
      onClick=${() => choose({ grouped: !look.grouped })}
    >
      <${Icon} name="stack" />
    </button>
    <button
      type="button"
      class="pl-chip"
      id="pl-ranks"
      aria-pressed=${String(look.ranks)}
      title="Rank and score of every stage"
      onClick=${() => choose({ ranks: !look.ranks })}
    >
      Ranks
    </button>
    <div class="pl-segments" role="radiogroup" aria-label="Layout">
      ${LAYOUTS.map(
        ([key, name, icon]) =>
          html`<label key=${key} title=${name}>
            <input
              type="radio"
              name="pl-layout"
              value=${key}
              aria-label=${name}
              checked=${look.layout === key}
              onChange=${() => choose({ layout: key })}
            />
            <span><${Icon} name=${icon} /></span>
          </label>`,
      )}
    </div>
  </div>`;

/* --- a result --------------------------------------------------------------------------------------------------------------- */
export function Name({ name }) {
  const [head, tail] = parted(name);
  return html`<span class="pl-long" title=${name}><span>${head}</span><span>${tail}</span></span>`;
}
const hrefOf = (to) => write({ ...state, view: "page", open: to, dialog: "" });
/* A real link, so that it opens in a tab of its own where a person wants that. */
export function PageLink({ to, children, ...more }) {
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
      <img loading="lazy" decoding="async" alt="" src=${imageUrl(at.document, at.page, id, "thumb")} />
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
    ${stages.map((stage) => html`<span class="pl-step" key=${stage.name}><span>${stage.name}</span> <b>${stage.rank}</b></span>`)}
    ${
      moved !== null &&
      html`<span class=${way} title="Against the stage before the last"
        >${moved > 0 ? `▲${moved}` : moved < 0 ? `▼${-moved}` : "="}</span
      >`
    }
  </p>`;
}
function Votes({ at, marking }) {
  const now = markOf(at);
  const vote = (kind, name, what) =>
    html`<button
      type="button"
      class="pl-quiet pl-vote"
      data-mark=${kind}
      aria-pressed=${String(now === kind)}
      title=${what}
      aria-label=${`${name}: ${at.document}, page ${at.page}`}
      onClick=${() => {
        mark(at, kind === "good");
        marking();
      }}
    >
      <${Icon} name=${kind} />
    </button>`;
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
    html`<${PageLink} to=${{ document: at.document, page }} class="pl-neighbour">${text}<//>`;
  return html`<span class="pl-neighbours">${to(at.page - 1, `‹ ${at.page - 1}`)}${to(at.page + 1, `${at.page + 1} ›`)}</span>`;
}
function Result({ hit, pages, marking, heading = "h3", named = true }) {
  const at = { document: hit.document, page: hit.page };
  const passage = state.search.passages.get(hit.ref);
  const title = html`<${heading} class="pl-hit-title">
    <span class="pl-rank">${hit.rank}</span>
    <${PageLink} to=${at} class="pl-hit-open" aria-label=${`Rank ${hit.rank}: ${at.document}, page ${at.page}`}>
      ${named && html`<${Name} name=${at.document} />`}<span class="pl-hit-page">${`p. ${at.page}`}</span>
    <//>
  <//>`;
  return html`<li class="pl-hit" data-page=${hit.ref}>
    <${Thumb} at=${at} id=${hit.page_id || ""} passage=${passage} />
    <div class="pl-hit-text">
      ${title}<${Passage} passage=${passage} /><${Why} passage=${passage} hit=${hit} /><${Trail} hit=${hit} />
    </div>
    <div class="pl-hit-acts"><${Neighbours} at=${at} pages=${pages} /><${Votes} at=${at} marking=${marking} /></div>
  </li>`;
}
/* Documents in the order of their best pages. */
function grouped(hits) {
  const found = new Map();
  for (const hit of hits) {
    found.set(hit.document, [...(found.get(hit.document) || []), hit]);
  }
  return [...found];
}
function Group({ document, hits, pages, marking }) {
  const rest = hits.slice(FIRST);
  return html`<li class="pl-group">
    <h3 class="pl-group-name"><${Name} name=${document} /><span class="pl-muted">${hits.length > 1 ? `${hits.length} pages` : ""}</span></h3>
    <ol class="pl-hits">
      ${hits.slice(0, FIRST).map((hit) => html`<${Result} key=${hit.ref} hit=${hit} pages=${pages} marking=${marking} heading="h4" named=${false} />`)}
    </ol>
    ${
      rest.length > 0 &&
      html`<p class="pl-group-rest">
        Also ${rest.map((hit) => html`<${PageLink} key=${hit.ref} to=${hit} class="pl-chip">${`p. ${hit.page}`}<//> `)}
      </p>`
    }
  </li>`;
}
export function Results({ marking }) {
  const hits = (state.search && state.search.result && state.search.result.hits) || [];
  const lengths = new Map(((state.details && state.details.documents) || []).map((one) => [one.name, one.pages]));
  const classes = ["pl-hits", `pl-as-${look.layout}`, look.ranks && "pl-with-ranks", state.search && state.search.stale && "pl-stale"];
  const one = (hit) =>
    html`<${Result} key=${hit.ref} hit=${hit} pages=${lengths.get(hit.document)} marking=${marking} />`;
  const many = ([document, found]) =>
    html`<${Group} key=${document} document=${document} hits=${found} pages=${lengths.get(document)} marking=${marking} />`;
  return html`<ol class=${classes.filter(Boolean).join(" ")} id="pl-results" aria-label="Results" hidden=${!hits.length}>
    ${look.grouped ? grouped(hits).map(many) : hits.map(one)}
  </ol>`;
}

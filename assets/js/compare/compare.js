/* compare: one query, or many, by two pipelines: both lists, the moves between them, the heat of a pair of pages. */
import { Button, Code, count, Empty, Form, html, Problem, QueryLine, Segments, Select, Spinner, state,
  ToLibrary } from "../core/core.js";
import { SearchIn } from "../search/across.js";
import { alter, compare, now, presetOf, presets, stop, textOf, turn } from "./asking.js";
import { queries } from "./figures.js";
import { Letter, Lists } from "./lists.js";
import { Many, Queries } from "./many.js";
import { Contrast, Heats } from "./pair.js";
function Choice({ side }) {
  const letter = side.toUpperCase();
  const preset = (name) => {
    if (!name) return document.getElementById(`pl-compare-${side}`).focus();
    alter({ [side]: presets()[name] });
    return compare();
  };
  return html`<div class="pl-compare-choice">
    <${Letter} side=${side} />
    <${Select} id=${`pl-compare-preset-${side}`} aria-label=${`Preset of ${letter}`}
      options=${[...Object.keys(presets()), ["", "own pipeline"]]} value=${presetOf(side)} choose=${preset} />
    <${Code} id=${`pl-compare-${side}`} aria-label=${`Pipeline ${letter}`} value=${textOf(side)}
      placeholder="what is best for the collection"
      write=${(text) => alter({ [side]: text })} />
  </div>`;
}
function Asking({ many }) {
  const go = html`<${Button} icon="search" look="pl-primary pl-go" type="submit">Compare<//>`;
  const write = (text) => {
    state.draft = text;
    now().filter = "";
  };
  return html`<${Form} class="pl-query" role="search" submit=${compare}>
    <${Segments} label="What is compared" name="pl-compare-mode"
      options=${[["one", "One query"], ["many", "Many queries"]]} value=${many ? "many" : "one"}
      choose=${(mode) => turn(mode === "many")} />
    ${many
      ? html`<${Queries} go=${go} />`
      : html`<${QueryLine} id="pl-compare-query" label="Query to compare" write=${write} go=${go} />`}
    <div class="pl-compare-choices"><${Choice} side="a" /><${Choice} side="b" /></div>
    ${!many && html`<div class="pl-query-row"><${SearchIn} id="pl-compare" ask=${compare} /></div>`}
    ${many && state.across.length > 0 && html`<p class="pl-muted" id="pl-compare-in">
      Many queries are compared in one collection, ${state.collection}: the answers of a dataset are known of one.
    </p>`}
  <//>`;
}
/* What a list has to be read with: its notes, or what each of several collections says. */
function told({ notes, answers, statement }, letter) {
  if (!answers) return notes;
  const said = ({ collection, reason, notes: all }) =>
    [reason, ...all].filter(Boolean).map((text) => `${collection}: ${text}`);
  return [...(statement ? [`${letter}: ${statement}`] : []), ...answers.flatMap(said)];
}
const note = (text) => html`<span class="pl-note">${text}</span>`;
function OfOne({ one: { running, found, filter } }) {
  if (running) return html`<${Spinner} />Searching by both`;
  return html`<span>
    <b id="pl-overlap">${`${found.shared} of ${found.k}`}</b>${` in both (overlap ${found.overlap.toFixed(2)})`}
  </span>
    <span title="Rank-biased overlap: 1 the same order, 0 no page shared; the top counts most (p = 0.9).">
      Rank-biased overlap <b id="pl-rbo">${found.rbo.toFixed(3)}</b>
    </span>
    ${filter && html`<span>where <code>${filter}</code></span>`}
    ${[...new Set([...told(found.a, "A"), ...told(found.b, "B")])].map(note)}`;
}
const OfMany = ({ all: { running, done, total, rows, refused } }) => html`${running && html`<${Spinner} />`}
  <span>${running ? `${count(done)} of ${queries(total)}` : queries(rows.length)}</span>
  ${running && html`<${Button} onClick=${stop}>Stop<//>`}
  ${Object.entries(refused).map(([id, why]) => note(`Query ${id}: ${why}`))}`;
function Status({ many, one, all }) {
  const told = many ? all : one;
  return html`<div class="pl-status" role="status" aria-live="polite"
    data-complete=${told ? (told.running ? "no" : "yes") : null}>
    ${told && (many ? html`<${OfMany} all=${all} />` : html`<${OfOne} one=${one} />`)}
  </div>`;
}
function Blank({ many, found, error }) {
  if (error) return html`<${Empty} title="That comparison did not run"><${Problem} text=${error} /><//>`;
  if (found) return html`<${Empty} title="No page fits"><p>Neither pipeline found a candidate.</p><//>`;
  if ((many || !state.across.length) && !(state.details && state.details.collection.pages))
    return html`<${Empty} title="This collection is empty">
      <p>Add documents first, then compare two ways of searching them here.</p><${ToLibrary} />
    <//>`;
  return many
    ? html`<${Empty} title="Ask many, see where it matters">
        <p>Every query runs by both pipelines; those that they answer most differently come first.</p>
      <//>`
    : html`<${Empty} title="Ask once, search twice">
        <p>The same query runs by both pipelines: what both find, where their orders part, what each took.</p>
      <//>`;
}
export function Compare() {
  const { many, one, all, error } = now();
  const { found, running, question, chosen } = (!many && one) || {};
  const pair = { found, question, chosen };
  const any = found && found.moves.length > 0;
  const shown = many ? all : any || running;
  return html`<div class="pl-compare">
    <h2 class="pl-sr">Two pipelines</h2>
    <${Asking} many=${many} />
    <${Status} many=${many} one=${one} all=${all} />
    ${(!shown || error) && html`<${Blank} many=${many} found=${found} error=${error} />`}
    ${many && all && html`<${Many} all=${all} />`}
    ${any && html`<${Lists} found=${found} chosen=${chosen} stale=${running} />
      <${Heats} ...${pair} /><${Contrast} ...${pair} />`}
  </div>`;
}

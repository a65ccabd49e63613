/* question: one question of a record: what should be found, what was, tags and a note, and the ways on. */
import { api, Button, Form, html, imageUrl, Input, Known, Link, mayEdit, showTab, useAnswer, useId, useState,
  Waiting } from "../core/core.js";
import { askAnew } from "../search/run.js";
import { Judging } from "../viewer/judging.js";
import { note, now, questionAt, system } from "./reading.js";
import { placeOf, review } from "./review.js";
import { pointed, tagsOf, worst } from "./words.js";

/* The search that the question was, or another; the page that was expected goes with it. */
async function search({ collection, query, filter }, pipeline, fate) {
  showTab("search");
  await askAnew({ collection, query, filter, pipeline, expected: placeOf(fate) });
}
/* `found` is the question's own record, `at` a page of it; `fate` what became of it, where it should be found. */
function Card({ found, at, fate }) {
  const [judged, setJudged] = useState(found.judged);
  const { collection, version, query } = found,
    { page, document, number } = at,
    grade = found.grades[page],
    there = placeOf(at) && !found.gone;
  const label = grade > 0 && !fate && (grade > 1 ? `label: relevant, ${grade}` : "label: relevant");
  return html`<li class=${grade > 0 ? "pl-relevant" : ""}>
    ${there
      ? html`<button type="button" class="pl-failure-thumb" aria-label=${`Open ${document}, page ${number}`}
        onClick=${() => review(found.question, placeOf(at))}>
          <img alt="" loading="lazy" decoding="async" src=${imageUrl(document, number, version, "thumb", collection)} />
        </button>`
      : html`<span class="pl-failure-thumb"></span>`}
    <div class="pl-failure-about">
      <b title=${page}>${document || page}</b>
      ${document && html`<span class="pl-muted">${`Page ${number}`}</span>`}
      <span>${at.said}</span>
      ${label && html`<span class="pl-badge">${label}</span>`}
      ${fate && fate.cause && html`<span class="pl-cause">${fate.cause}</span>`}
      ${fate && found.boxes[page] && html`<span class="pl-muted">${pointed(found.boxes[page])}</span>`}
      ${fate && fate.cure &&
      html`<${Link} onClick=${() => search(found, fate.cure, fate)}>${`Search with ${fate.cure}`}<//>`}
      ${there &&
      html`<${Judging} query=${query} collection=${collection} document=${document} number=${number}
        grade=${judged[page]} onchange=${setJudged} />`}
    </div>
  </li>`;
}
/* Tags and a note about a question, kept beside the record. */
export function Noting({ evaluation, outcome: { question, note: kept } }) {
  const [tags, setTags] = useState(kept.tags.join(", "));
  const [text, setText] = useState(kept.text);
  const list = useId();
  if (!mayEdit()) return html`<p class="pl-muted">${[...kept.tags, kept.text].filter(Boolean).join(", ")}</p>`;
  const keep = () => note(evaluation, question, tags.split(",").filter((tag) => tag.trim()), text);
  return html`<${Form} class="pl-noting" submit=${keep}>
    <${Input} text="Tags" value=${tags} write=${setTags} placeholder="pooling, wrong label" list=${list}
      maxlength="300" />
    <${Input} text="Note" value=${text} write=${setText} placeholder="What is wrong here" maxlength="2000" />
    <${Known} id=${list} texts=${tagsOf(now().outcomes || [])} />
    <${Button} icon="plus" look="pl-small" type="submit">Keep<//>
  <//>`;
}
const Cards = ({ title, all }) => html`<section><h4>${title}</h4><ul class="pl-failure-pages">${all}</ul></section>`;
export function Question({ outcome }) {
  const { evaluation, name, pipeline } = system();
  const address = questionAt(outcome.question);
  const { value: found, error } = useAnswer(() => api.get(address), [address]);
  if (!found) return error ? html`<${Waiting} error=${error} />` : html`<p class="pl-muted">Reading the record</p>`;
  const { top } = found.pipelines.find((one) => one.name === name);
  const expected = worst(outcome);
  const button = (text, act) => html`<${Button} look="pl-small" onClick=${act}>${text}<//>`;
  return html`<div class="pl-row">
      ${found.gone
        ? html`<p class="pl-error">${`The collection ${found.collection} is gone, so its pages cannot be shown.`}</p>`
        : [
            button("Open in Search", () => search(found, pipeline, expected)),
            placeOf(expected) &&
              button("Open the page and its heat", () => review(found.question, placeOf(expected))),
          ]}
    </div>
    <${Cards} title="Should be found"
      all=${outcome.pages.map((fate) => html`<${Card} key=${fate.page} found=${found} at=${fate} fate=${fate} />`)} />
    <${Cards} title=${top.length ? "Found" : "Nothing was found"}
      all=${top.map((hit) => html`<${Card} key=${hit.page} found=${found} at=${hit} />`)} />
    <${Noting} key=${outcome.question} evaluation=${evaluation} outcome=${outcome} />`;
}

/* question: one question of a record: what should be found, what was, tags and a note, and the ways on. */
import { useAnswer } from "../core/answer.js";
import { Button, Link } from "../core/buttons.js";
import { failed } from "../core/dialogs.js";
import { Problem } from "../core/empty.js";
import { Input, Known, Labelled } from "../core/form.js";
import { html, useId, useState } from "../core/html.js";
import { showTab } from "../core/router.js";
import { api, imageUrl } from "../core/server.js";
import { askAnew } from "../search/run.js";
import { Judging } from "../viewer/judging.js";
import { note, now, system } from "./reading.js";
import { placeOf, review } from "./review.js";
import { pointed, standing, tagsOf, told, worst } from "./words.js";

/* The search that the question was, or another; the page that was expected goes with it. */
async function search(found, pipeline, fate) {
  const { collection, query, filter } = found;
  showTab("search");
  await askAnew({ collection, query, filter, pipeline, expected: fate ? placeOf(fate) : null });
}
/* `found` is the question's own record, `at` a page of it; `fate` what became of it, where it should be found. */
function Card({ found, at, fate }) {
  const [judged, setJudged] = useState(found.judged);
  const grade = found.grades[at.page],
    there = at.document && !found.gone && at.state !== "absent",
    { collection, version } = found;
  const label = grade > 0 && !fate && (grade > 1 ? `label: relevant, ${grade}` : "label: relevant");
  return html`<li class=${grade > 0 ? "pl-relevant" : ""}>
    ${there
      ? html`<button type="button" class="pl-failure-thumb" aria-label=${`Open ${at.document}, page ${at.number}`}
        onClick=${() => review(found.question, placeOf(at))}>
          <img alt="" loading="lazy" decoding="async" src=${imageUrl(at.document, at.number, version, "thumb", collection)} />
        </button>`
      : html`<span class="pl-failure-thumb"></span>`}
    <div class="pl-failure-about">
      <b title=${at.page}>${at.document || at.page}</b>
      ${at.document && html`<span class="pl-muted">${`Page ${at.number}`}</span>`}
      <span>${fate ? told(fate, system().stages) : standing(at)}</span>
      ${label && html`<span class="pl-badge">${label}</span>`}
      ${fate && fate.cause && html`<span class="pl-cause">${fate.cause}</span>`}
      ${fate && found.boxes[at.page] && html`<span class="pl-muted">${pointed(found.boxes[at.page])}</span>`}
      ${fate && fate.cure &&
      html`<${Link} onClick=${() => search(found, fate.cure, fate)}>${`Search with ${fate.cure}`}<//>`}
      ${there &&
      html`<${Judging} query=${found.query} collection=${collection} document=${at.document} number=${at.number}
        grade=${judged[at.page]} onchange=${setJudged} />`}
    </div>
  </li>`;
}
/* Tags and a note about a question, kept beside the record. */
export function Noting({ evaluation, outcome }) {
  const [tags, setTags] = useState(outcome.note.tags.join(", "));
  const [text, setText] = useState(outcome.note.text);
  const list = useId();
  const keep = (event) => {
    event.preventDefault();
    note(evaluation, outcome.question, tags.split(",").filter((tag) => tag.trim()), text).catch(failed);
  };
  const field = (label, value, change, more) =>
    html`<${Labelled} text=${label}><${Input} value=${value} write=${change} ...${more} /><//>`;
  return html`<form class="pl-noting" onSubmit=${keep}>
    ${field("Tags", tags, setTags, { placeholder: "pooling, wrong label", list, maxlength: 300 })}
    ${field("Note", text, setText, { placeholder: "What is wrong here", maxlength: 2000 })}
    <${Known} id=${list} texts=${tagsOf(now().outcomes || [])} />
    <${Button} icon="plus" look="pl-small" type="submit">Keep<//>
  </form>`;
}
function Cards({ title, cards }) {
  return html`<section><h4>${title}</h4><ul class="pl-failure-pages">${cards}</ul></section>`;
}
export function Question({ outcome }) {
  const { evaluation, name, pipeline } = system();
  const address = `/evaluations/${api.part(evaluation)}/questions/${api.part(outcome.question)}`;
  const { value: found, error } = useAnswer(() => api.get(address), [address]);
  if (error) return html`<${Problem} text=${error} />`;
  if (!found) return html`<p class="pl-muted">Reading the record</p>`;
  const here = found.pipelines.find((one) => one.name === name);
  const expected = worst(outcome);
  const button = (text, act) => html`<${Button} look="pl-small" onClick=${act}>${text}<//>`;
  return html`<div class="pl-row">
      ${found.gone
        ? html`<p class="pl-error">${`The collection ${found.collection} is gone, so its pages cannot be shown.`}</p>`
        : [
            button("Open in Search", () => search(found, pipeline, expected)),
            expected.document && expected.state !== "absent" &&
              button("Open the page and its heat", () => review(found.question, placeOf(expected))),
          ]}
    </div>
    <${Cards} title="Should be found"
      cards=${outcome.pages.map((fate) => html`<${Card} key=${fate.page} found=${found} at=${fate} fate=${fate} />`)} />
    <${Cards} title=${here.top.length ? "Found" : "Nothing was found"}
      cards=${here.top.map((hit) => html`<${Card} key=${hit.page} found=${found} at=${hit} />`)} />
    <${Noting} key=${outcome.question} evaluation=${evaluation} outcome=${outcome} />`;
}

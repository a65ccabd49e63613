/* expected: the page that a person expects to be found, `state.expected`: where the search lost it and why, first of
   all what is wrong with the page itself, and the smallest change that finds it. It goes along from an evaluation to
   the search and to an open page, and stands in the address. */
import { addLink, api, Button, capital, Count, documents, Form, html, on, openPage, parseRef, Problem, refOf, Select,
  set, Spinner, state, sync, useAnswer, useEffect, useState } from "../core/core.js";
import { question, run } from "./run.js";

const MOST = 200; // results on one screen

export function expect(ref) {
  set({ expected: ref });
  sync();
}
addLink({
  write: (add) => ["search", "page"].includes(state.view) && state.expected && add("want", refOf(state.expected)),
  read: (wanted) => set({ expected: parseRef(wanted.get("want")) }),
});
/* The first collection is the one that the address is of. */
on("collection", () => document.documentElement.dataset.pagelens && set({ expected: null }));

/* What became of it in the search at hand; each is asked once, by whoever shows it first. */
const asked = new Map();
on("details", () => asked.clear());
function follow(body) {
  const key = JSON.stringify(body);
  if (!asked.has(key)) asked.set(key, api.post("/why", body));
  asked.get(key).catch(() => asked.delete(key));
  return asked.get(key);
}
export function useMiss() {
  const { result, running, key } = state.search || {};
  const done = Boolean(result && result.complete && !running),
    page = state.expected && refOf(state.expected);
  return useAnswer(() => (done && page ? follow({ ...question(), page }) : null), [done, key, page]);
}
function apply({ pipeline, filter, k }) {
  set({ pipeline, filter, k });
  run();
}
function Fix({ fix }) {
  const changes = fix.changes.join(", ");
  if (fix.k > MOST)
    return html`<p class="pl-muted">${`It would be found: ${changes}. Only ${MOST} are shown here.`}</p>`;
  return html`<${Button} look="pl-primary" id="pl-apply-fix" onClick=${() => apply(fix)}>${capital(changes)}<//>`;
}
/* The cause first; then what helps, which is never to look at most of the pages. */
export function Verdict({ told }) {
  const { verdict, short, reason, fix, cure, unfixable } = told;
  const other = cure || unfixable;
  return html`<p><span class=${`pl-badge pl-why-${verdict}`}>${short}</span>${` ${reason}`}</p>
    ${fix && html`<div class="pl-row"><${Fix} fix=${fix} /></div>`}
    ${other && (!fix || cure) && html`<p class="pl-muted pl-cure">${other}</p>`}`;
}
export function Expected() {
  const { expected } = state;
  const [chosen, setDocument] = useState("");
  const [page, setPage] = useState(1);
  useEffect(() => {
    if (!expected) return;
    setDocument(expected.document);
    setPage(expected.page);
  }, [expected]);
  const { value, error, stale } = useMiss();
  const all = documents().map((one) => one.name);
  const names = expected ? [...new Set([...all, expected.document])] : all;
  const document = names.includes(chosen) ? chosen : names[0] || "";
  const submit = () => expect({ document, page: Math.max(1, Math.round(Number(page)) || 1) });
  const { result, stale: replaced } = state.search;
  const there = !stale && value && !["absent", "failed"].includes(value.verdict);
  /* While another question is being answered, what stands here is of the one before. */
  return html`<section class="pl-card pl-expecting" aria-label="Expected another page?"
    inert=${replaced || !result.complete}>
    <h3>Expected another page?</h3>
    <${Form} class="pl-expected" submit=${submit}>
      <${Select} id="pl-expected-document" aria-label="Document you expected" options=${names} value=${document}
        choose=${setDocument} />
      <${Count} text="page" label="pl-inline" id="pl-expected-page" aria-label="Page you expected" value=${page}
        write=${setPage} />
      <${Button} type="submit">Where is it?<//>
    <//>
    ${expected && html`<div class="pl-expected-said" role="status">
      ${stale && html`<${Spinner} />Following it through the stages`}
      <${Problem} text=${error} />
      ${value && !stale && html`<${Verdict} told=${value} />`}
      <div class="pl-row">
        ${there && html`<${Button} onClick=${() => openPage(parseRef(value.page))}>Open it<//>`}
        <${Button} icon="close" look="pl-subtle" onClick=${() => expect(null)}>Expect nothing<//>
      </div>
    </div>`}
  </section>`;
}

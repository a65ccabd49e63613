/* expected: name the page you expected, hear where the search lost it, and apply the smallest change that finds it. */
import { parseRef } from "../core/address.js";
import { html, useEffect, useState } from "../core/html.js";
import { openPage } from "../core/router.js";
import { api } from "../core/server.js";
import { set, state } from "../core/store.js";
import { question, run } from "./run.js";

const MOST = 200; // results on one screen

function apply({ pipeline, filter, k }) {
  set({ pipeline, filter, k });
  run();
}
function Fix({ fix, unfixable }) {
  if (!fix) return html`<p class="pl-muted">${unfixable || ""}</p>`;
  const changes = fix.changes.join(", ");
  if (fix.k > MOST)
    return html`<p class="pl-muted">${`It would be found: ${changes}. Only ${MOST} are shown here.`}</p>`;
  return html`<button type="button" class="pl-button pl-primary" id="pl-apply-fix" onClick=${() => apply(fix)}>
    ${changes.charAt(0).toUpperCase() + changes.slice(1)}
  </button>`;
}
function Verdict({ told }) {
  const there = !["absent", "failed"].includes(told.verdict);
  return html`<p><span class=${`pl-badge pl-why-${told.verdict}`}>${told.verdict}</span>${` ${told.reason}`}</p>
    <div class="pl-row">
      <${Fix} fix=${told.fix} unfixable=${told.unfixable} />
      ${
        there &&
        html`<button type="button" class="pl-button" onClick=${() => openPage(parseRef(told.page))}>Open it</button>`
      }
    </div>`;
}
export function Expected() {
  const documents = (state.details && state.details.documents) || [];
  const [chosen, setDocument] = useState("");
  const [page, setPage] = useState(1);
  const [said, setSaid] = useState(null);
  const { result } = state.search;
  useEffect(() => setSaid(null), [result]);
  const document = documents.some((one) => one.name === chosen) ? chosen : documents.length ? documents[0].name : "";
  const submit = async (event) => {
    event.preventDefault();
    setSaid({ waiting: true });
    const ref = `${document}#page=${Math.max(1, Math.round(Number(page)) || 1)}`;
    setSaid(await api.post("/why", { ...question(), page: ref }).catch((error) => ({ error: error.message })));
  };
  return html`<section class="pl-card pl-expecting" aria-label="Expected another page?">
    <h3>Expected another page?</h3>
    <form class="pl-expected" onSubmit=${submit}>
      <select
        class="pl-select"
        id="pl-expected-document"
        aria-label="Document you expected"
        value=${document}
        onChange=${(event) => setDocument(event.target.value)}
      >
        ${documents.map((one) => html`<option key=${one.name} value=${one.name}>${one.name}</option>`)}
      </select>
      <label class="pl-inline">
        <span>page</span>
        <input
          class="pl-input pl-short"
          id="pl-expected-page"
          type="number"
          min="1"
          aria-label="Page you expected"
          value=${page}
          onInput=${(event) => setPage(event.target.value)}
        />
      </label>
      <button type="submit" class="pl-button">Where is it?</button>
    </form>
    <div class="pl-expected-said" role="status">
      ${said && said.waiting && html`<span class="pl-spinner" aria-hidden="true"></span>Following it through the stages`}
      ${said && said.error && html`<p class="pl-error" role="alert">${said.error}</p>`}
      ${said && said.verdict && html`<${Verdict} told=${said} />`}
    </div>
  </section>`;
}

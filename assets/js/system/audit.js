/* audit: pages to look at twice, with the evidence, and what is kept out of search. */
import { parseRef } from "../core/address.js";
import { Button, Link } from "../core/buttons.js";
import { dialog, failed, notify } from "../core/dialogs.js";
import { Count, Input, Labelled, Select } from "../core/form.js";
import { date, percent, plural } from "../core/format.js";
import { html } from "../core/html.js";
import { loadOverview, openPage } from "../core/router.js";
import { api } from "../core/server.js";
import { documents, state } from "../core/store.js";
import { Table } from "../core/table.js";

const quarantine = () => api.collection(state.collection, "/quarantine");

function Ref({ text }) {
  const ref = parseRef(text);
  if (!ref) return html`<span>${text}</span>`;
  return html`<${Link} title=${`Open ${text}`} onClick=${() => openPage(ref)}>${text}<//>`;
}
const isAway = (text, away) => {
  const ref = parseRef(text);
  return away.some((one) => ref && one.document === ref.document && (one.number === ref.page || one.number === 0));
};

/* --- putting away and releasing; `changed` hears what is in quarantine then ------------------------------------------- */
async function change(asked, said, changed) {
  try {
    changed(await asked);
    notify(said);
    await loadOverview();
  } catch (error) {
    failed(error);
  }
}
const putAway = (body, what, changed) =>
  change(api.post(quarantine(), body), `${what} is kept out of search; nothing is deleted.`, changed);
const release = (one, changed) =>
  change(
    api.remove(quarantine(), one.number ? { page: one.page } : { document: one.document }),
    `${one.page} can be found again.`,
    changed,
  );
async function byName(changed) {
  const wanted = await dialog({
    title: "Keep out of search",
    confirm: "Put it away",
    fields: html`<${Labelled} text="Document">
        <${Select} id="pl-quarantine-document" name="document" options=${documents().map((one) => one.name)} />
      <//>
      <${Labelled} text="Page (all pages if empty)">
        <${Count} id="pl-quarantine-page" name="page" placeholder="all" />
      <//>
      <${Labelled} text="Reason, for whoever asks later">
        <${Input} id="pl-quarantine-reason" name="reason" maxlength="500" />
      <//>`,
    read: Object.fromEntries,
  });
  if (!wanted || !wanted.document) return;
  const { document, page: number, reason } = wanted;
  const page = `${document}#page=${number}`;
  if (number) putAway({ page, reason }, page, changed);
  else putAway({ document, reason }, `All of ${document}`, changed);
}
function Away({ text, why, away, changed }) {
  if (isAway(text, away)) return html`<span class="pl-badge">in quarantine</span>`;
  return html`<${Button} look="pl-small" aria-label=${`Quarantine ${text}`}
    onClick=${() => putAway({ page: text, reason: why }, text, changed)}>
    Quarantine
  <//>`;
}

/* --- what an audit found ------------------------------------------------------------------------------------------------- */
function Suspect({ one, found, away, changed }) {
  const what = one.optimised ? "vectors look optimised" : "a hub";
  const by = `found by ${one.count} of ${found.probes} unrelated questions`;
  const evidence = [
    `F${by.slice(1)}, ${one.z.toFixed(1)} standard deviations above chance.`,
    `Its floor is ${one.floor.toFixed(2)}: near 0 for a natural page, above 2 for one that nearly every question finds.`,
    `Its best 8 vectors win ${percent(one.share)} of all words; those of an ordinary page ${percent(found.typical)}.`,
  ];
  return html`<li class="pl-suspect" data-page=${one.page}>
    <div class="pl-system-head">
      <span class="pl-row">
        <${Ref} text=${one.page} /><span class=${one.optimised ? "pl-badge pl-badge-bad" : "pl-badge"}>${what}</span>
      </span>
      <${Away} text=${one.page} why=${`${what}: ${by}`} away=${away} changed=${changed} />
    </div>
    <p class="pl-muted">${evidence.join(" ")}</p>
    ${one.found.length > 0 && html`<details>
      <summary>Questions that found it</summary>
      <ul class="pl-finders">
        ${one.found.map(
          ({ rank, query }) => html`<li key=${query}><span class="pl-num">rank ${rank}</span><span>${query}</span></li>`,
        )}
      </ul>
    </details>`}
  </li>`;
}
const COLUMNS = [["Page", ""], ["Looks and reads like", ""], ["Cosine", "pl-num"], ["", ""]];
function Copies({ pairs, away, changed }) {
  const row = (pair) =>
    html`<tr key=${pair.page + pair.of}>
      <th scope="row"><${Ref} text=${pair.page} /></th>
      <td><${Ref} text=${pair.of} /></td>
      <td class="pl-num">${pair.cosine.toFixed(3)}</td>
      <td class="pl-act"><${Away} text=${pair.page} why=${`a copy of ${pair.of}`} away=${away} changed=${changed} /></td>
    </tr>`;
  return html`<${Table} id="pl-copies" caption="Pages that look and read alike" region="Copies" columns=${COLUMNS}
    rows=${pairs.map(row)} />`;
}
function Found({ found, away, changed }) {
  if (!found)
    return html`<p class="pl-muted">
      Questions that have nothing to do with the pages are asked of all of them. A page that many find is a hub, or made to
      be found; two pages that look and read alike are copies. It takes some seconds.
    </p>`;
  const { made, probes, pages, index, encoder, skewness, suspects, copies } = found;
  return html`<p class="pl-muted" id="pl-audit-facts">
      ${date(made)}: ${probes} unrelated questions to ${plural(pages, "page")} by ${index} of ${encoder}; skewness of the
      pages' counts ${skewness.toFixed(2)}.
    </p>
    ${suspects.length
      ? html`<ul class="pl-suspects" aria-label="Suspicious pages">
          ${suspects.map((one) => html`<${Suspect} key=${one.page} one=${one} found=${found} away=${away}
            changed=${changed} />`)}
        </ul>`
      : html`<p>No page is found by unrelated questions more than chance explains.</p>`}
    <h3>Copies</h3>
    ${copies.length
      ? html`<${Copies} pairs=${copies} away=${away} changed=${changed} />`
      : html`<p>No two pages look and read alike.</p>`}`;
}
const Kept = ({ one, changed }) =>
  html`<li data-what=${one.page}>
    <span class="pl-away-what">
      ${one.number ? html`<${Ref} text=${one.page} />` : html`<span class="pl-strong">${`${one.page}, all of it`}</span>`}
      <span class="pl-muted">${[`since ${date(one.since)}`, one.reason].filter(Boolean).join(": ")}</span>
    </span>
    <${Button} look="pl-small" aria-label=${`Release ${one.page}`} onClick=${() => release(one, changed)}>Release<//>
  </li>`;

export const Audit = ({ found, away, changed }) =>
  html`<${Found} found=${found} away=${away} changed=${changed} />
    <div class="pl-system-head">
      <h3>In quarantine</h3>
      <${Button} look="pl-small" id="pl-quarantine" onClick=${() => byName(changed)}>Put a page or document away…<//>
    </div>
    ${away.length
      ? html`<ul class="pl-away" id="pl-away">
          ${away.map((one) => html`<${Kept} key=${one.page} one=${one} changed=${changed} />`)}
        </ul>`
      : html`<p class="pl-muted">
          Nothing. What is put away is found by no search until it is released; nothing is deleted.
        </p>`}`;

/* audit: pages to look at twice, with the evidence, and what is kept out of search. */
import { api, Button, Count, date, dialog, documents, html, Input, Link, loadOverview, notify, openPage, parseRef,
  percent, plural, Select, Table, tellTabs } from "../core/core.js";

function Ref({ text }) {
  const ref = parseRef(text);
  if (!ref) return html`<span>${text}</span>`;
  return html`<${Link} title=${`Open ${text}`} onClick=${() => openPage(ref)}>${text}<//>`;
}

/* --- putting away and releasing; `changed` hears what is in quarantine then --------------------------------------- */
async function change(asked, said, changed) {
  changed(await asked);
  notify(said);
  tellTabs();
  await loadOverview();
}
const putAway = (body, what, changed) =>
  change(api.post(api.here("/quarantine"), body), `${what} is kept out of search; nothing is deleted.`, changed);
const release = ({ number, page, document }, changed) =>
  change(api.remove(api.here("/quarantine"), number ? { page } : { document }), `${page} can be found again.`, changed);
async function byName(changed) {
  const wanted = await dialog({
    title: "Keep out of search",
    confirm: "Put it away",
    fields: html`<${Select} text="Document" id="pl-quarantine-document" name="document"
      options=${documents().map((one) => one.name)} />
      <${Count} text="Page (all pages if empty)" id="pl-quarantine-page" name="page" placeholder="all" />
      <${Input} text="Reason, for whoever asks later" id="pl-quarantine-reason" name="reason" maxlength="500" />`,
    read: Object.fromEntries,
  });
  if (!wanted || !wanted.document) return;
  const { document, page: number, reason } = wanted;
  const page = `${document}#page=${number}`;
  if (number) await putAway({ page, reason }, page, changed);
  else await putAway({ document, reason }, `All of ${document}`, changed);
}
function Away({ text, why, away, changed }) {
  const ref = parseRef(text);
  if (ref && away.some((one) => one.document === ref.document && [ref.page, 0].includes(one.number)))
    return html`<span class="pl-badge">in quarantine</span>`;
  return html`<${Button} edits look="pl-small" aria-label=${`Quarantine ${text}`}
    onClick=${() => putAway({ page: text, reason: why }, text, changed)}>
    Quarantine
  <//>`;
}
function Suspect({ one: { page, optimised, count, z, floor, share, found: by }, found, ...more }) {
  const what = optimised ? "vectors look optimised" : "a hub";
  const told = `found by ${count} of ${found.probes} unrelated questions`;
  return html`<li class="pl-suspect" data-page=${page}>
    <div class="pl-system-head">
      <span class="pl-row">
        <${Ref} text=${page} /><span class=${optimised ? "pl-badge pl-badge-bad" : "pl-badge"}>${what}</span>
      </span>
      <${Away} text=${page} why=${`${what}: ${told}`} ...${more} />
    </div>
    <p class="pl-muted">
      ${`F${told.slice(1)}, ${z.toFixed(1)} standard deviations above chance. ` +
      `Its floor is ${floor.toFixed(2)}: near 0 for a natural page, above 2 for one that nearly every question finds.` +
      ` Its best 8 vectors win ${percent(share)} of all words; those of an ordinary page ${percent(found.typical)}.`}
    </p>
    ${by.length > 0 && html`<details>
      <summary>Questions that found it</summary>
      <ul class="pl-finders">
        ${by.map(({ rank, query }) => html`<li key=${query}>
          <span class="pl-num">rank ${rank}</span><span>${query}</span>
        </li>`)}
      </ul>
    </details>`}
  </li>`;
}
const COLUMNS = [["Page", ""], ["Looks and reads like", ""], ["Cosine", "pl-num"], ["", ""]];
function Copies({ pairs, ...more }) {
  const row = ({ page, of, cosine }) => [
    html`<${Ref} text=${page} />`,
    html`<${Ref} text=${of} />`,
    cosine.toFixed(3),
    html`<td class="pl-act"><${Away} text=${page} why=${`a copy of ${of}`} ...${more} /></td>`,
  ];
  return html`<${Table} id="pl-copies" caption="Pages that look and read alike" region="Copies" columns=${COLUMNS}
    rows=${pairs.map(row)} />`;
}
function Found({ found, ...more }) {
  if (!found)
    return html`<p class="pl-muted">
      Questions that have nothing to do with the pages are asked of all of them. A page that many find is a hub, or made
      to be found; two pages that look and read alike are copies. It takes some seconds.
    </p>`;
  const { made, probes, pages, index, encoder, skewness, suspects, copies } = found;
  return html`<p class="pl-muted" id="pl-audit-facts">
      ${date(made)}: ${probes} unrelated questions to ${plural(pages, "page")} by ${index} of ${encoder}; skewness of
      the pages' counts ${skewness.toFixed(2)}.
    </p>
    ${suspects.length
      ? html`<ul class="pl-suspects" aria-label="Suspicious pages">
          ${suspects.map((one) => html`<${Suspect} key=${one.page} one=${one} found=${found} ...${more} />`)}
        </ul>`
      : html`<p>No page is found by unrelated questions more than chance explains.</p>`}
    <h3>Copies</h3>
    ${copies.length
      ? html`<${Copies} pairs=${copies} ...${more} />`
      : html`<p>No two pages look and read alike.</p>`}`;
}
const Kept = ({ one, changed }) => html`<li data-what=${one.page}>
  <span class="pl-away-what">
    ${one.number ? html`<${Ref} text=${one.page} />` : html`<span
      class="pl-strong">${`${one.page}, all of it`}</span>`}
    <span class="pl-muted">${[`since ${date(one.since)}`, one.reason].filter(Boolean).join(": ")}</span>
  </span>
  <${Button} edits look="pl-small" aria-label=${`Release ${one.page}`} onClick=${() => release(one, changed)}>
    Release
  <//>
</li>`;

export const Audit = ({ found, away, changed }) => html`<${Found} found=${found} away=${away} changed=${changed} />
  <div class="pl-system-head">
    <h3>In quarantine</h3>
    <${Button} edits look="pl-small" id="pl-quarantine" onClick=${() => byName(changed)}>
      Put a page or document away…
    <//>
  </div>
  ${away.length
    ? html`<ul class="pl-away" id="pl-away">
        ${away.map((one) => html`<${Kept} key=${one.page} one=${one} changed=${changed} />`)}
      </ul>`
    : html`<p class="pl-muted">
        Nothing. What is put away is found by no search until it is released; nothing is deleted.
      </p>`}`;

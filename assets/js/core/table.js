/* table: a table with its caption for who hears it, and columns as [text, class, title]; rows are elements. `region` says
   what it is where it may be wider than the page, so that keys can scroll it. */
import { html } from "./html.js";

export function Table({ id, caption, columns, rows, foot, region, tall }) {
  const scrolls = region ? { tabindex: "0", role: "region", "aria-label": region } : {};
  return html`<div class=${tall ? "pl-scroll pl-tall" : "pl-scroll"} ...${scrolls}>
    <table class="pl-table" id=${id}>
      <caption class="pl-sr">${caption}</caption>
      <thead>
        <tr>
          ${columns.map(([text, kind, title]) =>
            text ? html`<th scope="col" class=${kind} title=${title}>${text}</th>` : html`<td class=${kind}></td>`,
          )}
        </tr>
      </thead>
      <tbody>${rows}</tbody>
      ${foot && html`<tfoot>${foot}</tfoot>`}
    </table>
  </div>`;
}

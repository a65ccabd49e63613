/* table: a table with its caption for who hears it, and columns as [text, class, title]; rows are elements. `region` says
   what it is where it may be wider than the page, so that keys can scroll it. */
import { html } from "./html.js";

const Column = ([text, kind, title], i) =>
  text
    ? html`<th key=${i} scope="col" class=${kind} title=${title}>${text}</th>`
    : html`<td key=${i} class=${kind}></td>`;
export function Table({ id, look = "", caption, columns, rows, foot, region, tall }) {
  const scrolls = region ? { tabindex: "0", role: "region", "aria-label": region } : {};
  return html`<div class=${tall ? "pl-scroll pl-tall" : "pl-scroll"} ...${scrolls}>
    <table class=${`pl-table ${look}`} id=${id}>
      ${caption && html`<caption class="pl-sr">${caption}</caption>`}
      ${columns && html`<thead><tr>${columns.map(Column)}</tr></thead>`}
      <tbody>${rows}</tbody>
      ${foot && html`<tfoot>${foot}</tfoot>`}
    </table>
  </div>`;
}
/* A row of figures, the first cell naming it; and a table of such rows. */
const Row = ([first, ...rest], i) =>
  html`<tr key=${i}>
    <th scope="row">${first}</th>${rest.map((cell, j) => html`<td key=${j} class="pl-num">${cell}</td>`)}
  </tr>`;
export const Figures = ({ heads, rows, ...more }) =>
  html`<${Table} columns=${heads && heads.map((text, i) => [text, i ? "pl-num" : ""])} rows=${rows.map(Row)} ...${more} />`;

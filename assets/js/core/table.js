/* table: a table with its caption for who hears it, and columns as [text, class, title]; `region` says what it is where
   it may be wider than the page, so that keys can scroll it.

      A row is a list of cells, or { cells } with the row's attributes, or an element of its own. The first cell
   names the row, the others have the class of their column; one that is a cell already stays as it is. */
import { html } from "./html.js";

const Column = ([text, kind, title], i) =>
  text
    ? html`<th key=${i} scope="col" class=${kind} title=${title}>${text}</th>`
    : html`<td key=${i} class=${kind}></td>`;
export function Table({ id, look = "", caption, columns, rows, foot, region, tall }) {
  const scrolls = region ? { tabindex: "0", role: "region", "aria-label": region } : {};
  const Cell = (cell, i) => {
    if (cell && ["th", "td"].includes(cell.type)) return cell;
    if (!i) return html`<th scope="row">${cell}</th>`;
    return html`<td key=${i} class=${columns ? columns[i][1] : "pl-num"}>${cell}</td>`;
  };
  const Row = (row, i) => {
    const { cells, ...more } = Array.isArray(row) ? { cells: row } : row;
    return cells ? html`<tr key=${i} ...${more}>${cells.map(Cell)}</tr>` : row;
  };
  return html`<div class=${tall ? "pl-scroll pl-tall" : "pl-scroll"} ...${scrolls}>
    <table class=${`pl-table ${look}`} id=${id}>
      ${caption && html`<caption class="pl-sr">${caption}</caption>`}
      ${columns && html`<thead><tr>${columns.map(Column)}</tr></thead>`}
      <tbody>${rows.map(Row)}</tbody>
      ${foot && html`<tfoot>${foot}</tfoot>`}
    </table>
  </div>`;
}
/* A table of figures, whose first column names the rows. */
export const Figures = ({ heads, ...more }) =>
  html`<${Table} columns=${heads && heads.map((text, i) => [text, i ? "pl-num" : ""])} ...${more} />`;

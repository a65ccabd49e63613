/* figures: a table of numbers, the first of each row naming it. */
import { html } from "../core/html.js";
import { Table } from "../core/table.js";

const Row = ([first, ...rest], i) =>
  html`<tr key=${i}>
    <th scope="row">${first}</th>
    ${rest.map((cell, j) => html`<td key=${j} class="pl-num">${cell}</td>`)}
  </tr>`;
export const Figures = ({ id, caption, heads, rows }) =>
  html`<${Table} id=${id} caption=${caption} region=${caption}
    columns=${heads.map((text, i) => [text, i ? "pl-num" : ""])} rows=${rows.map(Row)} />`;

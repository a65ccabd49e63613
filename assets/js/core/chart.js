/* chart: the ticks of a picture of numbers, [pixel, text], each with a line across the picture. */
import { html } from "./html.js";

export const UpTicks = ({ of, left, right }) =>
  of.map(([y, text]) => html`<line class="pl-gridline" x1=${left} x2=${right} y1=${y} y2=${y} />
    <text x=${left - 8} y=${y + 4} text-anchor="end">${text}</text>`);
export const AcrossTicks = ({ of, top, foot }) =>
  of.map(([x, text]) => html`<line class="pl-gridline" x1=${x} x2=${x} y1=${top} y2=${foot} />
    <text x=${x} y=${foot + 17} text-anchor="middle">${text}</text>`);

/* latency: how long past searches took, as lines over time and as tables. */
import { Segments, Select } from "../core/form.js";
import { count, date, ms } from "../core/format.js";
import { html, useState } from "../core/html.js";
import { Figures } from "../core/table.js";
import { across, ceiling, down, EDGES, HEIGHT, WIDTH } from "./lines.js";
import { Section } from "./section.js";

const STEPS = [0, 1, 2, 3, 4];
const searches = (n) => `${count(n)} ${n === 1 ? "search" : "searches"}`;
const span = ({ start, end }) => (start === end ? date(start) : `${date(start)} to ${date(end)}`);

function Line({ points, of, top }) {
  const at = points.map((point, i) => [across(i, points.length), down(point[of], top)]);
  return html`<polyline class=${`pl-line-${of}`} points=${at.map((xy) => xy.join()).join(" ")} />
    ${points.map(
      (point, i) =>
        html`<circle key=${i} class=${`pl-line-${of}`} cx=${at[i][0]} cy=${at[i][1]} r="3">
          <title>${`${of} ${ms(point[of])}, ${searches(point.count)}, ${span(point)}`}</title>
        </circle>`,
    )}`;
}
function Chart({ stage: { name, points, p50, p95, count: many } }) {
  const top = ceiling(Math.max(...points.map((point) => point.p95)));
  const said = `${name}: median ${ms(p50)}, 95th percentile ${ms(p95)} of ${searches(many)}, in order of time.`;
  return html`<svg class="pl-lines" viewBox=${`0 0 ${WIDTH} ${HEIGHT}`} role="img"
    aria-label=${`${said} The same numbers are in the table below.`}>
    ${STEPS.map((step) => {
      const y = down((top * step) / 4, top);
      return html`<line key=${step} class="pl-gridline" x1=${EDGES.left} x2=${EDGES.right} y1=${y} y2=${y} />
        <text x=${EDGES.left - 8} y=${y + 4} text-anchor="end">${step ? ms((top * step) / 4) : "0"}</text>`;
    })}
    <${Line} points=${points} of="p95" top=${top} /><${Line} points=${points} of="p50" top=${top} />
    <text x=${EDGES.left} y=${EDGES.bottom} text-anchor="start">${date(points[0].start)}</text>
    ${points.length > 1 &&
    html`<text x=${EDGES.right} y=${EDGES.bottom} text-anchor="end">${date(points.at(-1).end)}</text>`}
  </svg>`;
}
const times = (first, one) => [first, count(one.count), ms(one.p50), ms(one.p95)];

function Told({ history }) {
  const [pipeline, setPipeline] = useState("");
  const [name, setName] = useState("total");
  const told = history.find((one) => one.pipeline === pipeline) || history[0];
  const stage = told.stages.find((one) => one.name === name) || told.stages[0];
  const facts = [
    searches(told.searches),
    told.cold > 0 && `${told.cold} cold, in no percentile`,
    told.cached > 0 && `${told.cached} with the query already encoded`,
  ].filter(Boolean);
  return html`<${Select} look="pl-code" id="pl-latency-pipeline" aria-label="Pipeline whose times are shown"
    options=${history.map((one) => [one.pipeline, `${one.pipeline} (${one.searches})`])} value=${told.pipeline}
    choose=${setPipeline} />
    <p class="pl-muted">${facts.join(", ")}.</p>
    ${stage && html`<${Segments} label="Stage in the chart" name="pl-latency-stage"
      options=${told.stages.map((one) => one.name)} value=${stage.name} choose=${setName} />
      <${Chart} stage=${stage} />
      <p class="pl-legend" aria-hidden="true">
        <span class="pl-key-p50">median</span><span class="pl-key-p95">95th percentile</span>
        <span class="pl-muted">each point is some searches, one after another</span>
      </p>
      <${Figures} id="pl-latency-stages" caption="Median and 95th percentile of every stage"
        heads=${["Stage", "Searches", "Median", "95th percentile"]}
        rows=${told.stages.map((one) => times(one.name, one))} />
      <details class="pl-twin">
        <summary>The chart as a table</summary>
        <${Figures} id="pl-latency-points" caption=${`${stage.name} over time`}
          heads=${["When", "Searches", "Median", "95th percentile"]}
          rows=${stage.points.map((one) => times(span(one), one))} />
      </details>`}`;
}
export const Latency = ({ history }) =>
  html`<${Section} id="pl-latency" title="How long searches took">
    ${history.length
      ? html`<${Told} history=${history} />`
      : html`<p class="pl-muted">
          No search of this collection has been timed yet. Every search leaves its stage times here, and never a word of
          what was asked.
        </p>`}
  <//>`;

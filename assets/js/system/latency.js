/* latency: how long past searches took, as lines over time and as tables. */
import { ceiling, count, date, Figures, html, ms, plural, scale, Section, Segments, Select, Twin, UpTicks,
  useState } from "../core/core.js";

const [WIDTH, HEIGHT, LEFT, RIGHT, TOP, FOOT] = [720, 230, 92, 706, 12, 200];
const WITHIN = 8; // pixels from the axis to the first point
const searches = (n) => plural(n, "search", "searches");
const span = ({ start, end }) => (start === end ? date(start) : `${date(start)} to ${date(end)}`);

function Line({ points, of, across, up }) {
  const at = points.map((point, i) => [across.at(i), up.at(point[of])]);
  return html`<polyline class=${`pl-line-${of}`} points=${at.map((xy) => xy.join()).join(" ")} />
    ${points.map((point, i) => html`<circle key=${i} class=${`pl-line-${of}`} cx=${at[i][0]} cy=${at[i][1]} r="3">
      <title>${`${of} ${ms(point[of])}, ${searches(point.count)}, ${span(point)}`}</title>
    </circle>`)}`;
}
function Chart({ stage: { name, points, p50, p95, count: many } }) {
  const last = points.length - 1;
  const order = last ? { low: 0, high: last } : { low: -1, high: 1 }; // a single one is in the middle
  const across = scale(order, LEFT, RIGHT, WITHIN),
    up = scale({ low: 0, high: ceiling(Math.max(...points.map((point) => point.p95))) }, FOOT, TOP, 0);
  const said = `${name}: median ${ms(p50)}, 95th percentile ${ms(p95)} of ${searches(many)}, in order of time.`;
  return html`<svg class="pl-lines" viewBox=${`0 0 ${WIDTH} ${HEIGHT}`} role="img"
    aria-label=${`${said} The same numbers are in the table below.`}>
    <${UpTicks} of=${up.ticks.map((tick) => [up.at(tick), tick ? ms(tick) : "0"])} left=${LEFT} right=${RIGHT} />
    ${["p95", "p50"].map((of) => html`<${Line} points=${points} of=${of} across=${across} up=${up} />`)}
    <text x=${LEFT} y=${HEIGHT - 8} text-anchor="start">${date(points[0].start)}</text>
    ${last > 0 && html`<text x=${RIGHT} y=${HEIGHT - 8} text-anchor="end">${date(points[last].end)}</text>`}
  </svg>`;
}
const times = (first, one) => [first, count(one.count), ms(one.p50), ms(one.p95)];
const heads = (first) => [first, "Searches", "Median", "95th percentile"];

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
      <${Figures} id="pl-latency-stages" caption="Median and 95th percentile of every stage" heads=${heads("Stage")}
        rows=${told.stages.map((one) => times(one.name, one))} />
      <${Twin} title="The chart as a table">
        <${Figures} id="pl-latency-points" caption=${`${stage.name} over time`} heads=${heads("When")}
          rows=${stage.points.map((one) => times(span(one), one))} />
      <//>`}`;
}
export const Latency = ({ history }) => html`<${Section} id="pl-latency" title="How long searches took">
  ${history.length
    ? html`<${Told} history=${history} />`
    : html`<p class="pl-muted">
        No search of this collection has been timed yet. Every search leaves its stage times here, and never a word of
        what was asked.
      </p>`}
<//>`;

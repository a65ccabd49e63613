/* scatter: questions as bubbles over two values; a rectangle, dragged or typed, chooses some of them. */
import { AcrossTicks, around, Button, Count, edges, EVERYTHING, grouped, html, inside, isOpen, Link, neighbour,
  plural, scale, span, Table, Twin, UpTicks, useMemo, useRef, useState, words } from "../core/core.js";

const [WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM] = [520, 400, 56, 14, 12, 48];
const FOOT = HEIGHT - BOTTOM;
const END = WIDTH - RIGHT;
const HINT = "Arrow keys go from bubble to bubble, Enter chooses one, Escape all.";
const CLICK = 5; // pixels; a smaller rectangle is a click
const clamp = (low, value, high) => Math.min(high, Math.max(low, value));

function Grid({ x, y, across, up }) {
  const cutline = (x1, y1, x2, y2) => html`<line x1=${x1} y1=${y1} x2=${x2} y2=${y2} class="pl-cutline" />`;
  /* Between the last rank that is kept and the first that is not. */
  const cut = (along, keep) => (along.at(keep) + along.at(keep + 1)) / 2;
  const ticks = (axis, along) => along.ticks.map((tick) => [along.at(tick), words(axis, tick)]);
  return html`<g aria-hidden="true">
    <${AcrossTicks} of=${ticks(x, across)} top=${TOP} foot=${FOOT} />
    <${UpTicks} of=${ticks(y, up)} left=${LEFT} right=${END} />
    ${x.log && html`<text x=${across.at(null)} y=${FOOT + 17} text-anchor="middle">none</text>`}
    ${y.log && html`<text x=${LEFT - 8} y=${up.at(null) + 4} text-anchor="end">none</text>`}
    ${x.cut && cutline(cut(across, x.cut), TOP, cut(across, x.cut), FOOT)}
    ${y.cut && cutline(LEFT, cut(up, y.cut), END, cut(up, y.cut))}
    ${!x.log && cutline(across.at(x.low), up.at(y.low), across.at(x.high), up.at(y.high))}
    <text x=${(LEFT + END) / 2} y=${HEIGHT - 8} text-anchor="middle">${x.label}</text>
    <text class="pl-axis-up" x=${-(TOP + FOOT) / 2} y="13" transform="rotate(-90)"
      text-anchor="middle">${y.label}</text>
  </g>`;
}
/* Four numbers, for who draws no rectangle. */
function Numbers({ axes, range, choose }) {
  const closed = (value) => (value === Infinity ? null : value);
  const field = (key, end) => {
    const { log, low, label } = axes[key];
    const take = (text) => {
      const ends = range[key].map(closed).with(end, text.trim() === "" ? null : Number(text));
      choose({ ...range, [key]: ends });
    };
    return html`<${Count} min=${log ? 1 : low} step=${log ? 1 : 0.01} data-end=${`${key}${end}`} take=${take}
      aria-label=${`${label}, ${end ? "to" : "from"}`} value=${closed(range[key][end]) ?? ""} />`;
  };
  return html`<div class="pl-brush-form" role="group" aria-label="Questions with these values">
    ${["x", "y"].map((key) => html`<div class="pl-inline" key=${key}>
      <span>${axes[key].label}</span>${field(key, 0)}to${field(key, 1)}
    </div>`)}
    <${Button} look="pl-small" disabled=${isOpen(range)} onClick=${() => choose(EVERYTHING)}>All<//>
  </div>`;
}
/* `points` are [{ id, x, y, mark }]; `select(ids)` hears which are chosen, null for all. */
export function Scatter({ points, x, y, select }) {
  const all = useMemo(() => grouped(points), [points]);
  const [range, setRange] = useState(EVERYTHING);
  const [drag, setDrag] = useState(null); // [from, to], two corners
  const [focused, setFocused] = useState(0);
  const picture = useRef(null);
  const across = scale(x, LEFT, END),
    up = scale(y, FOOT, TOP),
    places = all.map((group) => [across.at(group.x), up.at(group.y)]),
    whole = isOpen(range);
  const choose = (to) => {
    const open = isOpen(to);
    setRange(open ? EVERYTHING : to);
    select(open ? null : new Set(all.filter((group) => inside(group, to)).flatMap((group) => group.ids)));
  };
  const told = (group) =>
    `${plural(group.ids.length, "question")}: ${x.label} ${words(x, group.x)}, ${y.label} ${words(y, group.y)}`;
  const place = (event) => {
    const at = picture.current.getBoundingClientRect();
    return [
      clamp(LEFT, ((event.clientX - at.left) / at.width) * WIDTH, END),
      clamp(TOP, ((event.clientY - at.top) / at.height) * HEIGHT, FOOT),
    ];
  };
  const down = (event) => {
    if (event.button || event.target.classList.contains("pl-bubble")) return;
    setDrag([place(event), place(event)]);
    picture.current.setPointerCapture(event.pointerId);
    event.preventDefault();
  };
  const move = (event) => drag && setDrag([drag[0], place(event)]);
  const end = (event) => {
    if (!drag) return;
    const [x0, y0] = drag[0],
      [x1, y1] = place(event);
    setDrag(null);
    if (Math.abs(x1 - x0) < CLICK && Math.abs(y1 - y0) < CLICK) choose(EVERYTHING);
    else choose({ x: span(x, across, x0, x1), y: span(y, up, y0, y1) });
  };
  const key = (event, i) => {
    const next = neighbour(places, i, event.key);
    if (event.key === "Enter" || event.key === " ") choose(around(all[i]));
    else if (event.key === "Escape") choose(EVERYTHING);
    else if (next >= 0 && next !== null) {
      setFocused(next);
      picture.current.querySelector(`[data-at="${next}"]`).focus();
    } else if (next === null) return;
    event.preventDefault();
    event.stopPropagation();
  };
  const bubble = ([group, i]) => {
    const out = !inside(group, range);
    return html`<circle key=${`${group.x}|${group.y}`} cx=${places[i][0]} cy=${places[i][1]}
      r=${Math.min(20, 4 + 1.6 * Math.sqrt(group.ids.length - 1))}
      class=${`pl-bubble pl-bubble-${group.mark}${out ? " pl-out" : ""}`} role="button"
      tabindex=${i === focused ? "0" : "-1"} data-at=${i} aria-label=${told(group)} aria-pressed=${!whole && !out}
      onClick=${() => choose(around(group))} onKeyDown=${(event) => key(event, i)}>
      <title>${told(group)}</title>
    </circle>`;
  };
  const largestFirst = all.map((group, i) => [group, i]).sort(([a], [b]) => b.ids.length - a.ids.length);
  const [[x0, x1], [y0, y1]] = drag
    ? [0, 1].map((i) => [drag[0][i], drag[1][i]].sort((a, b) => a - b))
    : [edges(x, across, range.x, 7), edges(y, up, range.y, -7)];
  const row = (group) => [
    html`<td>${words(x, group.x)}</td>`,
    words(y, group.y),
    html`<${Link} aria-label=${told(group)} onClick=${() => choose(around(group))}>${group.ids.length}<//>`,
  ];
  return html`<div class="pl-plot">
    <svg class="pl-scatter" viewBox=${`0 0 ${WIDTH} ${HEIGHT}`} role="group"
      aria-label=${`${x.label} across, ${y.label} up. ${HINT}`} ref=${picture} onPointerDown=${down}
      onPointerMove=${move} onPointerUp=${end} onPointerCancel=${() => setDrag(null)}>
      <${Grid} x=${x} y=${y} across=${across} up=${up} />
      ${(drag || !whole) && html`<rect class="pl-brush" x=${x0} y=${y0} width=${x1 - x0} height=${y1 - y0} />`}
      ${largestFirst.map(bubble)}
    </svg>
    <${Numbers} axes=${{ x, y }} range=${range} choose=${choose} />
    <${Twin} title="The plot as a table">
      <${Table} tall caption=${`Questions by ${x.label} and ${y.label}`}
        columns=${[[x.label], [y.label], ["Questions"]]} rows=${all.map(row)} />
    <//>
  </div>`;
}

/* scatter: questions as bubbles over two values; a rectangle, dragged or typed, chooses some of them. */
import { Button, Link } from "../core/buttons.js";
import { Count } from "../core/form.js";
import { plural } from "../core/format.js";
import { html, useMemo, useRef, useState } from "../core/html.js";
import { Table } from "../core/table.js";
import { around, edges, EVERYTHING, grouped, inside, isOpen, neighbour, scale, span, words } from "./axes.js";

const [WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM] = [520, 400, 56, 14, 12, 48];
const FOOT = HEIGHT - BOTTOM;
const END = WIDTH - RIGHT;
const CLICK = 5; // pixels; a smaller rectangle is a click

function Grid({ x, y, across, up }) {
  const line = (x1, y1, x2, y2, kind) => html`<line x1=${x1} y1=${y1} x2=${x2} y2=${y2} class=${kind} />`;
  const label = (at, down, text, anchor) => html`<text x=${at} y=${down} text-anchor=${anchor}>${text}</text>`;
  /* Between the last rank that is kept and the first that is not. */
  const cut = (along, keep) => (along.at(keep) + along.at(keep + 1)) / 2;
  return html`<g aria-hidden="true">
    ${across.ticks.map((tick) => [
      line(across.at(tick), TOP, across.at(tick), FOOT, "pl-gridline"),
      label(across.at(tick), FOOT + 17, words(x, tick), "middle"),
    ])}
    ${up.ticks.map((tick) => [
      line(LEFT, up.at(tick), END, up.at(tick), "pl-gridline"),
      label(LEFT - 8, up.at(tick) + 4, words(y, tick), "end"),
    ])}
    ${x.log && label(across.at(null), FOOT + 17, "none", "middle")}
    ${y.log && label(LEFT - 8, up.at(null) + 4, "none", "end")}
    ${x.cut && line(cut(across, x.cut), TOP, cut(across, x.cut), FOOT, "pl-cutline")}
    ${y.cut && line(LEFT, cut(up, y.cut), END, cut(up, y.cut), "pl-cutline")}
    ${!x.log && line(across.at(x.low), up.at(y.low), across.at(x.high), up.at(y.high), "pl-cutline")}
    ${label((LEFT + END) / 2, HEIGHT - 8, x.label, "middle")}
    <text class="pl-axis-up" x=${-(TOP + FOOT) / 2} y="13" transform="rotate(-90)" text-anchor="middle">${y.label}</text>
  </g>`;
}
function Box({ sides: [[x0, x1], [y0, y1]] }) {
  return html`<rect class="pl-brush" x=${x0} y=${y0} width=${x1 - x0} height=${y1 - y0} />`;
}
/* Four numbers, for who draws no rectangle. */
function Numbers({ axes, range, choose }) {
  const field = (key, end) => {
    const axis = axes[key],
      value = range[key][end];
    const take = (text) => {
      const now = text.trim() === "" ? null : Number(text);
      choose({ ...range, [key]: range[key].map((was, i) => (i === end ? now : was === Infinity ? null : was)) });
    };
    return html`<${Count} min=${axis.log ? 1 : axis.low} step=${axis.log ? 1 : 0.01} data-end=${`${key}${end}`}
      take=${take} aria-label=${`${axis.label}, ${end ? "to" : "from"}`}
      value=${value === null || value === Infinity ? "" : value} />`;
  };
  return html`<div class="pl-brush-form" role="group" aria-label="Questions with these values">
    ${["x", "y"].map(
      (key) => html`<div class="pl-inline" key=${key}>
        <span>${axes[key].label}</span>${field(key, 0)}to${field(key, 1)}
      </div>`,
    )}
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
    up = scale(y, FOOT, TOP);
  const choose = (to) => {
    const open = isOpen(to);
    setRange(open ? EVERYTHING : to);
    select(open ? null : new Set(all.filter((group) => inside(group, to)).flatMap((group) => group.ids)));
  };
  const told = (group) =>
    `${plural(group.ids.length, "question")}: ${x.label} ${words(x, group.x)}, ${y.label} ${words(y, group.y)}`;
  const places = all.map((group) => [across.at(group.x), up.at(group.y)]);
  const whole = isOpen(range);

  /* --- by hand ------------------------------------------------------------------------------------------------------ */
  const place = (event) => {
    const at = picture.current.getBoundingClientRect();
    return [
      Math.min(END, Math.max(LEFT, ((event.clientX - at.left) / at.width) * WIDTH)),
      Math.min(FOOT, Math.max(TOP, ((event.clientY - at.top) / at.height) * HEIGHT)),
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
  /* --- by keys: from bubble to bubble ---------------------------------------------------------------------------------- */
  const key = (event, i) => {
    const next = neighbour(places, i, event.key);
    if (event.key === "Enter" || event.key === " ") choose(around(all[i]));
    else if (event.key === "Escape") choose(EVERYTHING);
    else if (next !== null && next >= 0) {
      setFocused(next);
      picture.current.querySelector(`[data-at="${next}"]`).focus();
    } else if (next === null) return;
    event.preventDefault();
    event.stopPropagation();
  };
  const bubble = (group, i) => {
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
  const sorted = (a, b) => [Math.min(a, b), Math.max(a, b)];
  const sides = drag
    ? [sorted(drag[0][0], drag[1][0]), sorted(drag[0][1], drag[1][1])]
    : [edges(x, across, range.x, 7), edges(y, up, range.y, -7)];
  return html`<div class="pl-plot">
    <svg class="pl-scatter" viewBox=${`0 0 ${WIDTH} ${HEIGHT}`} role="group"
      aria-label=${`${x.label} across, ${y.label} up. Arrow keys go from bubble to bubble, Enter chooses one, Escape all.`}
      ref=${picture} onPointerDown=${down} onPointerMove=${move} onPointerUp=${end}
      onPointerCancel=${() => setDrag(null)}>
      <${Grid} x=${x} y=${y} across=${across} up=${up} />
      ${(drag || !whole) && html`<${Box} sides=${sides} />`} ${largestFirst.map(([group, i]) => bubble(group, i))}
    </svg>
    <${Numbers} axes=${{ x, y }} range=${range} choose=${choose} />
    <details class="pl-twin">
      <summary>The plot as a table</summary>
      <${Table} tall caption=${`Questions by ${x.label} and ${y.label}`}
        columns=${[x.label, y.label, "Questions"].map((text) => [text])}
        rows=${all.map((group) => html`<tr key=${`${group.x}|${group.y}`}><td>${words(x, group.x)}</td><td>${words(y, group.y)}</td><td><${Link}
          aria-label=${told(group)} onClick=${() => choose(around(group))}>${group.ids.length}<//></td></tr>`)} />
    </details>
  </div>`;
}

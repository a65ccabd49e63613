/* stage: a page picture to zoom, pan and point at, with marks over it, and a rectangle to pick a part of it. Where the
   page lies is this element's own affair and no state of the page: it changes with every move of the pointer. */
import { html, useEffect, useLayoutEffect, useRef } from "../core/core.js";
import { byKey, fitted, isClick, onPage, resized, revealed, shifted, spanning, swiped, zoomed } from "./camera.js";

const KEY = 60; // pixels that an arrow key moves the page
const WHEEL = 0.0022; // of the scale, by a pixel of the wheel
const ZOOM = 1.25;

/* One box over the page. */
const Mark = ({ box, kind }) =>
  html`<rect class=${kind} x=${box[0] * 1000} y=${box[1] * 1000} width=${Math.max(0, box[2] - box[0]) * 1000}
    height=${Math.max(0, box[3] - box[1]) * 1000} />`;

/* What moves the camera: made once for a stage, with the elements it moves and the latest properties. */
function mover(now) {
  let camera = null;
  const fingers = new Map();
  let from = null, // of a rectangle that is being drawn
    began = null; // of a finger
  const room = () => [now.props.page, { width: now.node.clientWidth, height: now.node.clientHeight }];
  const size = () => now.props.page;
  function put(next) {
    camera = next;
    now.paper.style.transform = `translate(${camera.x}px, ${camera.y}px) scale(${camera.scale})`;
    now.node.classList.toggle("pl-zoomed", camera.moved);
    now.props.scaled(camera.scale);
  }
  const local = (event) => {
    const edge = now.node.getBoundingClientRect();
    return { x: event.clientX - edge.left, y: event.clientY - edge.top };
  };
  const point = (event) => onPage(camera, size(), local(event));
  const able = () => now.node.clientWidth > 0;
  const self = {
    fit: () => able() && put(fitted(...room())),
    resize: () => able() && (camera ? put(resized(camera, ...room())) : self.begin()),
    /* A page as it is first shown: whole, and nearer where a part of it is pointed at. */
    begin() {
      camera = null; // while it is not to be seen; `resize` hears when it is
      self.fit();
      if (now.props.start) self.reveal(now.props.start);
    },
    zoom: (factor, at) => camera && put(zoomed(camera, ...room(), factor, at)),
    nearer: () => self.zoom(ZOOM),
    further: () => self.zoom(1 / ZOOM),
    reveal: (box) => camera && put(revealed(camera, ...room(), box)),
    wheel(event) {
      event.preventDefault();
      self.zoom(Math.exp(-Math.max(-120, Math.min(120, event.deltaY)) * WHEEL), local(event));
    },
    down(event) {
      if (event.button || !camera) return;
      if (now.props.picking) {
        from = point(event);
        now.node.setPointerCapture(event.pointerId);
        event.preventDefault();
        now.node.focus();
        return;
      }
      fingers.set(event.pointerId, local(event));
      began = fingers.size === 1 ? local(event) : null;
      if (event.pointerType === "mouse" || fingers.size > 1 || camera.moved)
        now.node.setPointerCapture(event.pointerId);
      now.node.classList.add("pl-grabbing");
    },
    move(event) {
      if (!camera) return;
      if (from) return now.props.picked(spanning(from, point(event)));
      const at = local(event),
        last = fingers.get(event.pointerId);
      if (!last) return now.props.hover(onPage(camera, size(), at));
      if (fingers.size === 2) {
        const [, other] = [...fingers].find(([id]) => id !== event.pointerId);
        const was = Math.hypot(last.x - other.x, last.y - other.y),
          is = Math.hypot(at.x - other.x, at.y - other.y);
        if (was > 0) self.zoom(is / was, { x: (at.x + other.x) / 2, y: (at.y + other.y) / 2 });
      } else if ((event.pointerType === "mouse" || camera.moved) && (at.x !== last.x || at.y !== last.y)) {
        put(shifted(camera, ...room(), at.x - last.x, at.y - last.y));
        now.props.hover(null);
      }
      fingers.set(event.pointerId, at);
    },
    up(event) {
      if (from) {
        from = null;
        if (now.props.pick && isClick(now.props.pick)) now.props.picked(null);
        return;
      }
      const at = fingers.get(event.pointerId);
      fingers.delete(event.pointerId);
      if (!fingers.size) now.node.classList.remove("pl-grabbing");
      if (!at || event.pointerType === "mouse") return;
      const way = began && !camera.moved && !fingers.size ? swiped(began, local(event)) : 0;
      if (way) now.props.swiped(way);
      else if (event.type === "pointerup") now.props.hover(onPage(camera, size(), at));
    },
    leave: () => now.props.hover(null),
    double: (event) => self.zoom(1.8, local(event)),
    key(event) {
      const box = now.props.picking && byKey(now.props.pick, event.key, event.shiftKey);
      const by = { ArrowLeft: [KEY, 0], ArrowRight: [-KEY, 0], ArrowUp: [0, KEY], ArrowDown: [0, -KEY] }[event.key];
      if (!by) return;
      event.preventDefault();
      if (box) now.props.picked(box);
      else if (camera) put(shifted(camera, ...room(), ...by));
    },
  };
  return self;
}

/* `page` has the picture's size; `draw(canvas)` draws the heat whenever one of `drawn` changed; `marks` are boxes over
   it, `dots` points, and `start` a box that is shown first. `scaled(scale)`, `hover(point or null)`, `picked(box or
   null)` and `swiped(way)` hear of what a person does. `moves` gets what moves the page, and null when it is gone.
   All of it is there as soon as the page is, so that the first key and the first click find it: hence layout
   effects. */
export function Stage(props) {
  const { page, address, name, shown, draw, drawn, marks, dots, picking, pick, start, moves, stale, failed } = props;
  const now = useRef({}).current;
  now.props = props;
  const node = useRef(null),
    paper = useRef(null),
    canvas = useRef(null);
  useLayoutEffect(() => {
    Object.assign(now, { node: node.current, paper: paper.current });
    now.mover = mover(now);
    moves(now.mover);
    // Not passive, since it keeps the page from scrolling.
    node.current.addEventListener("wheel", now.mover.wheel, { passive: false });
    const seen = new ResizeObserver(() => now.mover.resize());
    seen.observe(node.current);
    return () => {
      seen.disconnect();
      moves(null);
    };
  }, []);
  useLayoutEffect(() => now.mover.begin(), [page.document, page.page, page.width, page.height, start]);
  useEffect(() => draw(canvas.current), drawn);
  useLayoutEffect(() => {
    if (picking) node.current.focus();
  }, [picking]);
  const on = (act) => (event) => now.mover[act](event);
  return html`<div class=${`pl-stage${picking ? " pl-picking" : ""}${stale ? " pl-stale" : ""}`} tabindex="0"
    role="group" aria-label="Page picture. Plus, minus and zero zoom; arrow keys move." ref=${node}
    onPointerDown=${on("down")} onPointerMove=${on("move")} onPointerUp=${on("up")} onPointerCancel=${on("up")}
    onPointerLeave=${on("leave")} onDblClick=${on("double")} onKeyDown=${on("key")}>
    <div class="pl-paper" ref=${paper} style=${{ width: `${page.width}px`, height: `${page.height}px` }}>
      <img class="pl-paper-image" alt=${name} draggable=${false} src=${address} onError=${failed} />
      <canvas class="pl-heat" id="pl-heat" aria-hidden="true" hidden=${!shown} ref=${canvas}></canvas>
      <svg class="pl-marks" viewBox="0 0 1000 1000" preserveAspectRatio="none" aria-hidden="true">
        ${marks.map(([box, kind]) => html`<${Mark} box=${box} kind=${kind} />`)}
        ${dots.map(([x, y]) => html`<path class="pl-dot" d=${`M${x * 1000} ${y * 1000}h0`} />`)}
        ${pick && html`<${Mark} box=${pick} kind="pl-pick" />`}
      </svg>
    </div>
    ${props.children}
  </div>`;
}

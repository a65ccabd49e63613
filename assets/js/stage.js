/* stage: a page picture to zoom, pan and point at, with marks over it, and a rectangle to pick a part of it. */
(() => {
  "use strict";
  const { h, s } = pagelens;
  const LEAST = 0.01; // of the page; a smaller rectangle is a click
  const STEP = 0.02;

  /* ``hover(point)`` hears where the pointer is (null: nowhere), in pixels of the stage and in fractions of the page;
     ``scaled(text)`` hears of the zoom; ``picked(box)`` of a part picked (null: none any more). */
  function stage({ hover, scaled, picked }) {
    const image = h("img", { class: "pl-paper-image", alt: "", draggable: "false" });
    const canvas = h("canvas", { class: "pl-heat", id: "pl-heat", "aria-hidden": "true" });
    const marks = s("svg", {
      class: "pl-marks",
      viewBox: "0 0 1000 1000",
      preserveAspectRatio: "none",
      "aria-hidden": "true",
    });
    const paper = h("div", { class: "pl-paper" }, image, canvas, marks);
    const node = h(
      "div",
      {
        class: "pl-stage",
        tabindex: "0",
        role: "group",
        "aria-label": "Page picture. Plus, minus and zero zoom; arrow keys move.",
      },
      paper,
    );
    let size = null;

    function open(page) {
      size = page;
      paper.style.width = `${page.width}px`;
      paper.style.height = `${page.height}px`;
      marks.replaceChildren();
      picking(false);
      requestAnimationFrame(() => fit());
    }

    const box = { x: 0, y: 0, scale: 1, least: 0.1, moved: false };
    function place() {
      const w = size.width * box.scale,
        t = size.height * box.scale,
        sw = node.clientWidth,
        sh = node.clientHeight;
      box.x = w <= sw ? (sw - w) / 2 : Math.min(24, Math.max(sw - w - 24, box.x));
      box.y = t <= sh ? (sh - t) / 2 : Math.min(24, Math.max(sh - t - 24, box.y));
      paper.style.transform = `translate(${box.x}px, ${box.y}px) scale(${box.scale})`;
      scaled(`${Math.round(box.scale * 100)}%`);
      node.classList.toggle("pl-zoomed", box.moved);
    }
    function fit() {
      if (!size || !node.clientWidth) return;
      const wide = (node.clientWidth - 24) / size.width,
        tall = (node.clientHeight - 24) / size.height;
      box.scale = Math.min(wide, tall);
      box.least = box.scale * 0.6;
      box.moved = false;
      place();
    }
    function zoom(factor, cx = node.clientWidth / 2, cy = node.clientHeight / 2) {
      if (!size) return;
      const scale = Math.min(8, Math.max(box.least, box.scale * factor)),
        f = scale / box.scale;
      box.x = cx - (cx - box.x) * f;
      box.y = cy - (cy - box.y) * f;
      box.scale = scale;
      box.moved = true;
      place();
    }
    const local = (event) => {
      const r = node.getBoundingClientRect();
      return { x: event.clientX - r.left, y: event.clientY - r.top };
    };
    node.addEventListener(
      "wheel",
      (event) => {
        if (!size) return;
        event.preventDefault();
        const p = local(event);
        zoom(Math.exp(-Math.max(-120, Math.min(120, event.deltaY)) * 0.0022), p.x, p.y);
      },
      { passive: false },
    );
    const fingers = new Map();
    node.addEventListener("pointerdown", (event) => {
      if (event.button) return;
      if (drawing && size && event.target.closest(".pl-stage") === node) {
        const { fx, fy } = point(local(event));
        from = [fx, fy];
        node.setPointerCapture(event.pointerId);
        event.preventDefault();
        node.focus();
        return;
      }
      fingers.set(event.pointerId, local(event));
      if (event.pointerType === "mouse" || fingers.size > 1 || box.moved) node.setPointerCapture(event.pointerId);
      node.classList.add("pl-grabbing");
    });
    node.addEventListener("pointermove", (event) => {
      if (!size) return;
      if (from) {
        const { fx, fy } = point(local(event));
        pick(spanning(from, [fx, fy]));
        return;
      }
      const p = local(event),
        last = fingers.get(event.pointerId);
      if (!last) {
        hover(point(p));
        return;
      }
      if (fingers.size === 2) {
        const other = [...fingers].find(([id]) => id !== event.pointerId)[1];
        const was = Math.hypot(last.x - other.x, last.y - other.y),
          now = Math.hypot(p.x - other.x, p.y - other.y);
        if (was > 0) zoom(now / was, (p.x + other.x) / 2, (p.y + other.y) / 2);
      } else if (event.pointerType === "mouse" || box.moved) {
        if (p.x !== last.x || p.y !== last.y) {
          box.x += p.x - last.x;
          box.y += p.y - last.y;
          box.moved = true;
          place();
          hover(null);
        }
      }
      fingers.set(event.pointerId, p);
    });
    const lift = (event) => {
      if (from) {
        from = null;
        if (chosen && (chosen[2] - chosen[0] < LEAST || chosen[3] - chosen[1] < LEAST)) pick(null);
        return;
      }
      const p = fingers.get(event.pointerId);
      fingers.delete(event.pointerId);
      if (!fingers.size) node.classList.remove("pl-grabbing");
      if (p && event.type === "pointerup" && event.pointerType !== "mouse") hover(point(p));
    };
    node.addEventListener("pointerup", lift);
    node.addEventListener("pointercancel", lift);
    node.addEventListener("pointerleave", () => hover(null));
    node.addEventListener("dblclick", (event) => {
      const p = local(event);
      zoom(1.8, p.x, p.y);
    });
    node.addEventListener("keydown", (event) => {
      if (drawing && move(event)) return;
      const by = { ArrowLeft: [60, 0], ArrowRight: [-60, 0], ArrowUp: [0, 60], ArrowDown: [0, -60] }[event.key];
      if (!by || !size) return;
      event.preventDefault();
      box.x += by[0];
      box.y += by[1];
      box.moved = true;
      place();
    });
    new ResizeObserver(() => {
      if (size && node.clientWidth) {
        if (box.moved) place();
        else fit();
      }
    }).observe(node);

    /* --- picking a part: drag a rectangle; or the arrow keys move it, with Shift they size it ---------------------- */
    let drawing = false,
      from = null,
      chosen = null;
    const clamp = (value) => Math.min(1, Math.max(0, value));
    const point = (p) => ({
      ...p,
      fx: (p.x - box.x) / box.scale / size.width,
      fy: (p.y - box.y) / box.scale / size.height,
    });
    const spanning = ([ax, ay], [bx, by]) =>
      [Math.min(ax, bx), Math.min(ay, by), Math.max(ax, bx), Math.max(ay, by)].map(clamp);
    function pick(b) {
      chosen = b;
      marks.querySelectorAll(".pl-pick").forEach((one) => one.remove());
      if (b) marks.append(mark(b, "pl-pick"));
      picked(b);
    }
    function picking(on) {
      drawing = on;
      from = null;
      node.classList.toggle("pl-picking", on);
      pick(null);
      if (on) node.focus();
    }
    function move(event) {
      const by = { ArrowLeft: [-STEP, 0], ArrowRight: [STEP, 0], ArrowUp: [0, -STEP], ArrowDown: [0, STEP] }[event.key];
      if (!by) return false;
      event.preventDefault();
      const [x0, y0, x1, y1] = chosen || [0.3, 0.4, 0.7, 0.6];
      if (!chosen) pick([x0, y0, x1, y1]);
      else if (event.shiftKey)
        pick([x0, y0, Math.max(x0 + LEAST, clamp(x1 + by[0])), Math.max(y0 + LEAST, clamp(y1 + by[1]))]);
      else {
        const dx = Math.min(1 - x1, Math.max(-x0, by[0])),
          dy = Math.min(1 - y1, Math.max(-y0, by[1]));
        pick([x0 + dx, y0 + dy, x1 + dx, y1 + dy]);
      }
      return true;
    }

    /* --- marks ------------------------------------------------------------------------------------------------------ */
    const mark = (b, kind) =>
      s("rect", {
        class: kind,
        x: b[0] * 1000,
        y: b[1] * 1000,
        width: Math.max(0, b[2] - b[0]) * 1000,
        height: Math.max(0, b[3] - b[1]) * 1000,
      });
    function highlight(b) {
      marks.querySelectorAll(".pl-mark-box").forEach((node) => node.remove());
      if (b && b[2] > b[0]) marks.append(mark(b, "pl-mark-box"));
    }
    function reveal(b) {
      highlight(b);
      if (!(b[2] > b[0])) return;
      const want = Math.max(box.scale, Math.min(2, (node.clientWidth * 0.25) / ((b[2] - b[0]) * size.width)));
      if (want > box.scale * 1.5 || box.moved) {
        box.scale = Math.max(box.scale, Math.min(want, box.scale * 2));
        box.moved = true;
      }
      box.x = node.clientWidth / 2 - ((b[0] + b[2]) / 2) * size.width * box.scale;
      box.y = node.clientHeight / 2 - ((b[1] + b[3]) / 2) * size.height * box.scale;
      place();
    }
    return { node, image, canvas, marks, open, fit, zoom, mark, highlight, reveal, picking, box };
  }

  pagelens.stage = stage;
})();

/* camera: where a page lies on its stage. Pure: a camera is { x, y, scale, least, moved }, in pixels of the stage,
   `size` the page's { width, height } and `view` the stage's. Boxes are [x0, y0, x1, y1] in fractions of the page. */

const EDGE = 24; // pixels of the stage that may show beside a page larger than it
const MOST = 8; // times the page's own size
const STEP = 0.02; // of the page, by which a key moves a box
const LEAST = 0.01; // of the page; a smaller rectangle is a click

const clamp = (low, value, high) => Math.min(high, Math.max(low, value));

function placed(camera, size, view) {
  const inside = (at, length, room) => (length <= room ? (room - length) / 2 : clamp(room - length - EDGE, at, EDGE));
  return {
    ...camera,
    x: inside(camera.x, size.width * camera.scale, view.width),
    y: inside(camera.y, size.height * camera.scale, view.height),
  };
}
/* The whole page, in the middle. */
export function fitted(size, view) {
  const scale = Math.max(0.01, Math.min((view.width - EDGE) / size.width, (view.height - EDGE) / size.height));
  return placed({ x: 0, y: 0, scale, least: scale * 0.6, moved: false }, size, view);
}
/* Nearer by a factor, the point of the stage staying where it is. */
export function zoomed(camera, size, view, factor, at = { x: view.width / 2, y: view.height / 2 }) {
  const scale = clamp(camera.least, camera.scale * factor, MOST),
    by = scale / camera.scale;
  const x = at.x - (at.x - camera.x) * by,
    y = at.y - (at.y - camera.y) * by;
  return placed({ ...camera, x, y, scale, moved: true }, size, view);
}
export const shifted = (camera, size, view, dx, dy) =>
  placed({ ...camera, x: camera.x + dx, y: camera.y + dy, moved: true }, size, view);
export const resized = (camera, size, view) => (camera.moved ? placed(camera, size, view) : fitted(size, view));

/* A box in the middle, nearer where it is small. */
export function revealed(camera, size, view, [x0, y0, x1, y1]) {
  if (!(x1 > x0)) return camera;
  const want = Math.max(camera.scale, Math.min(2, (view.width * 0.25) / ((x1 - x0) * size.width)));
  const nearer = want > camera.scale * 1.5 || camera.moved;
  const scale = nearer ? Math.max(camera.scale, Math.min(want, camera.scale * 2)) : camera.scale;
  const x = view.width / 2 - ((x0 + x1) / 2) * size.width * scale,
    y = view.height / 2 - ((y0 + y1) / 2) * size.height * scale;
  return placed({ ...camera, x, y, scale, moved: camera.moved || nearer }, size, view);
}
/* A point of the stage as a fraction of the page. */
export const onPage = (camera, size, { x, y }) => ({
  x,
  y,
  fx: (x - camera.x) / camera.scale / size.width,
  fy: (y - camera.y) / camera.scale / size.height,
});
export const spanning = (a, b) =>
  [Math.min(a.fx, b.fx), Math.min(a.fy, b.fy), Math.max(a.fx, b.fx), Math.max(a.fy, b.fy)].map((x) => clamp(0, x, 1));
export const isClick = (box) => box[2] - box[0] < LEAST || box[3] - box[1] < LEAST;
const ARROWS = { ArrowLeft: [-STEP, 0], ArrowRight: [STEP, 0], ArrowUp: [0, -STEP], ArrowDown: [0, STEP] };
/* A box moved by an arrow key, or sized with Shift; the first key makes one. Null for other keys. */
export function byKey(box, key, shift) {
  const by = ARROWS[key];
  if (!by) return null;
  if (!box) return [0.3, 0.4, 0.7, 0.6];
  const [x0, y0, x1, y1] = box;
  if (shift) return [x0, y0, clamp(x0 + LEAST, x1 + by[0], 1), clamp(y0 + LEAST, y1 + by[1], 1)];
  const dx = clamp(-x0, by[0], 1 - x1),
    dy = clamp(-y0, by[1], 1 - y1);
  return [x0 + dx, y0 + dy, x1 + dx, y1 + dy];
}
/* What a finger did that went from one point to another: 1 to the left (onwards), -1 to the right, 0 nothing. */
export function swiped(from, to) {
  const dx = to.x - from.x,
    dy = to.y - from.y;
  return Math.abs(dx) > 60 && Math.abs(dx) > 2 * Math.abs(dy) ? -Math.sign(dx) : 0;
}

/* lines: the scales of a chart of times. Pure. */
export const WIDTH = 720;
export const HEIGHT = 230;
const LEFT = 92,
  RIGHT = 14,
  TOP = 12,
  BOTTOM = 30,
  WITHIN = 8; // from the axis to the first point
export const EDGES = { left: LEFT, right: WIDTH - RIGHT, bottom: HEIGHT - 8 };

/* A round number at or above the highest value, and four steps to it. */
export function ceiling(value) {
  const power = 10 ** Math.floor(Math.log10(Math.max(value, 0.01)));
  return [1, 2, 4, 5, 8, 10].map((step) => step * power).find((step) => step >= value * (1 - 1e-9)) || 10 * power;
}
/* Where the i-th of so many points stands, and the height of a time below `top`. */
export const across = (i, many) =>
  many === 1 ? (LEFT + EDGES.right) / 2 : LEFT + WITHIN + (i / (many - 1)) * (EDGES.right - LEFT - 2 * WITHIN);
export const down = (ms, top) => HEIGHT - BOTTOM - (ms / top) * (HEIGHT - BOTTOM - TOP);

/* points: a picture that the query asks with beside what of it the open page shows, and lines between the points that
   both share, as SIFT finds them. */
import { api, asked, Button, html, imageUrl, parseRef, pictureUrl, plural, refOf, state, useAnswer, useEffect, useState,
  Waiting } from "../core/core.js";

const LINES = 24; // drawn between two pictures: more hide them
const WIDE = 150, GAP = 40; // of each picture, and between the two, in the units of the drawing

export const asksByPicture = () =>
  state.parts.some((part) => part.weight > 0 && (part.kind === "picture" || part.kind === "region"));

/* Some of many, spread over all of them. */
const spread = (list, most) =>
  list.length <= most ? list : Array.from({ length: most }, (_, i) => list[Math.floor((i * list.length) / most)]);

/* The smallest box around points, a little wider than they reach. */
function around(points) {
  const [xs, ys] = [0, 1].map((axis) => points.map((point) => point[axis]));
  const edge = (values) => [Math.max(0, Math.min(...values) - 0.02), Math.min(1, Math.max(...values) + 0.02)];
  const [[x0, x1], [y0, y1]] = [edge(xs), edge(ys)];
  return [x0, y0, x1, y1];
}

/* The picture that a part of the query asks with: its address, and which part of that picture. */
function source(part) {
  if (part.kind === "picture") return { address: pictureUrl(part), box: [0, 0, 1, 1] };
  const { document, page } = parseRef(part.page);
  return { address: imageUrl(document, page, "", "page"), box: part.box };
}

/* Width and height of a picture in pixels; null until it is loaded. */
function useSize(address) {
  const [size, setSize] = useState(null);
  useEffect(() => {
    const image = new Image();
    image.onload = () => setSize([image.naturalWidth, image.naturalHeight]);
    image.src = address;
    return () => (image.onload = null);
  }, [address]);
  return size;
}

/* A part of a picture `WIDE` units wide at `left`; `size` is that of the whole picture. */
const height = ([x0, y0, x1, y1], [w, h]) => (WIDE * (y1 - y0) * h) / ((x1 - x0) * w);
function Part({ address, box, size, left }) {
  const [x0, y0, x1, y1] = box;
  return html`<svg x=${left} y="0" width=${WIDE} height=${height(box, size)} preserveAspectRatio="none"
    viewBox=${`${x0 * size[0]} ${y0 * size[1]} ${(x1 - x0) * size[0]} ${(y1 - y0) * size[1]}`}>
    <image href=${address} width=${size[0]} height=${size[1]} preserveAspectRatio="none" />
  </svg>`;
}

function Pair({ found, page, reveal }) {
  const given = source(asked().parts[found.part]);
  const there = { address: imageUrl(page.document, page.page, page.page_id, "page"), box: around(found.found) };
  const [one, other] = [useSize(given.address), useSize(there.address)];
  const told = `${plural(found.asked.length, "point")} of the picture that was asked with stand on this page`;
  if (!one || !other) return html`<${Waiting} text="Loading both pictures" />`;
  const high = Math.max(height(given.box, one), height(there.box, other));
  const onPage = ([x, y]) => {
    const [x0, y0, x1, y1] = there.box;
    return [WIDE + GAP + (WIDE * (x - x0)) / (x1 - x0), ((y - y0) / (y1 - y0)) * height(there.box, other)];
  };
  const onPicture = ([x, y]) => [WIDE * x, y * height(given.box, one)];
  const pairs = spread(found.asked.map((point, i) => [onPicture(point), onPage(found.found[i])]), LINES);
  return html`<figure class="pl-points">
    <svg viewBox=${`0 0 ${2 * WIDE + GAP} ${high}`} role="img" aria-label=${told}>
      <${Part} ...${given} size=${one} left="0" />
      <${Part} ...${there} size=${other} left=${WIDE + GAP} />
      ${pairs.map(
        ([[x0, y0], [x1, y1]]) =>
          html`<g><line x1=${x0} y1=${y0} x2=${x1} y2=${y1} />
            <circle cx=${x0} cy=${y0} r="2" /><circle cx=${x1} cy=${y1} r="2" /></g>`,
      )}
    </svg>
    <figcaption>${told}${found.asked.length > LINES ? `; ${LINES} are drawn.` : "."}</figcaption>
    <${Button} onClick=${() => reveal(there.box)}>Show where on the page<//>
  </figure>`;
}

/* Which pictures of the query the open page shows; `draw(points)` marks them on the page. */
export function SamePicture({ page, reveal, draw }) {
  const ref = refOf(page);
  const body = { collection: state.collection, page: ref, query: asked() };
  const { value, error, stale } = useAnswer(() => api.post("/explain/points", body), [JSON.stringify(body)]);
  useEffect(() => {
    draw(stale || !value ? [] : value.flatMap((one) => one.found));
    return () => draw([]);
  }, [value, stale]);
  return html`<section class="pl-section">
    <h3>The same picture</h3>
    ${error || stale
      ? html`<${Waiting} text="Comparing the pictures point by point" error=${error} />`
      : value.length
        ? value.map((found) => html`<${Pair} key=${found.part} found=${found} page=${page} reveal=${reveal} />`)
        : html`<p class="pl-muted">This page does not show what was asked with, or too little of it agrees.</p>`}
  </section>`;
}

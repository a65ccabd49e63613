/* heated: a picture of a page with its heat over it, as it is shown beside others: not to be zoomed or pointed at. */
import { html, imageUrl, useEffect, useRef, useState } from "../core/core.js";
import * as heat from "./heat.js";

/* `drawn` is what `heat.draw` takes but the aspect, or nothing yet. */
export function Heated({ document, page, id, collection, drawn }) {
  const canvas = useRef(null);
  const [aspect, setAspect] = useState(0);
  useEffect(() => {
    if (!drawn || !aspect) return;
    heat.draw(canvas.current, { ...drawn, aspect });
    canvas.current.dataset.drawn = "yes";
  }, [drawn, aspect]);
  return html`<div class="pl-heats-stage">
    <img alt=${`${document}, page ${page}`} src=${imageUrl(document, page, id, "page", collection)}
      onLoad=${({ target }) => setAspect(target.naturalHeight / target.naturalWidth)} />
    <canvas class="pl-heats-canvas" aria-hidden="true" ref=${canvas}></canvas>
  </div>`;
}
/* The values of an explanation in the usual look, on a scale of its own. */
export function usual(why) {
  const read = heat.read(why),
    look = heat.looks().usual,
    list = heat.combined(read, [], look.join);
  return { ...look, list, places: read.boxes, ...heat.bounds([...heat.placed(list, read.boxes)], look) };
}

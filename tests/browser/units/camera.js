import { byKey, fitted, isClick, onPage, resized, revealed, shifted, spanning, swiped, zoomed } from "../viewer/camera.js";
import { close, equal } from "./expect.js";

const PAGE = { width: 1000, height: 1400 };
const VIEW = { width: 800, height: 600 };
const onStage = (camera, fx, fy) => [camera.x + fx * PAGE.width * camera.scale, camera.y + fy * PAGE.height * camera.scale];

export const tests = {
  "a fitted page is whole and in the middle"() {
    const camera = fitted(PAGE, VIEW);
    const [x0, y0] = onStage(camera, 0, 0),
      [x1, y1] = onStage(camera, 1, 1);
    close([x0 + x1, y0 + y1], [VIEW.width, VIEW.height]);
    equal([x0 >= 0, y0 >= 0, camera.moved], [true, true, false]);
  },
  "zooming keeps the point under the pointer where it is"() {
    const before = zoomed(fitted(PAGE, VIEW), PAGE, VIEW, 4);
    const at = { x: 410, y: 290 };
    const was = onPage(before, PAGE, at),
      is = onPage(zoomed(before, PAGE, VIEW, 1.5, at), PAGE, at);
    close([is.fx, is.fy], [was.fx, was.fy]);
  },
  "zooming ends at both ends, and no page is lost"() {
    let camera = fitted(PAGE, VIEW);
    for (let i = 0; i < 60; i++) camera = zoomed(camera, PAGE, VIEW, 1.3);
    equal(camera.scale, 8);
    camera = shifted(camera, PAGE, VIEW, 1e6, -1e6);
    const [x0] = onStage(camera, 0, 0),
      [, y1] = onStage(camera, 1, 1);
    equal([x0 <= VIEW.width, y1 >= 0], [true, true]);
    for (let i = 0; i < 60; i++) camera = zoomed(camera, PAGE, VIEW, 0.7);
    close(camera.scale, camera.least);
  },
  "a stage that changes its size fits a page that nobody moved"() {
    const small = { width: 300, height: 300 };
    equal(resized(fitted(PAGE, VIEW), PAGE, small), fitted(PAGE, small));
    const moved = zoomed(fitted(PAGE, VIEW), PAGE, VIEW, 3);
    close(resized(moved, PAGE, small).scale, moved.scale);
  },
  "a revealed part is on the stage"() {
    const box = [0.8, 0.9, 0.85, 0.92];
    const camera = revealed(fitted(PAGE, VIEW), PAGE, VIEW, box);
    const [x0, y0] = onStage(camera, box[0], box[1]),
      [x1, y1] = onStage(camera, box[2], box[3]);
    equal([x0 >= 0, y0 >= 0, x1 <= VIEW.width, y1 <= VIEW.height], [true, true, true, true]);
    const start = fitted(PAGE, VIEW);
    equal(revealed(start, PAGE, VIEW, [1, 0, 0, 0]), start); // a vector without a place
  },
  "boxes are drawn from any corner and stay on the page"() {
    close(spanning({ fx: 0.7, fy: 1.4 }, { fx: -0.2, fy: 0.3 }), [0, 0.3, 0.7, 1]);
    equal([isClick([0.5, 0.5, 0.505, 0.9]), isClick([0.5, 0.5, 0.6, 0.6])], [true, false]);
  },
  "keys make, move and size a box"() {
    let box = byKey(null, "ArrowUp", false);
    close(byKey(box, "ArrowRight", true), [0.3, 0.4, 0.72, 0.6]);
    for (let i = 0; i < 60; i++) box = byKey(box, "ArrowUp", false);
    close(box, [0.3, 0, 0.7, 0.2]);
    for (let i = 0; i < 60; i++) box = byKey(box, "ArrowLeft", true);
    close(box, [0.3, 0, 0.31, 0.2]);
    equal(byKey(box, "x", false), null);
  },
  "a swipe is long and level"() {
    equal(swiped({ x: 300, y: 100 }, { x: 200, y: 120 }), 1);
    equal(swiped({ x: 100, y: 100 }, { x: 200, y: 80 }), -1);
    equal(Math.abs(swiped({ x: 100, y: 100 }, { x: 200, y: 200 })), 0);
    equal(Math.abs(swiped({ x: 100, y: 100 }, { x: 130, y: 100 })), 0);
  },
};

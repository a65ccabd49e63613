import { combined, placed, under, unpacked } from "../viewer/heat.js";
import { close, equal } from "./expect.js";

const packed = (bytes) => btoa(String.fromCharCode(...bytes));

export const tests = {
  "places of a passage are five bytes each"() {
    close(unpacked(packed([0, 51, 102, 255, 255, 255, 0, 255, 51, 51])).flat(), [0, 0.2, 0.4, 1, 1, 1, 0, 1, 0.2, 0.2]);
    equal(unpacked(""), []);
  },
  "all words are the heat that came; chosen ones are joined anew"() {
    const seen = {
      all: Float32Array.from([0.5, 0.25]),
      similarities: Float32Array.from([1, 0, 0, 1]),
      weights: [1, 0.5],
    };
    close([...combined(seen, [], "mean")], [0.5, 0.25]);
    close([...combined(seen, [1], "mean")], [0, 1]);
    close([...combined(seen, [0, 1], "mean")], [2 / 3, 1 / 3]);
    close([...combined(seen, [], "max")], [1, 0.5]);
  },
  "a vector without a place counts for no range"() {
    equal([...placed(Float32Array.from([1, 2]), Float32Array.from([0, 0, 1, 1, 1, 0, 0, 0]))], [1]);
  },
  "the smallest box lies under the pointer, and words are easy to hit"() {
    const boxes = Float32Array.from([0, 0, 1, 1, 0.4, 0.4, 0.6, 0.42]);
    equal(under({ boxes, grid: true }, 0.5, 0.41), 1);
    equal(under({ boxes, grid: true }, 0.5, 0.425), 0);
    equal(under({ boxes, grid: false }, 0.5, 0.425), 1);
    equal(under({ boxes: boxes.subarray(4), grid: true }, 0.1, 0.1), -1);
  },
};

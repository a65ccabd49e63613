import { bytes, count, date, duration, marked, ms, parted, plural, score } from "../core/format.js";
import { equal } from "./expect.js";

export const tests = {
  "counts and words"() {
    equal([count(1234567), plural(1, "page"), plural(0, "page")], ["1,234,567", "1 page", "0 pages"]);
  },
  "times and sizes"() {
    equal([0.126, 12.34, 123.4, 1234].map(ms), ["0.13 ms", "12.3 ms", "123 ms", "1.23 s"]);
    equal([0, 999, 1000, 123456, 1e15].map(bytes), ["0 B", "999 B", "1.0 kB", "123 kB", "1000 TB"]);
    equal([0.2, 89, 90, 5400, null, Infinity].map(duration), ["under a second", "89 s", "2 min", "1.5 h", "unknown", "unknown"]);
    equal(date("no date"), "no date");
  },
  "scores of any size"() {
    equal([0, 0.05, -0.5, 3.14159, 1234.56].map(score), ["0.00", "0.0500", "-0.50", "3.14", "1234.6"]);
  },
  "a long name keeps its end, and no letter is torn"() {
    equal(parted("short.pdf"), ["short.pdf", ""]);
    equal(parted("rocket-launch.jpg"), ["rocket-launch.jpg", ""]);
    equal(parted("rocket-launch.jpg", true), ["rocket-la", "unch.jpg"]);
    const name = `folder/${"a very long name ".repeat(5)}part-2.pdf`;
    const [head, tail] = parted(name);
    equal([head + tail, tail.endsWith("part-2.pdf")], [name, true]);
    const smiles = "😀".repeat(40);
    equal([...parted(smiles)[1]].length, 14);
  },
  "marks cut a text into pieces that are the text again"() {
    const pieces = marked("the blue whale", [
      [4, 8],
      [9, 14],
    ]);
    equal(pieces, [["the ", false], ["blue", true], [" ", false], ["whale", true]]);
    equal(marked("plain", []), [["plain", false]]);
    equal(marked("", []), []);
  },
};

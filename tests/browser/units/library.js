import { accepted, isSystem, kinds, leftOut, sorted, summary } from "../library/files.js";
import { equal } from "./expect.js";

const READABLE = [
  { name: "PDF", suffixes: [".pdf"] },
  { name: "JPEG", suffixes: [".jpeg", ".jpg"] },
];

export const tests = {
  "what the server reads is what is offered"() {
    equal([kinds(READABLE), accepted(READABLE)], ["PDF, JPEG", ".pdf,.jpeg,.jpg"]);
  },
  "of a folder, what can be read is taken and what systems put there is nothing"() {
    const names = ["in/A.PDF", "in/b.jpg", "in/notes.txt", "in/.git/c.pdf", "in/~$d.pdf", "in/Thumbs.db", "in/none"];
    const { taken, others } = sorted(names.map((name) => ({ name })), READABLE);
    equal(taken.map((one) => one.name), ["in/A.PDF", "in/b.jpg"]);
    equal(others, ["in/notes.txt", "in/none"]);
    equal([isSystem("a/desktop.ini"), isSystem("a/desktop.pdf")], [true, false]);
  },
  "files that are not read are named, and many of them counted by kind"() {
    const names = Array.from({ length: 25 }, (_, i) => `${i}.${i % 2 ? "txt" : "TXT"}`);
    const rows = leftOut([...names, "none"], READABLE);
    equal(rows.length, 22);
    equal(rows.slice(-2).map((row) => row.name), ["and 5 more of .txt", "and 1 more of no suffix"]);
    equal(rows[0].note, "Not read: it is none of PDF, JPEG.");
    const kinds = leftOut(Array.from({ length: 90 }, (_, i) => `x.k${i}`), READABLE);
    equal(kinds.at(-1).name, "and 50 more of other kinds");
  },
  "a plan is told in numbers"() {
    const files = ["new", "refused", "known", "known", "dropped", "replaces"].map((state) => ({ state }));
    equal(summary(files), "6 files, 1 replaces another, 2 already here, 1 not readable, 1 left out");
    equal(summary([{ state: "new" }]), "1 file");
  },
};

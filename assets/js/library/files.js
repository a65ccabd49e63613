/* files: which of the files that are dropped are taken, how a plan is told, and how one is read again. Pure. */
import { count, plural } from "../core/format.js";

const SYSTEM = /^(\.|~\$)|^(thumbs\.db|ehthumbs\.db|desktop\.ini|__macosx)$/i;
const NAMED = 20; // files that are not read and yet named; of more, how many there are of each kind

/* `readable` are the kinds of files that the server reads, as { name, suffixes }. */
export const kinds = (readable) => readable.map((kind) => kind.name).join(", ");
export const accepted = (readable) => readable.flatMap((kind) => kind.suffixes).join(",");
export const isSystem = (name) => name.split("/").some((part) => SYSTEM.test(part));
const suffix = (name) => (/\.[^./]*$/.exec(name) || [""])[0].toLowerCase();

/* What is taken of files { name, file } of a folder, and the names of the others. */
export function sorted(files, readable) {
  const known = new Set(readable.flatMap((kind) => kind.suffixes));
  const ours = files.filter((one) => !isSystem(one.name));
  return {
    taken: ours.filter((one) => known.has(suffix(one.name))),
    others: ours.filter((one) => !known.has(suffix(one.name))).map((one) => one.name),
  };
}
/* Rows of a plan for files that are not read: the first by name, the rest counted by suffix. */
export function leftOut(names, readable) {
  const rest = new Map();
  for (const name of names.slice(NAMED)) {
    const ending = suffix(name) || "no suffix";
    const kind = rest.has(ending) || rest.size < NAMED ? ending : "other kinds";
    rest.set(kind, (rest.get(kind) || 0) + 1);
  }
  const more = [...rest].map(([kind, many]) => `and ${count(many)} more of ${kind}`);
  const note = `Not read: it is none of ${kinds(readable)}.`;
  return [...names.slice(0, NAMED), ...more].map((name) => ({ name, pages: 0, note, state: "refused" }));
}
export const STATES = {
  new: "New",
  rest: "Goes on",
  replaces: "Replaces",
  known: "Already here",
  refused: "Not readable",
  dropped: "Left out",
};
/* How many files of a plan there are of each fate that is worth a word, as "4 files, 1 refused". */
export function summary(files) {
  const many = (state) => files.filter((file) => file.state === state).length;
  const said = [
    [many("rest"), "to go on with"],
    [many("replaces"), many("replaces") === 1 ? "replaces another" : "replace others"],
    [many("known"), "already here"],
    [many("refused"), "not readable"],
    [many("dropped"), "left out"],
  ];
  const fates = said.filter(([n]) => n).map(([n, what]) => `${count(n)} ${what}`);
  return [plural(files.length, "file"), ...fates].join(", ");
}

/* format: numbers, times and names as text. */
const whole = new Intl.NumberFormat("en");
const UNITS = ["B", "kB", "MB", "GB", "TB"];
const TAIL = 14; // characters that stay of a long name's end: the suffix, and what tells "part-1" from "part-2"
const WHOLE = 2 * TAIL; // characters that there is room for on a line
const TIGHT = 12; // and where things stand beside one another ...
const NEAR = 10; // ... of which so many stay

export const count = (n) => whole.format(n);
export const plural = (n, word, words = `${word}s`) => `${whole.format(n)} ${n === 1 ? word : words}`;

export function ms(value) {
  if (value >= 1000) return `${(value / 1000).toFixed(2)} s`;
  if (value >= 100) return `${Math.round(value)} ms`;
  return `${value.toFixed(value >= 10 ? 1 : 2)} ms`;
}
export function bytes(n) {
  let i = 0;
  for (; n >= 1000 && i < UNITS.length - 1; i++) n /= 1000;
  return `${i && n < 100 ? n.toFixed(1) : Math.round(n)} ${UNITS[i]}`;
}
export function duration(seconds) {
  if (seconds === null || seconds === undefined || !isFinite(seconds)) return "unknown";
  if (seconds < 1) return "under a second";
  if (seconds < 90) return `${Math.round(seconds)} s`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`;
  return `${(seconds / 3600).toFixed(1)} h`;
}
export function score(x) {
  const size = Math.abs(x);
  return size >= 100 ? x.toFixed(1) : size >= 0.1 || x === 0 ? x.toFixed(2) : x.toFixed(4);
}
export function date(text) {
  const d = new Date(text);
  return isNaN(d) ? text : d.toLocaleString("en-GB", { dateStyle: "medium", timeStyle: "short" });
}
export const capital = (text) => text.charAt(0).toUpperCase() + text.slice(1);
export const percent = (share) => `${Math.round(share * 100)} %`;

/* A name as [what may be cut, what stays], so that one that is too long for its place is cut in its middle and not at
   its telling end. */
export function parted(name, tight = false) {
  const letters = [...name];
  const [room, end] = tight ? [TIGHT, NEAR] : [WHOLE, TAIL];
  const tail = letters.length > room ? Math.min(end, Math.floor(letters.length / 2)) : 0;
  const at = letters.length - tail;
  return [letters.slice(0, at).join(""), letters.slice(at).join("")];
}
/* A text as pieces [text, whether it is marked], from marks [start, end) in order. */
export function marked(text, marks) {
  const pieces = [];
  let from = 0;
  for (const [start, end] of marks) {
    if (start > from) pieces.push([text.slice(from, start), false]);
    pieces.push([text.slice(start, end), true]);
    from = end;
  }
  if (from < text.length) pieces.push([text.slice(from), false]);
  return pieces;
}

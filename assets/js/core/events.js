/* events: what a view has to do at a moment, rather than to show of the state; and what it adds to the address. */
/* Does it once nobody has asked for it for so many ms. */
export function soon(act, ms) {
  let timer = 0;
  return () => {
    clearTimeout(timer);
    timer = setTimeout(act, ms);
  };
}
const heard = new Map();
const links = [];
let told = null;

export function on(name, listener) {
  heard.set(name, [...(heard.get(name) || []), listener]);
}
export function emit(name, value) {
  for (const listener of heard.get(name) || []) listener(value);
}
/* `link` is { write(add), read(wanted) }; one that comes after the address was read is told at once. */
export function addLink(link) {
  links.push(link);
  if (told) link.read(told);
}
export function readLinks(wanted) {
  told = wanted;
  for (const link of links) link.read(wanted);
}
export function writeLinks() {
  const found = [];
  const add = (key, value, usual) => value && String(value) !== String(usual) && found.push([key, value]);
  for (const link of links) link.write(add);
  return found;
}

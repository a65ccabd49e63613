/* events: what views of older scripts hear of, and what they add to the address. Views made of templates need neither:
   they read the state. */
const heard = new Map();
const links = [];
let told = null;
export let part = ""; // which part is being mounted; its listeners are dropped when it is mounted again

export function on(name, listener) {
  if (!heard.has(name)) heard.set(name, []);
  heard.get(name).push({ part, listener });
}
/* `only`: tell one part, which was mounted after the others had been told. */
export function emit(name, value, only = null) {
  for (const one of [...(heard.get(name) || [])]) if (only === null || one.part === only) one.listener(value);
}
export function mounting(name, mount) {
  for (const [event, all] of heard) {
    const others = all.filter((one) => one.part !== name);
    heard.set(event, others);
  }
  part = name;
  mount();
  part = "";
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

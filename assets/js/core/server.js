/* server: what the page asks, as any program would: /api/v1, JSON, with the session's cookie. A refusal is thrown
   with the server's sentence. */
import { useEffect, useState } from "./html.js";
import { state } from "./store.js";

/* What cannot be done, as a sentence for the person; where nobody else tells it, it becomes a notice (dialogs.js). */
export class Refusal extends Error {}
export const BASE = "api/v1";
const GONE = "The Pagelens server does not answer; is it still running?";
const UNREADABLE = "The server's answer cannot be read.";

/* The Response itself; throws what was refused. `query` are the address's values, a list for one that may be repeated;
   those that are null are left out. */
async function ask(method, path, { query = {}, body, raw, signal } = {}) {
  const values = Object.entries(query)
    .flatMap(([name, value]) => [value].flat().map((one) => [name, one]))
    .filter(([, value]) => value !== null && value !== undefined);
  const address = `${BASE}${path}${values.length ? `?${new URLSearchParams(values)}` : ""}`;
  const json = { body: JSON.stringify(body), headers: { "Content-Type": "application/json" } };
  const sent = raw !== undefined ? { body: raw } : body !== undefined ? json : {};
  let answer;
  try {
    answer = await fetch(address, { method, signal, ...sent });
  } catch (error) {
    throw error.name === "AbortError" ? error : new Refusal(GONE);
  }
  if (answer.ok) return answer;
  const said = await answer.json().catch(() => ({}));
  throw new Refusal(said.error || `The server refused this (${answer.status}).`);
}
async function json(method, path, asked) {
  const answer = await ask(method, path, asked);
  if (answer.status === 204) return null;
  return answer.json().catch(() => {
    throw new Refusal(UNREADABLE);
  });
}
/* Lines of JSON as they come; one that is {"error"} is thrown. Aborting `signal` ends them and the work behind them. */
async function* lines(path, body, signal) {
  const reader = (await ask("POST", path, { body, signal })).body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  try {
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      const whole = (rest + value).split("\n");
      rest = whole.pop();
      for (const line of whole) {
        const said = JSON.parse(line);
        if (said.error) throw new Refusal(said.error);
        yield said;
      }
    }
  } finally {
    reader.cancel().catch(() => {});
  }
}
const part = (text) => encodeURIComponent(text);
export const api = {
  part,
  ask,
  lines,
  get: (path, query, signal) => json("GET", path, { query, signal }),
  post: (path, body, query) => json("POST", path, { body, query }),
  put: (path, body = {}) => json("PUT", path, { body }),
  patch: (path, body = {}) => json("PATCH", path, { body }),
  remove: (path, query) => json("DELETE", path, { query }),
  raw: (path, content) => json("POST", path, { raw: content }),
  /* Why a page scores, as `heat.read` takes it. */
  async layers(body, signal) {
    const told = await json("POST", "/explain/layers", { body, signal });
    return { ...told, heat_weights: told.tokens.map((token) => token.heat_weight) };
  },
  collection: (name, rest = "") => `/collections/${part(name)}${rest}`,
  /* Of the collection at hand. */
  here: (rest) => api.collection(state.collection, rest),
};
/* The address of a page's picture; `id` versions it, so that it may be kept for ever. */
export const imageUrl = (document, page, id, size, collection = state.collection) =>
  `pages/${part(collection)}/${part(document).replace(/%2F/g, "/")}/${page}.webp?size=${size}` +
  `&v=${part(String(id).slice(0, 16))}`;
export function pictureUrl({ picture, repairs = [] }) {
  const steps = new URLSearchParams(repairs.map((step) => ["repairs", step]));
  return `${BASE}/pictures/${part(picture)}${repairs.length ? `?${steps}` : ""}`;
}

/* What the server said to a question that a view asks by itself, asked anew when one of `on` changes. Until then the
   older answer stays, and is `stale`; an answer that comes too late is dropped. */
export function useAnswer(ask, on) {
  const [{ value, error, to }, tell] = useState({ value: null, error: "", to: null });
  useEffect(() => {
    let live = true;
    Promise.resolve(ask()).then(
      (value) => live && tell({ value, error: "", to: on }),
      (error) => live && tell({ value: null, error: error.message, to: on }),
    );
    return () => (live = false);
  }, on);
  return { value, error, stale: !to || on.some((one, i) => one !== to[i]) };
}
/* For questions that views do not ask by themselves: `begin()` gives what says whether nothing was begun since. */
export function latest() {
  let begun = 0;
  return () => {
    const mine = ++begun;
    return () => mine === begun;
  };
}
/* For what may be asked for again before it is answered: `ask()` gives what says, once it is answered, whether that
   holds: no answer to a later question is known already. */
export function newest() {
  let asked = 0,
    known = 0;
  return () => {
    const mine = ++asked;
    return () => mine === (known = Math.max(known, mine));
  };
}

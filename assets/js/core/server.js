/* server: requests to /api/v1, and the pictures it gives. Every failure is an Error with a sentence for the person. */
import { state } from "./store.js";

const API = "api/v1/";
const SILENT = "The Pagelens server does not answer; is it still running?";

async function request(path, { body, method = body === undefined ? "GET" : "POST", signal } = {}) {
  let answer;
  try {
    answer = await fetch(API + path, {
      method,
      signal,
      headers: body === undefined ? {} : { "Content-Type": "application/json" },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
  } catch (error) {
    throw error.name === "AbortError" ? error : new Error(SILENT);
  }
  if (answer.ok) return answer;
  const said = await answer.json().catch(() => ({}));
  throw Object.assign(new Error(said.error || SILENT), { missing: answer.status === 404 });
}
/* Ask for JSON, by GET, or by POST where there is a body. */
export async function ask(path, body, more = {}) {
  const answer = await request(path, { body, ...more });
  return answer.status === 204 ? null : answer.json();
}
/* Ask for lines of JSON; `heard` gets each as it comes. */
export async function lines(path, body, heard, signal) {
  const answer = await request(path, { body, signal });
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  try {
    for (;;) {
      const { done, value } = await reader.read();
      const found = (rest + (value || "")).split("\n");
      rest = found.pop();
      for (const line of found) if (line) heard(JSON.parse(line));
      if (done) break;
    }
  } catch (error) {
    throw error.name === "AbortError" || error instanceof SyntaxError ? error : new Error(SILENT);
  }
  if (rest) heard(JSON.parse(rest));
}

/* --- what is not yet under /api/v1: Gradio's functions of the page, by name ------------------------------------------ */
let functions = null;
export const serveBy = (found) => (functions = found);
export const served = () => functions !== null;
export async function call(name, body = {}) {
  let answer;
  try {
    answer = await functions[name](body);
  } catch {
    throw new Error(SILENT);
  }
  if (answer && answer.ok) return answer.data;
  throw Object.assign(new Error((answer && answer.error) || "The server gave no answer."), {
    missing: Boolean(answer && answer.missing),
  });
}

/* --- pictures ------------------------------------------------------------------------------------------------------ */
const path = (text) => encodeURIComponent(text).replace(/%2F/g, "/");
/* The address of a page's picture; `id` versions it, so that it may be kept for ever. */
export const imageUrl = (document, page, id, size) =>
  `pages/${encodeURIComponent(state.collection)}/${path(document)}/${page}.webp?size=${size}` +
  `&v=${encodeURIComponent(String(id).slice(0, 16))}`;
export function pictureUrl({ picture, repairs = [] }) {
  const steps = repairs.map((step) => `repairs=${encodeURIComponent(step)}`).join("&");
  return `${API}pictures/${encodeURIComponent(picture)}${steps ? `?${steps}` : ""}`;
}

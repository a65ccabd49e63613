/* again: pages that were hardly read are read another way, from their stored pictures; no file is needed. */
import { api, Button, html, plural, startJob, useAnswer } from "../core/core.js";
import { otherWay } from "./files.js";

let asked = null; // languages change when something is installed, which is when the page is loaded anew
export const languages = () =>
  (asked ||= api.get("/languages").catch((error) => ((asked = null), Promise.reject(error))));

/* The cure in one click of a document { name, words, verdict, notices }: what is tried first, in the language that its
   pages look like or in the one given. */
export function Cure({ document, language = "", short = false }) {
  const { value: known } = useAnswer(languages, []);
  if (!known) return null;
  const way = { ...otherWay(document, known), ...(language && { languages: [language], engine: "auto" }) };
  const body = { document: document.name, ...way };
  const read = () => startJob("/reread", body);
  const what = way.pages.length ? plural(way.pages.length, "page") : "it";
  const text = way.layer ? `Read ${what} again, another way` : `Read ${what} by OCR alone`;
  return html`<${Button} edits look=${short && "pl-small"} aria-label=${short ? `${text}: ${document.name}` : null}
    title=${text} act=${read}>
    ${short ? "Read again" : text}
  <//>`;
}
/* Whether there is something to cure of a document; how much of a page was read, where that is known. */
export const isHardlyRead = ({ verdict }) => ["partly", "badly"].includes(verdict);
export const readOf = ({ quality }) => (quality == null ? "" : `${quality} % read`);

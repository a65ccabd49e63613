/* again: pages that were hardly read are read another way, from their stored pictures; no file is needed. */
import { api, Button, html, plural, startJob } from "../core/core.js";

let asked = null; // languages change when something is installed, which is when the page is loaded anew
export const languages = () =>
  (asked ||= api.get("/languages").catch((error) => ((asked = null), Promise.reject(error))));

/* The cure in one click of a document { name, verdict, notices }, in the language that its pages look like or in the
   one given; which way is the server's to say. */
export function Cure({ document: { name, verdict, notices }, language = "", short = false }) {
  const read = () => startJob("/reread", { document: name, another: true, languages: language ? [language] : [] });
  const text = `Read ${verdict === "partly" ? plural(notices.length, "page") : "it"} again, another way`;
  return html`<${Button} edits look=${short && "pl-small"} aria-label=${short ? `${text}: ${name}` : null}
    title=${text} act=${read}>
    ${short ? "Read again" : text}
  <//>`;
}
/* Whether there is something to cure of a document; how much of a page was read, where that is known. */
export const isHardlyRead = ({ verdict }) => ["partly", "badly"].includes(verdict);
export const readOf = ({ quality }) => (quality == null ? "" : `${quality} % read`);

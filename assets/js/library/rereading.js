/* rereading: reading a document's stored pictures another way, where its words are not what it says. No file is needed. */
import { api, Button, html, Labelled, plural, Select, state, useAnswer, useState, watch } from "../core/core.js";
import { otherWay } from "./files.js";

let asked = null; // languages change when something is installed, which is when the page is loaded anew
const languages = () => (asked ||= api.get("/languages").catch((error) => ((asked = null), Promise.reject(error))));

/* The cure in one click: what is tried first, in the language that the pages look like or in the one given. */
export function Cure({ document, language = "", short = false }) {
  const { value: known } = useAnswer(languages, []);
  if (!known) return null;
  const way = { ...otherWay(document, known), ...(language && { languages: [language], engine: "auto" }) };
  const body = { document: document.name, ...way };
  const read = () => api.post(api.collection(state.collection, "/reread"), body).then(watch);
  const what = way.pages.length ? plural(way.pages.length, "page") : "it";
  const text = way.layer ? `Read ${what} again, another way` : `Read ${what} by OCR alone`;
  return html`<${Button} look=${short && "pl-small"} aria-label=${short ? `${text}: ${document.name}` : null}
    title=${text} act=${read}>
    ${short ? "Read again" : text}
  <//>`;
}
export function Again({ document }) {
  const { value: known } = useAnswer(languages, []);
  const [language, choose] = useState("");
  const there = (known || []).filter((one) => one.there);
  return html`<div class="pl-row pl-again">
    <${Cure} document=${document} language=${language} />
    <${Labelled} look="pl-inline" text="in">
      <${Select} aria-label="Language" value=${language} choose=${choose}
        options=${[["", "the language it looks like"], ...there.map((one) => [one.code, one.name])]} />
    <//>
  </div>`;
}

/* rereading: reading a document's stored pictures another way, where its words are not what it says. No file is needed. */
import { useAnswer } from "../core/answer.js";
import { failed } from "../core/dialogs.js";
import { plural } from "../core/format.js";
import { html, useState } from "../core/html.js";
import { watch } from "../core/jobs.js";
import { api } from "../core/server.js";
import { state } from "../core/store.js";

/* What is tried first: of a document with text of its own its pictures alone, of a scan another OCR where there is one;
   and of one that is read in part the pages that are not. */
function otherWay({ words, verdict, notices }, languages) {
  const scan = words === "ocr" || words === "none";
  const tesseract = languages.some((one) => one.there && !one.built_in);
  return {
    layer: scan,
    engine: scan && tesseract ? "tesseract" : "auto",
    pages: verdict === "partly" ? notices.map((one) => one.page) : [],
  };
}
export function Again({ document }) {
  const { value: languages } = useAnswer(() => api.get("/languages"), []);
  const [language, choose] = useState("");
  const [busy, setBusy] = useState(false);
  if (!languages) return null;
  const way = otherWay(document, languages);
  const read = async () => {
    setBusy(true);
    const asked = language ? { ...way, languages: [language], engine: "auto" } : way;
    await api.post(api.collection(state.collection, "/reread"), { document: document.name, ...asked }).then(watch, failed);
    setBusy(false);
  };
  const pages = way.pages.length ? plural(way.pages.length, "page") : "it";
  return html`<div class="pl-row pl-again">
    <button type="button" class="pl-button" id="pl-reread" disabled=${busy} onClick=${read}>
      ${way.layer ? `Read ${pages} again, another way` : `Read ${pages} by OCR alone`}
    </button>
    <label class="pl-inline">
      <span>in</span>
      <select class="pl-select" aria-label="Language" value=${language} onChange=${(event) => choose(event.target.value)}>
        <option value="">the language it looks like</option>
        ${languages
          .filter((one) => one.there)
          .map((one) => html`<option key=${one.code} value=${one.code}>${one.name}</option>`)}
      </select>
    </label>
  </div>`;
}

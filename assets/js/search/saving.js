/* saving: save a search under a name, copy it as a command, code or request, and export what it found. */
import { addressed, api, asking, Button, Copied, date, dialog, html, Input, Kept, notify, openDialog, save,
  state } from "../core/core.js";
import { ALL, askAnew, question, request } from "./run.js";

const NAME = 80; // characters of a query that a saved search is first named by
const FORMS = [
  ["html", "Report", "One HTML file with pages and heatmaps"],
  ["csv", "CSV", "One row a result, for a spreadsheet"],
  ["json", "JSON", "Everything: stages, scores, regions, words"],
  ["trec", "TREC run", "For trec_eval and ir-measures"],
  ["pdf", "PDF", "The pages found, with heat and regions drawn on them"],
];

addressed("copies", async () => {
  const copies = await api.post("/copies", { ...request()[1], address: location.origin });
  await dialog({
    title: "This search as a command, as code, as a request",
    wide: true,
    body: html`<div class="pl-copies">${copies.map(Copied)}</div>`,
  });
});
/* `wanted` is what more the file is to be made by: its one page, whose heat, how it looks. */
export async function download(form, wanted = {}) {
  notify("The file is being made; it is saved when it is ready.");
  const found = wanted.page ? question() : request()[1];
  await save(await api.ask("POST", "/exports", { body: { ...found, form, ...wanted } }), `search.${form}`);
}
addressed("export", () => {
  const one = ([form, name, what]) =>
    html`<button key=${form} type="button" class="pl-export" data-form=${form} onClick=${() => download(form)}>
      <b>${name}</b><span>${what}</span>
    </button>`;
  return dialog({ title: "Export these results", body: html`<div class="pl-exports">${FORMS.map(one)}</div>` });
});
async function keep() {
  const name = await dialog({
    title: "Save this search",
    confirm: "Save",
    fields: html`<${Input} text="Name" name="name" aria-label="Name of the search"
      defaultValue=${state.query.slice(0, NAME)} />`,
    read: (data) => data.get("name"),
  });
  if (name === null) return;
  await api.post("/searches", { ...request()[1], name });
  notify("Saved; “Saved searches” has it.");
}
function restore({ parts: all, collections, ...saved }) {
  const words = all.find((part) => part.kind === "text" && part.weight === 1);
  const across = collections && (collections.length ? collections : [ALL]);
  const parts = all.filter((part) => part !== words);
  askAnew({ ...saved, across: across || [], query: words ? words.text : "", parts });
}
const where = ({ collection, collections }) => (collections ? collections.join(", ") || "all collections" : collection);
const about = (one) => [where(one), one.pipeline, one.filter, date(one.added)];
addressed("saved", async () => {
  const chosen = await dialog({
    title: "Saved searches",
    body: (open) => html`<${Kept} path="/searches" kind="saved search" none="No search is saved yet." about=${about}
      open=${open} />`,
  });
  if (chosen) setTimeout(() => restore(chosen)); // once the dialog has left the address
});

export function SavingBar() {
  const whole = state.search && state.search.result && state.search.result.complete && asking();
  const button = (icon, text, act, more) =>
    html`<${Button} icon=${icon} look="pl-subtle" title=${text} onClick=${act} ...${more}><span>${text}</span><//>`;
  return html`<div class="pl-keeping" role="group" aria-label="This search">
    ${whole && [
      button("star", "Save", keep, { edits: true }),
      button("code", "Copy as", () => openDialog("copies")),
      button("save", "Export", () => openDialog("export")),
    ]}
    ${button("file", "Saved searches", () => openDialog("saved"))}
  </div>`;
}

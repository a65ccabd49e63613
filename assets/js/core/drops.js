/* drops: files that are dropped on the page. The web view of Linux names none to a page; our own window, which it is
   in, knows them and hands them over (ui/desktop.py). */
const own = () => window.pywebview && window.pywebview.api;

/* Whether what is dragged has addresses; those of files or of the web, which only a drop lets us read. File managers
   bring no markup along, browsers do. */
const addresses = ({ dataTransfer }) => Boolean(own()) && dataTransfer && dataTransfer.types.includes("text/uri-list");
const ofTheWeb = ({ dataTransfer }) =>
  dataTransfer.types.includes("text/html") || /^(?!file:)[^#\s]/.test(dataTransfer.getData("text/uri-list"));
/* Whether files are dragged, for all that a page may know. */
export const dragsFiles = (event) =>
  Boolean(event.dataTransfer) &&
  (event.dataTransfer.types.includes("Files") || (addresses(event) && !ofTheWeb(event)));
/* Whether a link would be followed where it is dropped, by a window that has no way back. */
export const leadsAway = (event) =>
  addresses(event) && !dragsFiles(event) && !event.target.closest("input, textarea");
/* Whether a drop has no files where the window may know some; to be asked in its own turn. */
export const withheld = ({ dataTransfer }) => Boolean(own()) && !dataTransfer.files.length;
/* They, as { name, file }; what lay in a folder has a name with slashes. */
export async function handed() {
  const found = [];
  for (const [at, [name, type]] of (await own().dropped()).entries()) {
    const parts = [];
    for (let from = 0, part; (part = await own().read(at, from)); from += parts.at(-1).length)
      parts.push(Uint8Array.from(atob(part), (letter) => letter.charCodeAt(0)));
    found.push({ name, file: new File(parts, name.split("/").at(-1), { type }) });
  }
  return found;
}

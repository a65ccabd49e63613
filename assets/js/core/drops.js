/* drops: files that are dropped on the page. The web view of Linux names none to a page; our own window, which it is
   in, knows them and hands them over (ui/desktop.py). */
const own = () => window.pywebview && window.pywebview.api;

/* Whether files are dragged, for all that a page may know. */
export const dragsFiles = ({ dataTransfer }) =>
  Boolean(dataTransfer) &&
  [...dataTransfer.types].some((type) => type === "Files" || (type === "text/uri-list" && Boolean(own())));
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

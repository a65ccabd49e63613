/* clipboard: what a person takes along. */
import { notify } from "./dialogs.js";

export async function copy(text, said = "Copied.") {
  try {
    await navigator.clipboard.writeText(text);
    notify(said);
  } catch {
    notify("The browser does not let pages copy here; select the text and copy it.", "error");
  }
}

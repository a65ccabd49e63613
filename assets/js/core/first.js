/* first: the field that stands in the page from its first moment (first.html), until the real one is there: what was
   typed, dropped or asked goes on in that, and so does the typing; a tab that was pressed is turned to. */
import { showTab } from "./router.js";
import { set, state } from "./store.js";

export function takeOver() {
  const first = document.getElementById("pl-first");
  if (!first) return undefined;
  const typed = first.querySelector("input"),
    field = document.getElementById("pl-query"),
    there = field && field.offsetParent,
    elsewhere = state.view !== "search" && document.getElementById("pl-tabs");
  const { view } = first.dataset;
  if (view && view !== state.view) showTab(view);
  if (first.dataset.composing || !(there || elsewhere)) return requestAnimationFrame(takeOver);
  if (typed.value !== state.draft) set({ draft: typed.value });
  if (there) {
    field.value = typed.value; // before it is drawn, since where it was typed is to be kept
    if (document.activeElement === typed) {
      field.focus();
      field.setSelectionRange(typed.selectionStart, typed.selectionEnd);
    }
    if (first.dropped) {
      const dataTransfer = new DataTransfer();
      for (const file of first.dropped) dataTransfer.items.add(file);
      field.dispatchEvent(new DragEvent("drop", { dataTransfer, bubbles: true, cancelable: true }));
    }
    if (first.dataset.asked) field.form.requestSubmit();
  }
  return first.remove();
}

/* name: that of a document. Where there is little room for it, it is cut in its middle; what is named by it says it
   whole. */
import { parted } from "./format.js";
import { html } from "./html.js";
import { redraw } from "./store.js";

const narrow = matchMedia("(max-width: 640px)");
narrow.addEventListener("change", redraw);
export function Name({ name, tight }) {
  const [head, tail] = parted(name, tight || narrow.matches);
  return html`<span class="pl-long" title=${name}><span>${head}</span><span>${tail}</span></span>`;
}
/* It stands in two boxes, between which the browser would copy the end of a line. */
document.addEventListener("copy", (event) => {
  const selection = getSelection();
  const mend = (text, { children: [head, tail], title }) =>
    tail.textContent ? text.replace(`${head.textContent}\n${tail.textContent}`, () => title) : text;
  const names = [...document.querySelectorAll(".pl-long")].filter((one) => selection.containsNode(one, true));
  const text = names.reduce(mend, `${selection}`);
  if (text === `${selection}`) return;
  event.clipboardData.setData("text/plain", text);
  event.preventDefault();
});

/* form: what a person writes into, ticks or chooses from. `write` hears the text as it is typed, `take` once it is
   done, `enter` the key, `tick` whether it is ticked, `choose` what is chosen, `submit` the form; all else is the
   element's. */
import { html, useState } from "./html.js";

const prevented = (act) => (event) => {
  event.preventDefault();
  act(event);
};
export const Form = ({ submit, children, ...more }) =>
  html`<form onSubmit=${prevented(submit)} ...${more}>${children}</form>`;
export const Labelled = ({ text, look, children, ...more }) =>
  html`<label class=${look} ...${more}><span>${text}</span>${children}</label>`;
/* A field with a `text` stands in a label, whose class is `label`. */
const within = (Field) => ({ text, label, ...more }) =>
  text ? html`<${Labelled} text=${text} look=${label}><${Field} ...${more} /><//>` : html`<${Field} ...${more} />`;
/* Until it is taken, what is typed is the person's, whatever is drawn anew meanwhile: an answer may come in between. */
export const Input = within(function Typed({ look, write, take, enter, value, ...more }) {
  const [typed, setTyped] = useState(null);
  const taken = (event) => {
    setTyped(null);
    take(event.target.value);
  };
  const hear = take ? setTyped : write;
  return html`<input class=${look ? `pl-input ${look}` : "pl-input"} value=${typed ?? value}
    onInput=${hear && ((event) => hear(event.target.value))} onChange=${take && taken}
    onKeyDown=${enter && ((event) => event.key === "Enter" && prevented(enter)(event))} ...${more} />`;
});
export const Code = (more) => html`<${Input} look="pl-code" spellcheck="false" autocomplete="off" ...${more} />`;
export const Count = (more) => html`<${Input} look="pl-short" type="number" min="1" ...${more} />`;
/* Where `tick` gives a promise, the box stays as the person left it until that is kept or broken. */
export function Tick({ tick, checked, ...more }) {
  const [meant, mean] = useState(null); // as { on }; of several turns the last
  const turned = async ({ target }) => {
    const answer = tick(target.checked);
    if (!answer || !answer.then) return;
    const mine = { on: target.checked };
    mean(mine);
    await answer.finally(() => mean((now) => (now === mine ? null : now)));
  };
  return html`<input type="checkbox" checked=${meant ? meant.on : checked} onChange=${tick && turned} ...${more} />`;
}
export const Check = ({ text, ...more }) =>
  html`<label class="pl-check"><${Tick} ...${more} /><span>${text}</span></label>`;
/* What a field of the name `list` proposes: texts, or [text, what is said of it]. */
export const Known = ({ id, texts }) => html`<datalist id=${id}>
  ${texts.map((one) => [one].flat()).map(([text, label]) => html`<option key=${text} value=${text}
    label=${label} />`)}
</datalist>`;
/* One of several, as a list that opens or as a row of radios; `options` are [value, text, hint], or a value that is its
   own text. */
const told = (options) => options.map((one) => [one].flat()).map(([value, text = value, hint]) => [value, text, hint]);
export const Select = within(
  ({ look, options, choose, ...more }) => html`<select class=${look ? `pl-select ${look}` : "pl-select"} ...${more}
    onChange=${choose && ((event) => choose(event.target.value))}>
    ${told(options).map(([value, text, hint]) => html`<option key=${value} value=${value}
      title=${hint}>${text}</option>`)}
  </select>`,
);
export const Segments = ({ label, name, options, value: now, choose }) =>
  html`<div class="pl-segments" role="radiogroup" aria-label=${label}>
    ${told(options).map(([value, text, hint]) => html`<label key=${value} title=${hint}>
      <input type="radio" name=${name} value=${value} checked=${value === now} onChange=${() => choose(value)} />
      <span>${text}</span>
    </label>`)}
  </div>`;

/* facts: what is said of a model, as text. */
import { bytes } from "../core/format.js";

export const KINDS = { words: "a vector a word", patches: "a vector a patch", page: "one vector a page", score: "scores pages" };
export const STATES = {
  absent: "Weights not here",
  here: "Ready to load",
  loading: "Loading",
  loaded: "Loaded",
  failed: "Failed to load",
};

export const size = (billions) =>
  billions >= 1 ? `${billions.toFixed(1).replace(/\.0$/, "")} B weights` : `${Math.round(billions * 1000)} M weights`;
export const pace = (seconds) =>
  seconds >= 1 ? `${seconds.toFixed(1)} s a page` : `${(1 / seconds).toFixed(1)} pages a second`;

export function facts(model) {
  const timed = model.seconds_per_page ? `${pace(model.seconds_per_page)} here` : "not timed here yet";
  return [
    KINDS[model.kind] || model.kind,
    model.parameters ? size(model.parameters) : "",
    model.download && !model.folder ? `${bytes(model.download)} to fetch` : "",
    model.licence,
    model.available ? timed : "",
    model.device ? `on ${model.device}` : "",
  ].filter(Boolean);
}
/* Why it cannot be used, without the command, which stands below it with a button that copies it. */
export const reason = (model) =>
  model.command && !model.available ? model.reason.replace(/; run: .*$/s, ".") : model.reason;
/* Bytes of weights that a loaded model takes: two a weight on a card, four elsewhere. */
export const weights = (model) => model.parameters * 1e9 * (model.device.startsWith("cuda") ? 2 : 4);

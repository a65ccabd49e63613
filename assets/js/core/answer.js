/* answer: what the server said to a question that a view asks by itself, asked anew when one of `on` changes. Until then
   the older answer stays, and is `stale`; an answer that comes too late is dropped. */
import { useEffect, useState } from "./html.js";

export function useAnswer(ask, on) {
  const [told, tell] = useState({ value: null, error: "", stale: true });
  useEffect(() => {
    let live = true;
    tell((before) => ({ ...before, stale: true }));
    Promise.resolve(ask()).then(
      (value) => live && tell({ value, error: "", stale: false }),
      (error) => live && tell({ value: null, error: error.message, stale: false }),
    );
    return () => (live = false);
  }, on);
  return told;
}
/* For questions that views do not ask by themselves: `begin()` gives what says whether nothing was begun since. */
export function latest() {
  let begun = 0;
  return () => {
    const mine = ++begun;
    return () => mine === begun;
  };
}

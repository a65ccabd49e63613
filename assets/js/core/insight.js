/* insight: an element that is brought in sight when it becomes the one that is shown; the ref to give it. */
import { useEffect, useRef } from "./html.js";

export function useInSight(shown) {
  const at = useRef(null);
  useEffect(() => {
    if (shown) at.current.scrollIntoView({ block: "nearest" });
  }, [shown]);
  return at;
}

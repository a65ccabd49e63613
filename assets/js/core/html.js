/* html: templates that become elements. A value in a template is text or an attribute, never markup: what a document
   says cannot become part of the page in any other way, and nothing here or elsewhere sets innerHTML. */
import { h, render } from "preact";
import htm from "htm";

export { h, render };
export { useEffect, useId, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
export const html = htm.bind(h);

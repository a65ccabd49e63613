/* icons: the drawings of the page, one path each on a field of 24. */
import { html } from "./html.js";

const PATHS = {
  search: "M11 4a7 7 0 1 0 0 14 7 7 0 0 0 0-14Zm5 12 4.5 4.5",
  sun: "M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8Zm0-5v2m0 14v2M3 12h2m14 0h2M5.6 5.6 7 7m10 10 1.4 1.4M5.6 18.4 7 17M17 7l1.4-1.4",
  moon: "M20 14.5A8.5 8.5 0 0 1 9.500 4 8.500 8.500 0 1 0 20 14.500Z",
  left: "m14.500 5-7 7 7 7",
  right: "m9.500 5 7 7-7 7",
  plus: "M12 5v14M5 12h14",
  minus: "M5 12h14",
  fit: "M4 9V4h5m6 0h5v5m0 6v5h-5m-6 0H4v-5",
  close: "m6 6 12 12M18 6 6 18",
  down: "m6 9 6 6 6-6",
  upload: "M12 16V4m-5 5 5-5 5 5M4 16v4h16v-4",
  rename: "M4 20h4L19 9l-4-4L4 16v4Zm9-13 4 4",
  trash: "M5 7h14M10 7V4h4v3m-7 0 1 13h8l1-13",
  copy: "M9 9h11v11H9V9Zm-5 6V4h11",
  link: "M10 14a4 4 0 0 0 6 .5l3-3a4 4 0 0 0-6-6l-1 1m2 3.500a4 4 0 0 0-6-.5l-3 3a4 4 0 0 0 6 6l1-1",
  file: "M7 3h7l4 4v14H7V3Zm7 0v4h4",
  keys: "M3 7h18v10H3V7Zm3 3h1m3 0h1m3 0h1m3 0h1M8 14h8",
  stop: "M7 7h10v10H7z",
  play: "M8 5.500v13l11-6.500-11-6.500Z",
  back: "M19 12H5m6-6-6 6 6 6",
  good: "M5 12.500 10 17.500 19 7",
  bad: "m7 7 10 10M17 7 7 17",
  star: "m12 4 2.400 5.200 5.600.600-4.200 3.800 1.200 5.600L12 16.300l-5 2.900 1.200-5.600L4 9.800l5.600-.600L12 4Z",
  code: "m8 7-5 5 5 5m8-10 5 5-5 5M14 5l-4 14",
  save: "M12 4v11m-5-5 5 5 5-5M4 19h16",
  select: "M5 8V5h3m3 0h2m3 0h3v3m0 3v2m0 3v3h-3M5 11v2m0 3v3h3m3 0h2M9 9h6v6H9V9Z",
  list: "M8 6h12M8 12h12M8 18h12M4 6h.01M4 12h.01M4 18h.01",
  grid: "M4 4h7v7H4V4Zm9 0h7v7h-7V4ZM4 13h7v7H4v-7Zm9 0h7v7h-7v-7Z",
  rows: "M4 6h16M4 10h16M4 14h16M4 18h16",
  stack: "M8 4h12v12M4 8h12v12H4V8Z",
  more: "M4 7h10m4 0h2M4 12h4m4 0h8M4 17h12m4 0h0",
};

export const Icon = ({ name }) =>
  html`<svg viewBox="0 0 24 24" class="pl-icon" aria-hidden="true" focusable="false"><path d=${PATHS[name]} /></svg>`;

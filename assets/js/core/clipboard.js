/* clipboard: of older imports, until they are gone. */
export * from "./taking.js";

/* empty: of older imports, until they are gone. */
export * from "./blocks.js";

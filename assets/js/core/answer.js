/* answer: of older imports, until they are gone. */
export * from "./server.js";

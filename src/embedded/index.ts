export { type EmbeddedResetSpec, type EmbeddedSpec, embedded, reset } from "./embedded.ts";

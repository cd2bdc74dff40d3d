import { rule } from "plimsoll";

/** Only the program itself, as when it opens a shop: no token ever says so. */
export const system = rule("the system itself", ({ kind }) => kind === "system");

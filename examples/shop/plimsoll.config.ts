import type { CheckConfig } from "plimsoll";

/** `plimsoll check examples/shop`: the tests of the shop lie with those of the platform. */
export const check: CheckConfig = {
  tests: ["../../test/e2e/shop", "../../test/crash"],
};

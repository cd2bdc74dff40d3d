import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";

/** Whether tests can start a Redis of their own. Throws where that is missing in CI. */
export function isInstalled(): boolean {
  try {
    return execFileSync("redis-server", ["--version"], { encoding: "utf8" }).length > 0;
  } catch {
    assert(process.env.CI !== "true", "There is no program redis-server: install it, or unset CI to skip its tests.");
    return false;
  }
}

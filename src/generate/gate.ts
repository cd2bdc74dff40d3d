import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Language } from "../cli/language.ts";
import { Stop } from "../cli/verb.ts";
import type { Change } from "../contracts/change.ts";
import { compareContracts } from "../contracts/compare.ts";
import { describeContracts } from "../contracts/describe.ts";
import { loadRegistry } from "../contracts/load-registry.ts";
import { readLock, writeLock } from "../contracts/lock-file.ts";
import { systemClock } from "../core/clock.ts";
import { texts } from "./texts.ts";

/** What a generation changes for callers. */
export interface GateResult {
  readonly changes: readonly Change[];
  /** Why the contracts could not be compared. */
  readonly problem?: string;
}

/** Compares the contracts with those of `contracts.lock.json`, and keeps them there where nothing breaks. */
export async function gateContracts(folder: string, language: Language): Promise<GateResult> {
  if (!existsSync(join(folder, "node_modules/plimsoll"))) return { changes: [], problem: texts[language].notInstalled };
  try {
    const path = join(folder, "contracts.lock.json");
    const { registry, relations } = await loadRegistry("src/modules.ts", { folder, language });
    const now = describeContracts(registry, relations);
    const before = readLock(path);
    const today = new Date(systemClock.now()).toISOString().slice(0, 10);
    const changes = before === undefined ? [] : compareContracts(before, now, { today });
    if (changes.every(({ severity }) => severity !== "break")) writeLock(path, now);
    return { changes };
  } catch (error) {
    if (error instanceof Stop || error instanceof Error) return { changes: [], problem: error.message };
    throw error;
  }
}

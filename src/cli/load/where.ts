import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { LockedLine } from "../../load/lab/lock.ts";
import type { Scenario } from "../../load/scenario.ts";
import type { Language } from "../language.ts";
import { Stop } from "../verb.ts";

/** The file of the locked lines, beside the code. */
export const lockFile = "loadlines.lock";

/** What every way to use the load lab is given. */
export interface Where {
  readonly scenario: Scenario;
  readonly folder: string;
  readonly out: string;
  readonly language: Language;
  readonly name: string;
  readonly seconds: number;
  readonly signal: AbortSignal;
}

/** What the measured demands predict for one process, where there are any. */
export async function predictedLine({ folder, out }: Where): Promise<number | undefined> {
  const path = join(folder, out, "demands.json");
  if (!existsSync(path)) return undefined;
  const [{ readDemands }, { predictLine }] = await Promise.all([
    import("../../capacity/reading/read-files.ts"),
    import("../../capacity/model/line.ts"),
  ]);
  const read = readDemands(readFileSync(path, "utf8"), `${out}/demands.json`);
  if (!("value" in read)) return undefined;
  const { operations, pool, upstreams } = read.value;
  return predictLine({ replicas: 1, pool, databaseCores: 4, upstreams }, operations).rate;
}

/** The locked lines of a project by the names of their scenarios. */
export function readLocks(folder: string, language: Language): Readonly<Record<string, LockedLine>> {
  const path = join(folder, lockFile);
  if (!existsSync(path)) return {};
  try {
    return JSON.parse(readFileSync(path, "utf8")) as Record<string, LockedLine>;
  } catch (error) {
    throw new Stop("input", {
      message: {
        en: `${lockFile} is not valid JSON: ${(error as Error).message}.`,
        zh: `${lockFile} 不是有效的 JSON：${(error as Error).message}。`,
      }[language],
      fix: { en: "Take it from the version control again.", zh: "请从版本控制中恢复。" }[language],
    });
  }
}

import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { z } from "zod";
import { Fault } from "../../core/fault.ts";
import type { Scenario } from "../scenario.ts";

const shape = z.object({ url: z.string(), operations: z.array(z.object({ path: z.unknown() }).loose()).min(1) }).loose();

/**
 * Loads the file that exports a scenario. It is a program of the project, and runs as such.
 * *Faults thrown*: `not_found` of type `scenario_missing`, `invalid_argument` of type `scenario_invalid`.
 */
export async function loadScenario(folder: string, file: string): Promise<Scenario> {
  const path = resolve(folder, file);
  if (!existsSync(path)) throw new Fault({ code: "not_found", type: "scenario_missing", message: `There is no ${file}.` });
  let loaded: Readonly<Record<string, unknown>>;
  try {
    loaded = (await import(pathToFileURL(path).href)) as typeof loaded;
  } catch (error) {
    throw invalid(`${file} cannot be loaded: ${(error as Error).message}`);
  }
  const found = Object.values(loaded).find((value) => shape.safeParse(value).success);
  if (found === undefined) throw invalid(`${file} exports no scenario.`);
  return found as Scenario;
}

function invalid(message: string): Fault {
  return new Fault({ code: "invalid_argument", type: "scenario_invalid", message });
}

import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { type App, runtimeOf } from "../app/app.ts";
import type { Language } from "../cli/language.ts";
import { Stop } from "../cli/verb.ts";
import { attempt, messageOf } from "../core/value/thrown.ts";
import type { Module } from "../operation/module.ts";
import { buildRegistry, type Registry } from "../pipeline/registry/registry.ts";
import { texts } from "./texts.ts";

/** What a file declares: the operations, and of an app its name. */
export interface LoadedApp {
  readonly registry: Pick<Registry, "operations" | "projections">;
  readonly name: string | undefined;
}

/**
 * Loads the file of a project that exports an app, or a list of modules. It is a program of the project, and runs as such.
 * *Faults thrown*: {@link Stop} with `missing` or `input`.
 */
export async function loadApp(
  file: string,
  { folder, language }: { readonly folder: string; readonly language: Language },
): Promise<LoadedApp> {
  const text = texts[language];
  const path = resolve(folder, file);
  if (!existsSync(path)) throw new Stop("missing", { message: text.noFile(file), fix: text.noFileFix });
  let loaded: Readonly<Record<string, unknown>>;
  try {
    loaded = (await import(pathToFileURL(path).href)) as typeof loaded;
  } catch (error) {
    throw new Stop("input", { message: text.broken({ file, message: messageOf(error) }), fix: text.brokenFix });
  }
  const values = Object.values(loaded);
  for (const value of values) {
    const runtime = attempt(() => runtimeOf(value as App));
    if (runtime !== undefined) return { registry: runtime.registry, name: (value as App).name };
  }
  const modules = values.find((value): value is readonly Module[] => Array.isArray(value) && value.length > 0 && value.every(isModule));
  if (modules === undefined) throw new Stop("input", { message: text.nothing(file), fix: text.noFileFix });
  try {
    return { registry: buildRegistry(modules), name: undefined };
  } catch (error) {
    throw new Stop("input", { message: text.invalid(messageOf(error)), fix: text.invalidFix });
  }
}

function isModule(value: unknown): boolean {
  return typeof value === "object" && value !== null && Array.isArray((value as Partial<Module>).operations);
}

import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { type App, runtimeOf, surfacesOf } from "../app/app.ts";
import type { Language } from "../cli/language.ts";
import { Stop } from "../cli/verb.ts";
import { attempt } from "../core/value/thrown.ts";
import type { DeclaredRelation } from "../graphql/relates.ts";
import { relationsOf } from "../graphql/surface.ts";
import { numbersOf } from "../grpc/grpc.ts";
import type { Module } from "../operation/module.ts";
import { buildRegistry, type Registry } from "../pipeline/registry/registry.ts";
import type { GrpcLock } from "../protobuf/descriptor/numbers.ts";

/** What an app declares of its contracts. */
interface LoadedContracts {
  /** Undefined where only the modules are exported. */
  readonly app: App | undefined;
  readonly registry: Registry;
  /** Fields of GraphQL that queries bring; none where only the modules are exported. */
  readonly relations: readonly DeclaredRelation[];
  /** The numbers of gRPC by those that *file*, an absolute path, keeps; undefined where the app keeps none there, or only the modules are exported. */
  numbers(kept: GrpcLock, file: string): GrpcLock | undefined;
}

/**
 * Loads the program that makes the app, which it exports as `app`, or its modules as `modules`.
 * *Faults thrown*: a {@link Stop} where it is not there, does not load or exports neither.
 */
export async function loadRegistry(
  entry: string,
  { folder, language }: { readonly folder: string; readonly language: Language },
): Promise<LoadedContracts> {
  const path = resolve(folder, entry);
  const said = (both: Readonly<Record<Language, string>>) => both[language];
  if (!existsSync(path))
    throw new Stop("missing", {
      message: said({ en: `There is no file ${entry}.`, zh: `找不到文件 ${entry}。` }),
      fix: said({ en: "Name the program that exports the app, as in --entry app.ts.", zh: "请指定导出应用的程序，例如 --entry app.ts。" }),
    });
  let exported: { readonly app?: unknown; readonly modules?: unknown };
  try {
    exported = (await import(pathToFileURL(path).href)) as typeof exported;
  } catch (thrown) {
    throw new Stop("input", {
      message: said({ en: `${entry} does not load: ${messageOf(thrown)}`, zh: `无法加载 ${entry}：${messageOf(thrown)}` }),
      fix: said({ en: "Fix it; node must be able to import it.", zh: "请修正后重试，node 必须能够导入该文件。" }),
    });
  }
  const registry = attempt(() => runtimeOf(exported.app as App).registry);
  if (registry !== undefined) {
    const surfaces = surfacesOf(exported.app as App);
    return {
      ...{ app: exported.app as App, registry },
      relations: surfaces.flatMap(relationsOf),
      numbers: (kept, file) =>
        surfaces.reduce<GrpcLock | undefined>(
          (last, surface) => numbersOf(surface, { kept: last ?? kept, file, folder }) ?? last,
          undefined,
        ),
    };
  }
  if (Array.isArray(exported.modules))
    return { app: undefined, registry: buildRegistry(exported.modules as readonly Module[]), relations: [], numbers: () => undefined };
  throw new Stop("input", {
    message: said({ en: `${entry} exports neither an app nor modules.`, zh: `${entry} 既没有导出 app，也没有导出 modules。` }),
    fix: said({
      en: "Write export const app = createApp({ … }), with this installation of Plimsoll, and start it only where import.meta.main is true.",
      zh: "请用同一份 Plimsoll 写 export const app = createApp({ … })，并且只在 import.meta.main 为真时启动。",
    }),
  });
}

function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}

import { posix } from "node:path";
import type { Reference, SourceFile } from "../source/source-file.ts";

/** A module of the project. */
export interface ModuleOf {
  readonly name: string;
  readonly file: string;
  readonly line: number;
  /** What belongs to it; `undefined`: nothing but its file. */
  readonly folder: string | undefined;
  /** The PostgreSQL schema that it owns, with those of the other modules in its file. */
  readonly schemas: readonly string[];
}

/** Finds the calls of `module(…)`. A folder with several of them, or with the folders of others below it, belongs to none. */
export function findModules(
  sources: readonly SourceFile[],
  isModule: (file: SourceFile, callee: Reference) => boolean,
): readonly ModuleOf[] {
  const found = sources.flatMap((file) =>
    file.declarations
      .filter(({ callee, label }) => callee !== undefined && label !== undefined && isModule(file, callee))
      .map(({ label, line, properties }) => ({ name: label!, file: file.path, line, schema: properties.get("schema")?.text })),
  );
  const folders = found.map(({ file }) => folderOf(file));
  return found.map((module, at) => {
    const folder = folders[at]!;
    const isShared = folders.some(
      (other, index) => index !== at && (other === folder || other.startsWith(folder === "" ? "" : `${folder}/`)),
    );
    const schemas = found.flatMap(({ file, schema }) => (file === module.file && schema !== undefined ? [schema] : []));
    return { name: module.name, file: module.file, line: module.line, folder: isShared ? undefined : folder, schemas };
  });
}

function folderOf(file: string): string {
  const folder = posix.dirname(file);
  return folder === "." ? "" : folder;
}

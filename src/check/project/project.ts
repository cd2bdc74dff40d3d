import { posix } from "node:path";
import { type CheckConfig, defaultContracts, defaultDomains, matcher } from "../config.ts";
import { readSource } from "../source/read-source.ts";
import type { Declaration, ImportLine, Reference, SourceFile } from "../source/source-file.ts";
import { findModules, type ModuleOf } from "./modules.ts";

/** The texts of a project by their paths: sources, tests and migrations. */
export type Files = ReadonlyMap<string, string>;

/** A declaration, and the file that it stands in. */
export interface Place {
  readonly file: SourceFile;
  readonly declaration: Declaration;
}

/** What a name leads to: a declaration of the project, or a package. */
export type Target = { readonly place: Place } | { readonly package: string; readonly imported: string };

const isTest = (path: string) => /(?:^|\/)(?:tests?|__tests__)\/|\.(?:test|spec)\.[mc]?[jt]s$/.test(path);
const isSource = (path: string) => /\.[mc]?[jt]s$/.test(path) && !/\.d\.[mc]?ts$/.test(path);

/** A project as the rules see it: files, modules, and where names lead. */
export class Project {
  readonly sources: readonly SourceFile[];
  readonly tests: ReadonlyMap<string, string>;
  readonly migrations: ReadonlyMap<string, string>;
  readonly modules: readonly ModuleOf[];
  readonly isContract: (path: string) => boolean;
  readonly isDomain: (path: string) => boolean;
  readonly #files: ReadonlyMap<string, SourceFile>;
  readonly #declared = new Map<SourceFile, ReadonlyMap<string, Declaration>>();
  readonly #imported = new Map<
    SourceFile,
    ReadonlyMap<string, { readonly line: ImportLine; readonly name: string; readonly isType: boolean }>
  >();
  readonly #resolved = new Map<string, SourceFile | null>();
  readonly #owners = new Map<string, ModuleOf | undefined>();

  constructor(files: Files, config: CheckConfig = {}) {
    const inTests = matcher((config.tests ?? []).flatMap((folder) => [folder, `${folder.replace(/\/$/, "")}/**`]));
    const testing = (path: string) => isTest(path) || inTests(path);
    this.tests = new Map([...files].filter(([path]) => isSource(path) && testing(path)));
    this.migrations = new Map([...files].filter(([path]) => path.endsWith(".sql") && !testing(path)));
    this.sources = [...files].filter(([path]) => isSource(path) && !testing(path)).map(([path, text]) => readSource(path, text));
    this.#files = new Map(this.sources.map((file) => [file.path, file]));
    this.isContract = matcher(config.contracts ?? defaultContracts);
    this.isDomain = matcher(config.domains ?? defaultDomains);
    this.modules = findModules(this.sources, (file, reference) => this.isPlimsoll(file, reference, "module"));
  }

  /** The module that a file belongs to: the one whose folder is nearest. */
  moduleOf(path: string): ModuleOf | undefined {
    if (this.#owners.has(path)) return this.#owners.get(path);
    const holds = ({ folder, file }: ModuleOf) => (folder === undefined ? file === path : folder === "" || path.startsWith(`${folder}/`));
    const [owner] = this.modules
      .filter(holds)
      .toSorted((a, b) => (b.folder?.length ?? Number.MAX_SAFE_INTEGER) - (a.folder?.length ?? Number.MAX_SAFE_INTEGER));
    this.#owners.set(path, owner);
    return owner;
  }

  /** The file that an import leads to; `undefined`: a package, or a file that is not here. */
  resolve(from: string, specifier: string): SourceFile | undefined {
    if (!specifier.startsWith(".")) return undefined;
    const folder = from.slice(0, from.lastIndexOf("/") + 1);
    const key = `${folder} ${specifier}`;
    let file = this.#resolved.get(key);
    if (file === undefined) {
      file = this.#find(posix.join(folder, specifier)) ?? null;
      this.#resolved.set(key, file);
    }
    return file ?? undefined;
  }

  #find(path: string): SourceFile | undefined {
    for (const candidate of [path, path.replace(/\.([mc]?)js$/, ".$1ts"), `${path}.ts`, `${path}.js`, `${path}/index.ts`]) {
      const file = this.#files.get(candidate);
      if (file !== undefined) return file;
    }
    return undefined;
  }

  /** Where a name of a file leads: through imports and re-exports to what is declared. `undefined`: to nothing known, or to a type. */
  follow(file: SourceFile, reference: Reference): Target | undefined {
    if (reference.specifier !== undefined) return { package: reference.specifier, imported: "*" };
    const declared = this.#declarationsOf(file).get(reference.name);
    if (declared !== undefined) return { place: { file, declaration: declared } };
    const imported = this.#importsOf(file).get(reference.name);
    if (imported === undefined || imported.isType) return undefined;
    const { line, name } = imported;
    const into = this.resolve(file.path, line.specifier);
    if (into === undefined)
      return line.specifier.startsWith(".")
        ? undefined
        : { package: line.specifier, imported: name === "*" ? (reference.member ?? "*") : name };
    return this.#exported(into, name === "*" ? (reference.member ?? "*") : name, new Set());
  }

  /** Where a name leads that a file exports. */
  exportOf(file: SourceFile, name: string): Target | undefined {
    return this.#exported(file, name, new Set());
  }

  /** Whether a name is that of an export of the package `plimsoll`. */
  isPlimsoll(file: SourceFile, reference: Reference | undefined, ...names: readonly string[]): boolean {
    if (reference === undefined || this.#declarationsOf(file).has(reference.name)) return false;
    const target = this.follow(file, reference);
    return target !== undefined && "package" in target && /^plimsoll(?:\/|$)/.test(target.package) && names.includes(target.imported);
  }

  #exported(file: SourceFile, name: string, seen: Set<string>): Target | undefined {
    const key = `${file.path} ${name}`;
    if (seen.has(key)) return undefined;
    seen.add(key);
    const inside = file.exports.get(name) ?? name;
    const declared = this.#declarationsOf(file).get(inside);
    if (declared !== undefined) return { place: { file, declaration: declared } };
    const imported = this.#importsOf(file).get(inside);
    if (imported !== undefined) return this.#through(file, { line: imported.line, name: imported.name }, seen);
    for (const line of file.imports.filter(({ form }) => form === "export")) {
      const found = line.names.find(({ local, imported }) => local === name || (imported === "*" && local === "*"));
      const target =
        found === undefined ? undefined : this.#through(file, { line, name: found.imported === "*" ? name : found.imported }, seen);
      if (target !== undefined) return target;
    }
    return undefined;
  }

  #through(file: SourceFile, { line, name }: { readonly line: ImportLine; readonly name: string }, seen: Set<string>): Target | undefined {
    const into = this.resolve(file.path, line.specifier);
    if (into !== undefined) return this.#exported(into, name, seen);
    return line.specifier.startsWith(".") ? undefined : { package: line.specifier, imported: name };
  }

  #declarationsOf(file: SourceFile): ReadonlyMap<string, Declaration> {
    let found = this.#declared.get(file);
    if (found === undefined) {
      // The first of a name: a type and a value may share it, and the value makes references.
      const all = file.declarations.flatMap((declaration) => declaration.names.map((name) => [name, declaration] as const));
      found = new Map([...all].toReversed().toSorted(([, a], [, b]) => a.references.length - b.references.length));
      this.#declared.set(file, found);
    }
    return found;
  }

  #importsOf(file: SourceFile) {
    let found = this.#imported.get(file);
    if (found === undefined) {
      found = new Map(
        file.imports
          .filter(({ form }) => form === "import")
          .flatMap((line) => line.names.map(({ local, imported, isType }) => [local, { line, name: imported, isType }] as const)),
      );
      this.#imported.set(file, found);
    }
    return found;
  }
}

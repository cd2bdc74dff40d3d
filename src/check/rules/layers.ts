import type { Finding, Step } from "../finding.ts";
import { shortestImport } from "../project/reach.ts";
import type { SourceFile } from "../source/source-file.ts";
import type { Context } from "./context.ts";

/** Finds domains that import outward, and contracts that hold an implementation. */
export function checkLayers(context: Context): readonly Finding[] {
  const { project } = context;
  return project.sources
    .filter(({ path }) => project.moduleOf(path) !== undefined)
    .flatMap((file) => {
      if (project.isDomain(file.path)) return checkDomain(file, context);
      return project.isContract(file.path) ? checkContract(file, context) : [];
    });
}

function checkDomain(file: SourceFile, { project, reachesOutward }: Context): readonly Finding[] {
  const owner = project.moduleOf(file.path);
  const ways = shortestImport(project, file, ({ specifier, file: to, isType }) => {
    if (to === undefined) return !isType && !specifier.startsWith(".") && reachesOutward(specifier);
    const module = project.moduleOf(to.path);
    return module !== undefined && (module !== owner || !project.isDomain(to.path));
  });
  return ways.map((steps) => findingOf("domain-outward", { file, who: owner!.name, steps }));
}

function checkContract(file: SourceFile, context: Context): readonly Finding[] {
  const { project, operations, reachesNetwork } = context;
  const owner = project.moduleOf(file.path)!;
  const found = (what: string, line: number): Finding => ({
    ...{ rule: "contract-with-implementation", file: file.path, line, who: owner.name, what, path: [] },
  });
  // An export of what was imported is a re-export in two lines.
  const exported = new Set(file.exports.values());
  const passedOn = file.imports.filter(({ form, names }) => form === "import" && names.some(({ local }) => exported.has(local)));
  return [
    ...file.sql.map(({ line }) => found("SQL", line)),
    ...file.imports
      .filter(({ specifier, isType }) => !isType && reachesNetwork(specifier))
      .map(({ specifier, line }) => found(specifier, line)),
    ...file.imports.flatMap((imported) => {
      const { specifier, line, form, isType } = imported;
      const to = project.resolve(file.path, specifier);
      if (to === undefined || project.moduleOf(to.path) !== owner) return [];
      if (to.path === owner.file) return [found(specifier, line)];
      const names = form === "export" ? imported.names : imported.names.filter(({ local, isType }) => exported.has(local) && !isType);
      if ((form !== "export" && !passedOn.includes(imported)) || isType || project.isContract(to.path) || project.isDomain(to.path))
        return [];
      // A resource, a fault or an event is a declaration, wherever it stands.
      const isDeclared = operations.areDeclarations(to, names);
      return isDeclared ? [] : [found(specifier, line)];
    }),
  ];
}

/** Makes a finding of the way to what breaks a rule. */
export function findingOf(
  rule: Finding["rule"],
  { file, who, steps }: { readonly file: SourceFile; readonly who: string; readonly steps: readonly Step[] },
): Finding {
  return { rule, file: file.path, line: steps[0]!.line, who, what: steps.at(-1)!.name, path: steps.length > 1 ? steps : [] };
}

import type { Finding, Step } from "../finding.ts";
import type { ModuleOf } from "../project/modules.ts";
import type { Project } from "../project/project.ts";
import { shortestImport } from "../project/reach.ts";
import type { Context } from "./context.ts";
import { findingOf } from "./layers.ts";

/** Finds imports between modules that do not lead to a contract, imports of the composition root, and rings of contracts. */
export function checkBoundaries({ project, operations }: Context): readonly Finding[] {
  const roots = rootsOf(project);
  const between = new Map<string, Step & { readonly from: ModuleOf; readonly into: ModuleOf }>();
  const findings = project.sources.flatMap((file) => {
    const owner = project.moduleOf(file.path);
    if (owner === undefined) return [];
    // A domain that does so imports outward, which says more.
    const foreign = shortestImport(project, file, ({ file: to, names }) => {
      const module = to && project.moduleOf(to.path);
      if (to === undefined || module === undefined || module === owner || project.isDomain(file.path)) return false;
      return !project.isContract(to.path) && !operations.areResources(to, names);
    });
    const root = shortestImport(project, file, ({ file: to }) => to !== undefined && roots.has(to.path));
    for (const { specifier, line } of file.imports) {
      const to = project.resolve(file.path, specifier);
      const into = to && project.moduleOf(to.path);
      const key = `${owner.name} ${into?.name}`;
      if (into !== undefined && into !== owner && project.isContract(file.path) && project.isContract(to!.path) && !between.has(key))
        between.set(key, { file: file.path, line, name: specifier, from: owner, into });
    }
    return [
      ...foreign
        .filter((steps) => !steps.slice(0, -1).some(({ name, file: from }) => roots.has(project.resolve(from, name)?.path ?? "")))
        .map((steps) => findingOf("foreign-module", { file, who: owner.name, steps })),
      ...root.map((steps) => findingOf("imports-root", { file, who: owner.name, steps })),
    ];
  });
  return [...findings, ...ringsOf([...between.values()])];
}

/** The files in which an app is put together. */
function rootsOf(project: Project): ReadonlySet<string> {
  const roots = project.sources.filter((file) =>
    [...file.declarations].some(({ references }) =>
      references.some((reference) => reference.name === "createApp" && project.isPlimsoll(file, reference, "createApp")),
    ),
  );
  return new Set(
    roots
      .map(({ path }) => path)
      .filter((path) => project.moduleOf(path) === undefined || project.modules.every(({ file }) => file !== path)),
  );
}

interface Edge extends Step {
  readonly from: ModuleOf;
  readonly into: ModuleOf;
}

/** Finds for each pair of modules in a ring the shortest ring, once. */
function ringsOf(edges: readonly Edge[]): readonly Finding[] {
  return shortestRings(edges, ({ name }) => name).map((ring) => ({
    ...{ rule: "contract-ring", file: ring[0]!.file, line: ring[0]!.line },
    ...{ who: ring[0]!.from.name, what: [...ring.map(({ from }) => from.name), ring[0]!.from.name].join(" → ") },
    path: ring.map(({ file, line, name }) => ({ file, line, name })),
  }));
}

/** Finds the shortest ring through each edge between modules; each ring once. */
export function shortestRings<E extends { readonly from: ModuleOf; readonly into: ModuleOf }>(
  edges: readonly E[],
  nameOf: (module: ModuleOf) => string,
): readonly (readonly E[])[] {
  const rings = new Map<string, readonly E[]>();
  for (const first of edges) {
    const seen = new Set([first.into]);
    let wave: readonly (readonly E[])[] = [[first]];
    let ring: readonly E[] | undefined;
    while (wave.length > 0 && ring === undefined) {
      const next: (readonly E[])[] = [];
      for (const way of wave) {
        const end = way.at(-1)!.into;
        if (end === first.from) {
          ring = way;
          break;
        }
        for (const edge of edges)
          if (edge.from === end && (edge.into === first.from || !seen.has(edge.into))) {
            seen.add(edge.into);
            next.push([...way, edge]);
          }
      }
      wave = next;
    }
    if (ring === undefined) continue;
    const key = ring
      .map(({ from }) => nameOf(from))
      .toSorted()
      .join(" ");
    if (!rings.has(key)) rings.set(key, ring);
  }
  return [...rings.values()];
}

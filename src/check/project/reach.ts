import type { Step } from "../finding.ts";
import type { Declaration, ImportedName, Reference, SourceFile } from "../source/source-file.ts";
import type { Place, Project } from "./project.ts";

/** What a search through names looks for. */
export interface Search {
  readonly project: Project;
  /** What a name leads to that is looked for: how the finding calls it. */
  found(
    reference: Reference,
    at: { readonly file: SourceFile; readonly package: string | undefined; readonly place: Place | undefined },
  ): string | undefined;
  /** Whether the search ends at a declaration. */
  stops(place: Place): boolean;
}

/** A place from which a search starts. */
export interface Start {
  readonly file: SourceFile;
  readonly references: readonly Reference[];
}

/** Finds the shortest way from some names, through what they are made of, to what is looked for. */
export function shortestWay(start: Start, { project, found, stops }: Search): readonly Step[] | undefined {
  const seen = new Set<Declaration>();
  let wave: { readonly from: Start; readonly steps: readonly Step[] }[] = [{ from: start, steps: [] }];
  while (wave.length > 0) {
    const next: typeof wave = [];
    for (const { from, steps } of wave)
      for (const reference of from.references) {
        const target = project.follow(from.file, reference);
        const place = target !== undefined && "place" in target ? target.place : undefined;
        const name = found(reference, {
          file: from.file,
          place,
          package: target !== undefined && "package" in target ? target.package : undefined,
        });
        const step = { file: from.file.path, line: reference.line, name: nameOf(reference) };
        if (name !== undefined) return [...steps, { ...step, name }];
        if (place === undefined || seen.has(place.declaration) || stops(place)) continue;
        seen.add(place.declaration);
        next.push({ from: { file: place.file, references: place.declaration.references }, steps: [...steps, step] });
      }
    wave = next;
  }
  return undefined;
}

/** How a name is written. */
export function nameOf({ name, member, specifier }: Reference): string {
  return specifier ?? (member === undefined ? name : `${name}.${member}`);
}

/** Finds the shortest way from a file through imports of files that belong to no module, to the first import that is looked for. */
export function shortestImport(
  project: Project,
  from: SourceFile,
  found: (to: {
    readonly specifier: string;
    readonly file: SourceFile | undefined;
    readonly isType: boolean;
    readonly names: readonly ImportedName[];
  }) => boolean,
): readonly (readonly Step[])[] {
  const ways: (readonly Step[])[] = [];
  const seen = new Set([from]);
  let wave: { readonly file: SourceFile; readonly steps: readonly Step[] }[] = [{ file: from, steps: [] }];
  while (wave.length > 0) {
    const next: typeof wave = [];
    for (const { file, steps } of wave)
      for (const { specifier, line, isType, names } of file.imports) {
        const to = project.resolve(file.path, specifier);
        const step = { file: file.path, line, name: specifier };
        if (found({ specifier, file: to, isType, names })) ways.push([...steps, step]);
        else if (to !== undefined && !seen.has(to) && project.moduleOf(to.path) === undefined) {
          seen.add(to);
          next.push({ file: to, steps: [...steps, step] });
        }
      }
    wave = next;
  }
  return ways;
}

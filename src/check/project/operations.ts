import type { Declaration, ImportedName, Property, SourceFile } from "../source/source-file.ts";
import type { ModuleOf } from "./modules.ts";
import type { Place, Project } from "./project.ts";

/** Functions of plimsoll whose result describes something: what it names is not what its user runs. */
const declaring =
  "command query action task saga schedule subscription projection event fault resource module override createApp implement webhook field config".split(
    " ",
  );

/** An operation, a reaction or an event that the project declares. */
export interface Declared {
  readonly kind: string;
  readonly name: string;
  readonly place: Place;
  readonly module: ModuleOf | undefined;
  /** Its declaration, and those that `implement` it. */
  readonly parts: readonly Place[];
}

/** Everything that the project declares with plimsoll, by its declaration. */
export class Operations {
  readonly all: readonly Declared[];
  readonly #byDeclaration = new Map<Declaration, Declared>();
  readonly #project: Project;

  constructor(project: Project) {
    this.#project = project;
    const parts = new Map<Declaration, Place[]>();
    const implementing: Place[] = [];
    const found: Omit<Declared, "parts">[] = [];
    for (const file of project.sources)
      for (const declaration of file.declarations) {
        const kind = this.kindOf(file, declaration);
        if (kind === "implement") implementing.push({ file, declaration });
        else if (kind !== undefined && declaration.label !== undefined)
          found.push({ kind, name: declaration.label, place: { file, declaration }, module: project.moduleOf(file.path) });
      }
    for (const place of implementing) {
      const target = place.declaration.subject && project.follow(place.file, place.declaration.subject);
      if (target !== undefined && "place" in target)
        parts.set(target.place.declaration, [...(parts.get(target.place.declaration) ?? []), place]);
    }
    this.all = found.map((one) => ({ ...one, parts: [one.place, ...(parts.get(one.place.declaration) ?? [])] }));
    for (const one of this.all) for (const part of one.parts) this.#byDeclaration.set(part.declaration, one);
  }

  /** What a declaration is, or implements. */
  of(declaration: Declaration): Declared | undefined {
    return this.#byDeclaration.get(declaration);
  }

  /** The function of plimsoll that makes a declaration of an operation or of what operations need. */
  kindOf(file: SourceFile, declaration: Declaration): string | undefined {
    const maker = this.#makerOf(file, declaration);
    return maker !== undefined && declaring.includes(maker) ? maker : undefined;
  }

  /** Whether a function of plimsoll makes a declaration: importing or naming such a value starts nothing. */
  isDeclared(file: SourceFile, declaration: Declaration): boolean {
    return this.#makerOf(file, declaration) !== undefined;
  }

  #makerOf(file: SourceFile, { callee }: Declaration): string | undefined {
    if (callee === undefined) return undefined;
    const target = this.#project.follow(file, callee);
    if (target === undefined || !("package" in target) || !/^plimsoll(?:\/|$)/.test(target.package)) return undefined;
    return target.imported === "*" ? (callee.member ?? callee.name) : target.imported;
  }

  /** Whether all names that a file takes from another are resources: ports, which the composition root provides. */
  areResources(file: SourceFile, names: readonly ImportedName[]): boolean {
    const values = names.filter(({ isType }) => !isType);
    return values.length > 0 && values.every(({ imported }) => this.#kindOfExport(file, imported) === "resource");
  }

  /** Whether all names that a file exports of another are declarations: a resource, a fault, an event. */
  areDeclarations(file: SourceFile, names: readonly ImportedName[]): boolean {
    return names.every(({ imported }) => this.#kindOfExport(file, imported) !== undefined);
  }

  #kindOfExport(file: SourceFile, name: string): string | undefined {
    const target = this.#project.exportOf(file, name);
    return target !== undefined && "place" in target ? this.kindOf(target.place.file, target.place.declaration) : undefined;
  }

  /** A property of an operation, of its declaration or of what implements it. */
  property({ parts }: Declared, name: string): { readonly place: Place; readonly property: Property } | undefined {
    for (const place of parts) {
      const property = place.declaration.properties.get(name);
      if (property !== undefined) return { place, property };
    }
    return undefined;
  }
}

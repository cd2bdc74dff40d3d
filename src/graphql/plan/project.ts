import { Code, quoted } from "../../core/schema/code.ts";
import type { Relation } from "../model/relation.ts";
import type { Path } from "./path.ts";

/** A field of a reply that an operation brings, for one object that is there already. */
export interface Wanted {
  readonly link: PlannedLink;
  /** By what the operation finds it; null where there is nothing to find. */
  readonly key: unknown;
  /** Where it goes. */
  readonly into: Record<string, unknown>;
  readonly path: Path;
}

/** A relation as one document asks for it. */
export interface PlannedLink {
  /** The key of its reply. */
  readonly key: string;
  readonly relation: Relation;
  /** Cuts one item. */
  readonly project: Project;
}

/** Cuts out of a value what a document asks for. `wanted`: takes what else must be brought. */
export type Project = (value: unknown, wanted: Wanted[], path: Path | undefined) => unknown;

type Fields = Readonly<Record<string, unknown>>;

/** A value without fields is taken as it is. */
export const whole: Project = (value) => value ?? null;

/** Cuts each item of a list. `links`: whether anything inside is brought, so that places count. */
export function projectList(item: Project, links: boolean): Project {
  if (item === whole) return whole;
  return (value, wanted, path) => {
    if (value === undefined || value === null) return null;
    const items = value as readonly unknown[];
    const out = new Array<unknown>(items.length);
    for (let i = 0; i < items.length; i++) out[i] = item(items[i], wanted, links ? { before: path, key: i } : undefined);
    return out;
  };
}

/** One of several objects, by its tag. */
export function projectUnion(tag: string, members: ReadonlyMap<string, Project>): Project {
  return (value, wanted, path) => {
    if (value === undefined || value === null) return null;
    return members.get((value as Fields)[tag] as string)?.(value, wanted, path) ?? null;
  };
}

/** One field of an object's reply. */
export interface PlannedField {
  readonly key: string;
  readonly name: string;
  /** What it is wherever it stands, as `__typename`. */
  readonly constant?: string;
  readonly project: Project;
  readonly link?: PlannedLink;
}

/** Objects that are cut before code is made for it: a document that is asked once costs no compiling. */
const cutsBefore = 100;

/** Cuts an object. Most of its fields are copied as they are, by code that is made for them once they are asked often. */
export function projectObject(fields: readonly PlannedField[], links: boolean): Project {
  const others = fields.filter(({ link, project }) => link !== undefined || project !== whole);
  let copy = (value: Fields) => copyFields(fields, value);
  let cuts = 0;
  return (value, wanted, path) => {
    if (value === undefined || value === null) return null;
    if (++cuts === cutsBefore) copy = copyCode(fields) ?? copy;
    const out = copy(value as Fields);
    for (const { key, name, project, link } of others) {
      if (link === undefined) out[key] = project((value as Fields)[name], wanted, links ? { before: path, key } : undefined);
      else wanted.push({ link, key: (value as Fields)[link.relation.key] ?? null, into: out, path: { before: path, key } });
    }
    return out;
  };
}

/** Copies what is taken as it is; null stands for what else there will be, in its place among the others. */
function copyFields(fields: readonly PlannedField[], value: Fields): Record<string, unknown> {
  const out: Record<string, unknown> = {};
  for (const { key, name, constant, project, link } of fields)
    out[key] = constant ?? (link === undefined && project === whole ? (value[name] ?? null) : null);
  return out;
}

/** The same as code; undefined where the process may not make any. */
function copyCode(fields: readonly PlannedField[]): ((value: Fields) => Record<string, unknown>) | undefined {
  const code = new Code();
  const sourceOf = ({ name, constant, project, link }: PlannedField) => {
    if (constant !== undefined) return quoted(constant);
    return link === undefined && project === whole ? `input[${quoted(name)}] ?? null` : "null";
  };
  return code.make(
    code.function(fields, "copy", () => `return {${fields.map((field) => `${quoted(field.key)}: ${sourceOf(field)}`).join(", ")}};`),
  );
}

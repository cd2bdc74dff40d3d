import type { JsonSchema } from "../standard.ts";
import { canonicalText, optionsOf, type Placed, propertiesOf } from "./resolve.ts";

/** What happened to the fields of an object, wherever in a schema it is. */
export interface FieldChange {
  readonly what: "removed" | "added" | "renamed";
  /** Where, as in `.lines[].quantity`; of a renamed field its earlier name. */
  readonly path: string;
  /** The new name of a renamed field. */
  readonly name: string;
  readonly required: boolean;
}

const deepest = 24;

/** Lists the fields that were removed, added, or have another name. */
export function fieldChanges(before: Placed, after: Placed, path = ""): readonly FieldChange[] {
  if (path.split(/[.[]/).length > deepest) return [];
  const [from, to] = [optionsOf(before), optionsOf(after)];
  const found: FieldChange[] = [];
  for (const [at, option] of from.entries()) {
    const other = from.length === to.length ? to[at] : to.find((one) => one.type === option.type);
    if (other === undefined || other.type !== option.type) continue;
    if (option.type === "array" && isObject(option.items) && isObject(other.items))
      found.push(...fieldChanges({ ...before, schema: option.items }, { ...after, schema: other.items }, `${path}[]`));
    if (option.type === "object") found.push(...ofObject({ ...before, schema: option }, { ...after, schema: other }, path));
  }
  return found;
}

function ofObject(before: Placed, after: Placed, path: string): readonly FieldChange[] {
  const [mine, theirs] = [propertiesOf(before.schema), propertiesOf(after.schema)];
  const required = new Set((after.schema.required ?? []) as readonly string[]);
  const removed = [...mine.keys()].filter((name) => !theirs.has(name));
  const added = new Set([...theirs.keys()].filter((name) => !mine.has(name)));
  const found: FieldChange[] = [];
  for (const name of removed) {
    // One that came with just what another one lost is that one under another name.
    const twin = [...added].find((one) => canonicalText(theirs.get(one)) === canonicalText(mine.get(name)));
    if (twin !== undefined) added.delete(twin);
    const field = { path: `${path}.${name}`, name: twin ?? name, required: twin !== undefined && required.has(twin) };
    found.push({ what: twin === undefined ? "removed" : "renamed", ...field });
  }
  for (const name of added) found.push({ what: "added", path: `${path}.${name}`, name, required: required.has(name) });
  for (const [name, schema] of mine) {
    const other = theirs.get(name);
    if (other !== undefined) found.push(...fieldChanges({ ...before, schema }, { ...after, schema: other }, `${path}.${name}`));
  }
  const [own, other] = [before.schema.additionalProperties, after.schema.additionalProperties];
  if (isObject(own) && isObject(other)) found.push(...fieldChanges({ ...before, schema: own }, { ...after, schema: other }, `${path}{}`));
  return found;
}

function isObject(value: unknown): value is JsonSchema {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

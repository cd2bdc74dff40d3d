import { readDocument } from "../../core/schema/document.ts";
import { hasVisibleMark } from "../../core/schema/marks/visible.ts";
import { hasBytes } from "../../core/schema/opaque/opaque.ts";
import { type CompiledSchema, compileSchema } from "../../core/schema.ts";
import type { Operation } from "../../operation/contract.ts";
import { traitsOf } from "../../operation/kind.ts";
import type { Module } from "../../operation/module.ts";
import type { Resource } from "../../operation/resource.ts";

import type { Report } from "./problem.ts";
import { scopeMembers } from "./scope-members.ts";

/** Reports modules whose names or schemas cannot be, or are not their own. */
export function checkModules(modules: readonly Module[], report: Report): void {
  const names = new Set<string>();
  const schemas = new Map<string, string>();
  for (const { name, schema, migrations } of modules) {
    if (!/^[a-z][a-z0-9-]{0,40}$/.test(name)) report(name, "name", "A module's name is lower case: letters, digits and hyphens.");
    if (names.has(name)) report(name, "name", "Two modules have this name. Rename one, or list it once.");
    names.add(name);
    if (migrations !== undefined && schema === undefined)
      report(name, "schema", "It has migrations but names no schema. Add the PostgreSQL schema that it owns.");
    if (schema === undefined) continue;
    if (!/^[a-z][a-z0-9_]{0,40}$/.test(schema) || schema === "plimsoll" || schema === "public" || schema.startsWith("pg_"))
      report(
        name,
        "schema",
        `"${schema}" cannot be a module's schema. Use lower case letters, digits and _, but not plimsoll, public or pg_….`,
      );
    const other = schemas.get(schema);
    if (other !== undefined) report(name, "schema", `The module ${other} owns the schema "${schema}" already. Each module has its own.`);
    schemas.set(schema, name);
  }
}

/** Reports a key without what it needs: an owner, a transaction to be kept in, and a reply that may be kept. */
export function checkKey(
  operation: Operation,
  { fields, input, output }: { readonly fields: ReadonlySet<string>; readonly input: CompiledSchema; readonly output: CompiledSchema },
  report: Report,
): void {
  const { name, kind, spec } = operation;
  const { idempotent, access, faults = [] } = spec;
  if (idempotent !== "key" && typeof idempotent !== "object") return;
  if (!traitsOf(operation).keyed)
    report(
      name,
      "idempotent",
      `A ${kind} has no transaction in which to store the record of a key. Pass the key to the command that it calls.`,
    );
  if (idempotent === "key" && access === "public")
    report(
      name,
      "idempotent",
      'On a public operation there is no actor to own the key. Name the input field that scopes it, as in { key: "email" }.',
    );
  if (typeof idempotent === "object" && !fields.has(idempotent.key))
    report(
      name,
      "idempotent",
      `The key is scoped by the input field "${idempotent.key}", which the input does not have. Add the field, or name another.`,
    );
  else if (typeof idempotent === "object" && !(input.inputJson.required as readonly string[] | undefined)?.includes(idempotent.key))
    report(
      name,
      "idempotent",
      `The key is scoped by the input field "${idempotent.key}", which is optional: callers who leave it out would share their keys. Make it a required field.`,
    );
  if (output.hasSecrets)
    report(
      name,
      "output",
      'It has a secret, and a record would store it unencrypted. Leave the secret out of the output, or write idempotent: "no" or "natural".',
    );
  for (const { type, schema } of faults)
    if (schema !== undefined && compileSchema(schema, `${name} fault ${type}`, "value").hasSecrets)
      report(name, "faults", `The details of ${type} have a secret, and a record would store it unencrypted. Leave it out of the details.`);
}

/** Reports values that are not JSON where only JSON can be: what durable work keeps, and what callers get. */
export function checkBytes(operation: Operation, { input, output }: Record<"input" | "output", CompiledSchema>, report: Report): void {
  const { name, kind } = operation;
  if (traitsOf(operation).durable) {
    if (hasBytes(input.inputJson))
      report(name, "input", `It has bytes, and a ${kind} is stored as JSON. Store them, and give the ${kind} their id.`);
  } else if (traitsOf(operation).plain !== true && hasBytes(output.outputJson))
    report(name, "output", "It has bytes, and an output is sent as JSON. Return a text, or an id of them.");
}

/** Reports marks of {@link visibleTo} where nothing takes a field out: what callers send, and the details of faults. */
export function checkMarks({ name, spec }: Operation, input: CompiledSchema, report: Report): void {
  if (hasVisibleMark(input.inputJson))
    report(name, "input", "It has a field with visibleTo, which says who gets a field of an output. Remove the mark from the input.");
  for (const { type, schema } of spec.faults ?? [])
    if (schema !== undefined && hasVisibleMark(readDocument(schema, { name: `${name} fault ${type}`, side: "output", required: false })))
      report(
        name,
        "faults",
        `The details of ${type} have a field with visibleTo, and every caller who gets the fault gets all of them. Leave it out of the details.`,
      );
}

/** Collects the resources that an operation uses, and reports those that are none or not the only ones of their name. */
export function checkResources({ name, spec }: Operation, resources: Map<string, Resource<unknown>>, report: Report): void {
  for (const [alias, resource] of Object.entries(spec.uses ?? {})) {
    if (resource?.kind !== "resource") {
      report(name, `uses.${alias}`, "It is not a resource. Declare one with resource(name, { create }).");
      continue;
    }
    if (scopeMembers.has(alias))
      report(name, `uses.${alias}`, `The scope of a handler has its own "${alias}". Give the resource another name here.`);
    const known = resources.get(resource.name);
    if (known !== undefined && known !== resource)
      report(name, `uses.${alias}`, `Two resources are named "${resource.name}". Share the one, or rename the other.`);
    resources.set(resource.name, resource);
  }
}

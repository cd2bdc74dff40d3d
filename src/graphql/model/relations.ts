import { readDocument } from "../../core/schema/document.ts";
import { traitsOf } from "../../operation/kind.ts";
import type { CompiledOperation } from "../../pipeline/registry/compiled.ts";
import type { Report } from "../../pipeline/registry/problem.ts";
import type { DeclaredRelation } from "../relates.ts";
import { isFieldName, outputNameOf, type TypeNames } from "./names.ts";
import type { Relation } from "./relation.ts";
import { ShapeReader } from "./shape-reader.ts";
import type { ObjectShape, Typed } from "./shapes.ts";

/** What relations are read with. */
export interface RelationTerms {
  readonly operations: ReadonlyMap<string, CompiledOperation>;
  readonly names: TypeNames;
  readonly report: Report;
}

/** Works out relations, by the types that have them, and reports what is wrong with one. */
export function compileRelations(
  declared: readonly DeclaredRelation[],
  terms: RelationTerms,
): ReadonlyMap<string, ReadonlyMap<string, Relation>> {
  const found = new Map<string, Map<string, Relation>>();
  for (const relation of declared) {
    const problem = (message: string) => terms.report(relation.through.name, `relates "${relation.field}"`, message);
    const from = fromOf(relation, terms.names, problem);
    const compiled = from && compileOne(relation, { ...terms, from, problem });
    if (from === undefined || compiled === undefined) continue;
    const relations = found.get(from.name) ?? new Map<string, Relation>();
    if (relations.has(relation.field) || from.fields.has(relation.field))
      problem(`${from.name} has a field ${relation.field} already. Give the relation another name.`);
    found.set(from.name, relations.set(relation.field, compiled));
  }
  return found;
}

type Problem = (message: string) => void;

function fromOf({ from, field }: DeclaredRelation, names: TypeNames, problem: Problem): ObjectShape | undefined {
  const document = readDocument(from, { name: `from of ${field}`, side: "output", required: true });
  const hasId = typeof document.$ref === "string" && document.$ref.startsWith("#/$defs/") && !document.$ref.includes("__schema");
  const { shape } = new ShapeReader(document, { side: "output", names, problem }).read("Unnamed");
  if (hasId && shape.form === "object") return shape;
  problem('"from" is not an object with a name of its own. Give its schema an id: schema.meta({ id: "Order" }).');
  return undefined;
}

interface OneTerms extends RelationTerms {
  readonly from: ObjectShape;
  readonly problem: Problem;
}

function compileOne(relation: DeclaredRelation, { operations, names, from, problem }: OneTerms): Relation | undefined {
  const { field, key, through, input, items, match, many, most, summary } = relation;
  if (!isFieldName(field)) problem(`"${field}" is not the name of a field. Write a letter, and then letters, digits and underscores.`);
  if (!from.fields.has(key)) problem(`${from.name} has no field "${key}" for its key. Name one that it has.`);
  const operation = operations.get(through.name);
  if (operation === undefined) return void problem("No module of the app has the query. Add its module to createApp.");
  if (traitsOf(through).transaction !== "read" || operation.stream !== undefined)
    return void problem("It goes through an operation that is not a query with an output. Name a query that takes a list and returns one.");
  const takes = new ShapeReader(operation.input.inputJson, { side: "input", names, problem }).fields(`${from.name}Input`).get(input)?.shape;
  const item = itemOf(operation, items, { names, problem });
  if (takes?.form !== "list") return void problem(`Its input has no list "${input}" for the keys. Name a field that takes a list.`);
  if (item?.shape.form !== "object" || !item.shape.fields.has(match))
    return void problem(`Its output has no list "${items}" of objects with the field "${match}". Name fields that it has.`);
  const atOnce = Math.max(1, Math.min(most, takes.most ?? most));
  return { field, key, operation, input, items, match, many, most: atOnce, item, description: summary };
}

function itemOf({ name, output }: CompiledOperation, items: string, terms: { readonly names: TypeNames; readonly problem: Problem }) {
  const reader = new ShapeReader(output.outputJson, { side: "output", ...terms });
  const { shape }: Typed = reader.read(outputNameOf(name));
  const list = shape.form === "object" ? shape.fields.get(items)?.shape : undefined;
  return list?.form === "list" ? list.of : undefined;
}

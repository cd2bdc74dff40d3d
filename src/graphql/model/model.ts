import type { Operation } from "../../operation/contract.ts";
import { traitsOf } from "../../operation/kind.ts";
import type { CompiledOperation } from "../../pipeline/registry/compiled.ts";
import type { Report } from "../../pipeline/registry/problem.ts";
import { pascal } from "../../surface/openapi-names.ts";
import type { DeclaredRelation } from "../relates.ts";
import { fieldNameOf, isFieldName, outputNameOf, TypeNames } from "./names.ts";
import type { Relation } from "./relation.ts";
import { compileRelations } from "./relations.ts";
import { ShapeReader } from "./shape-reader.ts";
import type { FieldShape, Typed } from "./shapes.ts";

/** The type at which a document begins. */
export type RootName = "Query" | "Mutation" | "Subscription";

/** An operation as a field at the beginning of a document. */
export interface RootField {
  readonly name: string;
  readonly root: RootName;
  readonly operation: CompiledOperation;
  readonly arguments: ReadonlyMap<string, FieldShape>;
  /** What it returns; of a stream, one item. */
  readonly output: Typed;
}

/** What an app serves over GraphQL: its fields and types, without the package that makes a schema of them. */
export interface GraphqlModel {
  readonly roots: Readonly<Record<RootName, ReadonlyMap<string, RootField>>>;
  readonly names: TypeNames;
  /** The fields that operations bring, by the types that have them. */
  readonly relations: ReadonlyMap<string, ReadonlyMap<string, Relation>>;
}

/** The operations of an app as they were declared, those that can run, and the relations between their outputs. */
export interface ModelSource {
  readonly declared: readonly Operation[];
  readonly operations: ReadonlyMap<string, CompiledOperation>;
  readonly relations: readonly DeclaredRelation[];
}

/** Makes the model of all operations that say `graphql`, and reports those that cannot be served. */
export function compileModel({ declared, operations, relations }: ModelSource, report: Report): GraphqlModel {
  const names = new TypeNames();
  const roots = { Query: new Map<string, RootField>(), Mutation: new Map<string, RootField>(), Subscription: new Map<string, RootField>() };
  for (const { name: operation, spec } of declared) {
    const { graphql } = spec;
    if (graphql === undefined) continue;
    const problem = (message: string) => report(operation, "graphql", message);
    const name = graphql === true ? fieldNameOf(operation) : graphql;
    const compiled = operations.get(operation);
    if (typeof name !== "string" || !isFieldName(name))
      problem(`"${String(name)}" is not the name of a field. Write true, or a letter and then letters, digits and underscores.`);
    else if (spec.receives !== undefined) problem("Its client sends messages, which no subscription takes. Remove graphql, or receives.");
    else if (compiled !== undefined) {
      const root = rootOf(compiled);
      const other = roots[root].get(name);
      if (other !== undefined) problem(`${other.operation.name} has the field ${name} of ${root} already. Give one of them another name.`);
      roots[root].set(name, fieldOf(compiled, { name, root, names, problem }));
    }
  }
  return { roots, names, relations: compileRelations(relations, { operations, names, report }) };
}

/** What only reads is a query, and what streams a subscription. */
function rootOf({ operation, stream }: CompiledOperation): RootName {
  if (stream !== undefined) return "Subscription";
  return traitsOf(operation).transaction === "read" ? "Query" : "Mutation";
}

interface FieldTerms extends Pick<RootField, "name" | "root"> {
  readonly names: TypeNames;
  readonly problem: (message: string) => void;
}

function fieldOf(operation: CompiledOperation, { name, root, names, problem }: FieldTerms): RootField {
  const stem = pascal(operation.name);
  const input = new ShapeReader(operation.input.inputJson, { side: "input", names, problem });
  const output = new ShapeReader(operation.output.outputJson, { side: "output", names, problem });
  return { name, root, operation, arguments: input.fields(`${stem}Input`), output: output.read(outputNameOf(operation.name)) };
}

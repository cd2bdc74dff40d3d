import type { GraphQLSchema } from "graphql";
import type { GraphqlLibrary } from "../library.ts";
import type { FieldShape, Typed } from "../model/shapes.ts";
import { invalidDocument } from "../plan/invalid.ts";
import type { PlannedRoot } from "../plan/planner.ts";

type Values = Readonly<Record<string, unknown>>;

interface InputTerms {
  readonly library: GraphqlLibrary;
  readonly schema: GraphQLSchema;
}

type Place = Pick<PlannedRoot, "field" | "node">;

/** How an argument comes: its variable, or its value as the document has it. */
interface Argument {
  readonly name: string;
  readonly shape: FieldShape;
  readonly variable: string | undefined;
  readonly value: unknown;
}

/** What is known of the places of documents that were read before; undefined where the library has to read each. */
const known = new WeakMap<PlannedRoot["node"], readonly Argument[] | undefined>();

/** Makes the input of an operation from the arguments of its field. *Faults thrown*: `graphql_invalid`. */
export function readArguments(terms: InputTerms, place: Place, variables: Values): Record<string, unknown> {
  const planned = known.get(place.node);
  const input = planned && fill(planned, variables);
  if (input !== undefined) return input;
  const read = readByLibrary(terms, place, variables);
  if (!known.has(place.node)) known.set(place.node, plan(terms.library, place, read));
  return read;
}

/** Undefined where a variable has no value: the library knows what that means. */
function fill(planned: readonly Argument[], variables: Values): Record<string, unknown> | undefined {
  const input: Record<string, unknown> = {};
  for (const { name, shape, variable, value } of planned) {
    if (variable === undefined) {
      input[name] = value;
      continue;
    }
    const given = variables[variable];
    if (given === undefined || given === null) return undefined;
    // Its type was checked with all variables, and that it fits here when the document was read.
    input[name] = inputOf(shape, given);
  }
  return input;
}

/** Only for values that nothing can change: a list in a document is made for each run. */
function plan({ Kind }: GraphqlLibrary, { field, node }: Place, read: Values): readonly Argument[] | undefined {
  const given = new Map((node.arguments ?? []).map(({ name, value }) => [name.value, value]));
  const planned: Argument[] = [];
  for (const [name, shape] of field.arguments) {
    const value = given.get(name);
    if (value?.kind === Kind.VARIABLE) planned.push({ name, shape, variable: value.name.value, value: undefined });
    else if (value?.kind === Kind.LIST || value?.kind === Kind.OBJECT || (typeof read[name] === "object" && read[name] !== null))
      return undefined;
    else if (name in read) planned.push({ name, shape, variable: undefined, value: read[name] });
  }
  return planned;
}

function readByLibrary({ library, schema }: InputTerms, { field, node }: Place, variables: Values): Record<string, unknown> {
  const definition = schema.getType(field.root) as import("graphql").GraphQLObjectType;
  try {
    const values = library.getArgumentValues(definition.getFields()[field.name]!, node, { ...variables });
    return objectOf(field.arguments, values);
  } catch (error) {
    throw error instanceof library.GraphQLError ? invalidDocument([error]) : error;
  }
}

/** Values as the schema of an input takes them: null stands only where it says so, and elsewhere for what is left out. */
function objectOf(fields: ReadonlyMap<string, FieldShape>, values: Values): Record<string, unknown> {
  const out: Record<string, unknown> = {};
  for (const [name, field] of fields) {
    const value = values[name];
    if (value === undefined || (value === null && field.optional && !field.nullable)) continue;
    out[name] = inputOf(field, value);
  }
  return out;
}

function inputOf({ shape }: Typed, value: unknown): unknown {
  if (value === null) return null;
  if (shape.form === "list") return (value as readonly unknown[]).map((item) => inputOf(shape.of, item));
  return shape.form === "object" ? objectOf(shape.fields, value as Values) : value;
}

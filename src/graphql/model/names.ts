import { pascal } from "../../surface/openapi-names.ts";
import type { EnumShape, ObjectShape, UnionShape } from "./shapes.ts";

type NamedShape = EnumShape | ObjectShape | UnionShape;

/** The types that every schema has, or that the platform adds. */
const taken: ReadonlySet<string> = new Set([
  ...["Query", "Mutation", "Subscription", "ID", "String", "Int", "Float", "Boolean", "Int64", "DateTime", "Date", "JSON"],
]);

/** Whether a text can be the name of a field. *Source*: GraphQL, section 2.1.9; names that begin with two underscores are those of introspection. */
export function isFieldName(text: string): boolean {
  return /^(?!__)[_A-Za-z][_0-9A-Za-z]{0,127}$/.test(text);
}

/** Returns the field of an operation by its name: `orders.list-mine` is `ordersListMine`. */
export function fieldNameOf(operation: string): string {
  return operation.replaceAll(/[^A-Za-z0-9]+([A-Za-z0-9]?)/g, (_, first: string) => first.toUpperCase());
}

/** The name of the type that an operation returns, where its schema has no id. */
export function outputNameOf(operation: string): string {
  return `${pascal(operation)}Output`;
}

/** The types of one schema by name: equal definitions are one type, and different ones cannot share a name. */
export class TypeNames {
  readonly #types = new Map<string, { readonly shape: NamedShape; readonly signature: string }>();

  /** All types, by name. */
  get all(): ReadonlyMap<string, NamedShape> {
    return new Map([...this.#types].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, { shape }]) => [name, shape]));
  }

  /** Returns the type that has the name already and is the same, or takes this one. Reports a name that two different types have. */
  claim<S extends NamedShape>(shape: S, signature: string, problem: (message: string) => void): S {
    const { name } = shape;
    const known = this.#types.get(name);
    const own = `${shape.form} ${signature}`;
    if (known?.signature === own) return known.shape as S;
    if (taken.has(name) || !isFieldName(name)) problem(`A type cannot have the name ${name}. Give its schema another id.`);
    else if (known !== undefined)
      problem(`Two types that differ have the name ${name}. Give the schema of one of them an id of its own: schema.meta({ id: "…" }).`);
    else this.#types.set(name, { shape, signature: own });
    return shape;
  }
}

import type { GraphQLScalarType, ValueNode } from "graphql";
import type { GraphqlLibrary } from "../library.ts";
import type { ScalarName } from "./shapes.ts";

/** The scalars of a schema: those of GraphQL, and those of the platform. */
export class Scalars {
  readonly #library: GraphqlLibrary;
  readonly #made = new Map<ScalarName, GraphQLScalarType>();

  constructor(library: GraphqlLibrary) {
    this.#library = library;
    const { GraphQLID, GraphQLString, GraphQLInt, GraphQLFloat, GraphQLBoolean } = library;
    for (const type of [GraphQLID, GraphQLString, GraphQLInt, GraphQLFloat, GraphQLBoolean]) this.#made.set(type.name as ScalarName, type);
  }

  of(name: ScalarName): GraphQLScalarType {
    const known = this.#made.get(name);
    if (known !== undefined) return known;
    const made = this.#make(name);
    this.#made.set(name, made);
    return made;
  }

  #make(name: ScalarName): GraphQLScalarType {
    const { GraphQLScalarType: ScalarType, Kind, valueFromASTUntyped } = this.#library;
    const text = (value: unknown) => (typeof value === "string" ? value : this.#refuse(`${name} is a text.`));
    const textOf = (node: ValueNode) => (node.kind === Kind.STRING ? node.value : this.#refuse(`${name} is a text.`));
    const common = { name, serialize: (value: unknown) => value };
    if (name === "Int64") {
      const description = "A whole number from -9007199254740991 to 9007199254740991, as a number of JSON.";
      const literal = (node: ValueNode) => this.#whole(node.kind === Kind.INT ? Number(node.value) : undefined);
      return new ScalarType({ ...common, description, parseValue: (value) => this.#whole(value), parseLiteral: literal });
    }
    if (name === "JSON") {
      const parseLiteral: typeof valueFromASTUntyped = (node, variables) => plain(valueFromASTUntyped(node, variables));
      return new ScalarType({ ...common, description: "Any value of JSON.", parseValue: (value) => value, parseLiteral });
    }
    const description = name === "Date" ? "A date, as in 2026-01-31." : "A moment, as in 2026-01-31T09:30:00Z.";
    return new ScalarType({ ...common, description, parseValue: text, parseLiteral: textOf });
  }

  #whole(value: unknown): number {
    return Number.isSafeInteger(value)
      ? (value as number)
      : this.#refuse("Int64 is a whole number from -9007199254740991 to 9007199254740991.");
  }

  #refuse(message: string): never {
    const { GraphQLError: LibraryError } = this.#library;
    throw new LibraryError(message);
  }
}

/** The library makes objects without a prototype, and what takes an input knows only usual ones. */
function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, plain(part)]));
}

import type { GraphQLFieldConfig, GraphQLInputType, GraphQLNamedType, GraphQLOutputType, GraphQLSchema } from "graphql";
import type { GraphqlLibrary } from "../library.ts";
import type { GraphqlModel, RootField, RootName } from "./model.ts";
import { Scalars } from "./scalars.ts";
import type { FieldShape, ObjectShape, Shape, Typed } from "./shapes.ts";

/** Makes the schema of a model, which documents are validated by. Fields are resolved by plans and not by it. */
export function buildSchema(library: GraphqlLibrary, model: GraphqlModel): GraphQLSchema {
  return new SchemaBuilder(library, model).build();
}

class SchemaBuilder {
  readonly #library: GraphqlLibrary;
  readonly #model: GraphqlModel;
  readonly #scalars: Scalars;
  readonly #made = new Map<string, GraphQLNamedType>();

  constructor(library: GraphqlLibrary, model: GraphqlModel) {
    this.#library = library;
    this.#model = model;
    this.#scalars = new Scalars(library);
  }

  build(): GraphQLSchema {
    const { GraphQLSchema: Schema } = this.#library;
    const root = (name: RootName) => (this.#model.roots[name].size === 0 ? {} : { [name.toLowerCase()]: this.#root(name) });
    // A schema has queries, also where the app has none.
    const query = this.#model.roots.Query.size === 0 ? { query: this.#empty() } : root("Query");
    return new Schema({ ...query, ...root("Mutation"), ...root("Subscription") });
  }

  #empty() {
    const { GraphQLObjectType: ObjectType } = this.#library;
    const none = { type: this.#scalars.of("Boolean"), description: "The app has no queries." };
    return new ObjectType({ name: "Query", fields: { none } });
  }

  #root(name: RootName) {
    const { GraphQLObjectType: ObjectType } = this.#library;
    const fields = [...this.#model.roots[name].values()].map((field): [string, GraphQLFieldConfig<unknown, unknown>] => [
      field.name,
      this.#rootField(field),
    ]);
    return new ObjectType({ name, fields: Object.fromEntries(fields) });
  }

  /** It may be refused, and null then stands in its place: its neighbours keep what they have. */
  #rootField({ output, arguments: declared, operation }: RootField): GraphQLFieldConfig<unknown, unknown> {
    const args = [...declared].map(([name, field]) => [name, { type: this.#input(field), description: field.description ?? null }]);
    const { summary } = operation.operation.spec;
    return { type: this.#nullable(output.shape), args: Object.fromEntries(args), ...(summary !== undefined && { description: summary }) };
  }

  #output(typed: Typed, optional = false): GraphQLOutputType {
    const { GraphQLNonNull: NonNull } = this.#library;
    const type = this.#nullable(typed.shape);
    return typed.nullable || optional ? type : new NonNull(type);
  }

  #nullable(shape: Shape): GraphQLOutputType & GraphQLNullable {
    const { GraphQLList: List } = this.#library;
    if (shape.form === "list") return new List(this.#output(shape.of));
    return this.#named(shape) as GraphQLOutputType & GraphQLNullable;
  }

  #input({ shape, nullable, optional }: FieldShape): GraphQLInputType {
    const { GraphQLNonNull: NonNull } = this.#library;
    const type = this.#nullableInput(shape);
    return nullable || optional ? type : new NonNull(type);
  }

  #nullableInput(shape: Shape): GraphQLInputType & GraphQLNullable {
    const { GraphQLList: List, GraphQLNonNull: NonNull } = this.#library;
    if (shape.form !== "list") return this.#named(shape, true) as GraphQLInputType & GraphQLNullable;
    const of = this.#nullableInput(shape.of.shape);
    return new List(shape.of.nullable ? of : new NonNull(of));
  }

  #named(shape: Exclude<Shape, { form: "list" }>, isInput = false): GraphQLNamedType {
    if (shape.form === "scalar") return this.#scalars.of(shape.name);
    const known = this.#made.get(shape.name);
    if (known !== undefined) return known;
    const made = this.#make(shape, isInput);
    this.#made.set(shape.name, made);
    return made;
  }

  #make(shape: Exclude<Shape, { form: "list" | "scalar" }>, isInput: boolean): GraphQLNamedType {
    const { GraphQLEnumType: EnumType, GraphQLUnionType: UnionType } = this.#library;
    const { name } = shape;
    if (shape.form === "enum") return new EnumType({ name, values: Object.fromEntries(shape.words.map((word) => [word, {}])) });
    if (shape.form === "union")
      return new UnionType({ name, types: () => [...shape.members.values()].map((member) => this.#named(member) as never) });
    return isInput ? this.#inputObject(shape) : this.#object(shape);
  }

  #object({ name, fields, description }: ObjectShape): GraphQLNamedType {
    const { GraphQLObjectType: ObjectType, GraphQLList: List, GraphQLNonNull: NonNull } = this.#library;
    const own = () =>
      [...fields].map(([field, typed]) => [field, { type: this.#output(typed, typed.optional), description: typed.description ?? null }]);
    // Its query may be refused, and null stands for what it would have brought.
    const related = () =>
      [...(this.#model.relations.get(name)?.values() ?? [])].map(({ field, many, item: { shape }, description: said }) => {
        const type = this.#nullable(shape);
        return [field, { type: many ? new List(new NonNull(type)) : type, description: said ?? null }];
      });
    const made = () => [...own(), ...related()];
    return new ObjectType({ name, description: description ?? null, fields: () => Object.fromEntries(made()) });
  }

  #inputObject({ name, fields, description }: ObjectShape): GraphQLNamedType {
    const { GraphQLInputObjectType: InputObjectType } = this.#library;
    const made = () => [...fields].map(([field, typed]) => [field, { type: this.#input(typed), description: typed.description ?? null }]);
    return new InputObjectType({ name, description: description ?? null, fields: () => Object.fromEntries(made()) });
  }
}

/** A type that NonNull may wrap. */
type GraphQLNullable = import("graphql").GraphQLNullableType;

import { compileModel, type GraphqlModel, type RootName } from "../../graphql/model/model.ts";
import type { FieldShape, Shape, Typed } from "../../graphql/model/shapes.ts";
import type { DeclaredRelation } from "../../graphql/relates.ts";
import type { CompiledOperation } from "../../pipeline/registry/compiled.ts";
import { describeTerms, sorted } from "../describe-terms.ts";
import type { DescribedGraphql, DescribedRoot, DescribedType } from "./description.ts";

/** Describes what an app serves over GraphQL, where it has any operation that says `graphql`. */
export function describeGraphql(
  operations: ReadonlyMap<string, CompiledOperation>,
  relations: readonly DeclaredRelation[],
): DescribedGraphql | undefined {
  const declared = [...operations.values()].map(({ operation }) => operation);
  if (declared.every(({ spec }) => spec.graphql === undefined)) return undefined;
  const model = compileModel({ declared, operations, relations }, () => undefined);
  return new Describing(model).whole();
}

class Describing {
  readonly #model: GraphqlModel;
  readonly #types = new Map<string, DescribedType>();

  constructor(model: GraphqlModel) {
    this.#model = model;
  }

  whole(): DescribedGraphql {
    const roots = (["Query", "Mutation", "Subscription"] satisfies RootName[]).flatMap((root) =>
      [...this.#model.roots[root].values()].map(({ name, operation, output, arguments: given }): [string, DescribedRoot] => {
        const args = sorted([...given].map(([argument, field]) => [argument, this.#sent(field)] as const));
        const described = {
          operation: operation.name,
          ...describeTerms(operation),
          type: this.#nullable(output.shape, false),
          arguments: args,
        };
        return [`${root}.${name}`, described];
      }),
    );
    return { roots: sorted(roots), types: sorted([...this.#types]) };
  }

  #read(typed: Typed, optional = false): string {
    const type = this.#nullable(typed.shape, false);
    return typed.nullable || optional ? type : `${type}!`;
  }

  #sent({ shape, nullable, optional }: FieldShape): string {
    const type = this.#nullable(shape, true);
    return nullable || optional ? type : `${type}!`;
  }

  #nullable(shape: Shape, isSent: boolean): string {
    if (shape.form === "list") {
      const item = this.#nullable(shape.of.shape, isSent);
      return `[${item}${shape.of.nullable ? "" : "!"}]`;
    }
    if (shape.form !== "scalar" && !this.#types.has(shape.name)) this.#describe(shape, isSent);
    return shape.name;
  }

  #describe(shape: Exclude<Shape, { form: "list" | "scalar" }>, isSent: boolean): void {
    const { name } = shape;
    if (shape.form === "enum") this.#types.set(name, { form: "enum", values: shape.words.toSorted() });
    else if (shape.form === "union") {
      this.#types.set(name, { form: "union", members: [...shape.members.values()].map((member) => member.name).toSorted() });
      for (const member of shape.members.values()) this.#nullable(member, isSent);
    } else {
      // It is known before its fields are: it may contain itself.
      this.#types.set(name, { form: isSent ? "input" : "object" });
      const own = [...shape.fields].map(
        ([field, typed]) => [field, isSent ? this.#sent(typed) : this.#read(typed, typed.optional)] as const,
      );
      const related = isSent ? [] : [...(this.#model.relations.get(name)?.values() ?? [])];
      const brought = related.map(({ field, many, item }) => {
        const type = this.#nullable(item.shape, false);
        return [field, many ? `[${type}!]` : type] as const;
      });
      this.#types.set(name, { form: isSent ? "input" : "object", fields: sorted([...own, ...brought]) });
    }
  }
}

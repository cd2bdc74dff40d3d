import type { DescribedTerms } from "../description.ts";

/** A field at the beginning of a document as its callers see it. Types are written as GraphQL writes them: `[Order!]!`. */
export interface DescribedRoot extends DescribedTerms {
  readonly operation: string;
  readonly type: string;
  /** Types by the names of arguments. */
  readonly arguments: Readonly<Record<string, string>>;
}

/** A type with a name. */
export interface DescribedType {
  readonly form: "object" | "input" | "enum" | "union";
  /** Types by the names of fields; those that relations bring are among them. */
  readonly fields?: Readonly<Record<string, string>>;
  readonly values?: readonly string[];
  readonly members?: readonly string[];
}

/** The part `graphql` of `contracts.lock.json`. */
export interface DescribedGraphql {
  /** By type and name, as in `Query.orders`. */
  readonly roots: Readonly<Record<string, DescribedRoot>>;
  readonly types: Readonly<Record<string, DescribedType>>;
}

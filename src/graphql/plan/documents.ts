import type { DocumentNode, GraphQLSchema, OperationDefinitionNode } from "graphql";
import { Fault } from "../../core/fault.ts";
import type { GraphqlLibrary } from "../library.ts";
import type { GraphqlLimits } from "../limits.ts";
import type { GraphqlModel } from "../model/model.ts";
import { invalidDocument } from "./invalid.ts";
import { measureDocument, scanDocument } from "./measure.ts";
import { type Plan, planDocument } from "./planner.ts";

/** What documents are read with. */
export interface DocumentTerms {
  readonly library: GraphqlLibrary;
  readonly schema: GraphQLSchema;
  readonly model: GraphqlModel;
  readonly limits: GraphqlLimits;
  /** Whether documents may ask about the schema. */
  readonly introspection: boolean;
}

/** One document that is valid, and its plans. */
export interface ReadDocument {
  readonly document: DocumentNode;
  readonly operations: ReadonlyMap<string, OperationDefinitionNode>;
  /** The variables that directives name: a plan is made for their values. */
  readonly switches: readonly string[];
  readonly plans: Map<string, Plan>;
  readonly chars: number;
}

/** Plans of one document that are kept: one for each of its operations and values of its switches. */
const plansKept = 32;

/** The documents that a process knows, with their plans; those that were used last are kept. */
export class Documents {
  readonly #terms: DocumentTerms;
  readonly #kept = new Map<string, ReadDocument>();
  #chars = 0;

  constructor(terms: DocumentTerms) {
    this.#terms = terms;
  }

  /** Documents that are kept now, and the length of their texts. */
  get size(): { readonly documents: number; readonly chars: number } {
    return { documents: this.#kept.size, chars: this.#chars };
  }

  /** Whether a text was found valid before. */
  has(text: string): boolean {
    return this.#kept.has(text);
  }

  /** Reads a text. *Faults thrown*: `graphql_invalid` with all that is wrong; `graphql_limit`. */
  read(text: string): ReadDocument {
    const known = this.#kept.get(text);
    if (known !== undefined) {
      this.#kept.delete(text);
      this.#kept.set(text, known);
      return known;
    }
    const made = this.#make(text);
    this.#keep(text, made);
    return made;
  }

  /** Returns the plan of one operation for the values of its variables. *Faults thrown*: `graphql_limit`. */
  planOf(
    { document, switches, plans }: ReadDocument,
    operation: OperationDefinitionNode,
    variables: Readonly<Record<string, unknown>>,
  ): Plan {
    const key = `${operation.name?.value ?? ""} ${switches.map((name) => (variables[name] === true ? 1 : 0)).join("")}`;
    const known = plans.get(key);
    if (known !== undefined) return known;
    const made = planDocument(this.#terms, { document, operation }, variables);
    if (plans.size >= plansKept) plans.clear();
    plans.set(key, made);
    return made;
  }

  #make(text: string): ReadDocument {
    const { library, schema, limits, introspection } = this.#terms;
    const { Kind } = library;
    let document: DocumentNode;
    try {
      scanDocument(library, text, limits);
      document = library.parse(text, { maxTokens: limits.tokens });
    } catch (error) {
      throw error instanceof library.GraphQLError ? invalidDocument([error]) : error;
    }
    measureDocument(library, document, limits);
    const rules = introspection ? library.specifiedRules : [...library.specifiedRules, library.NoSchemaIntrospectionCustomRule];
    // What callers may not ask for is not suggested to them either.
    const problems = library.validate(schema, document, rules, { maxErrors: 10, hideSuggestions: !introspection });
    if (problems.length > 0) throw invalidDocument(problems);
    const operations = new Map<string, OperationDefinitionNode>();
    for (const definition of document.definitions)
      if (definition.kind === Kind.OPERATION_DEFINITION) operations.set(definition.name?.value ?? "", definition);
    return { document, operations, switches: switchesOf(library, document), plans: new Map(), chars: text.length };
  }

  #keep(text: string, made: ReadDocument): void {
    const { documents, documentChars } = this.#terms.limits;
    this.#kept.set(text, made);
    this.#chars += made.chars;
    for (const [oldest, { chars }] of this.#kept) {
      if (this.#kept.size <= documents && this.#chars <= documentChars) break;
      this.#kept.delete(oldest);
      this.#chars -= chars;
    }
  }
}

function switchesOf(library: GraphqlLibrary, document: DocumentNode): readonly string[] {
  const names = new Set<string>();
  library.visit(document, {
    Directive: (directive) => {
      for (const { value } of directive.arguments ?? []) if (value.kind === library.Kind.VARIABLE) names.add(value.name.value);
    },
  });
  return [...names];
}

/** Returns the operation that a request names. *Faults thrown*: `graphql_invalid` where the document does not have it, or where it has several and none is named. */
export function chosenOperation({ operations }: ReadDocument, name: string | undefined): OperationDefinitionNode {
  const [first] = operations.values();
  const found = name === undefined || name === "" ? (operations.size === 1 ? first : undefined) : operations.get(name);
  if (found !== undefined) return found;
  const message =
    name === undefined || name === ""
      ? "The document has several operations, or none. Name one of them in operationName."
      : "The document has no operation of that name. Name one that it has in operationName.";
  throw new Fault({ code: "invalid_argument", type: "graphql_invalid", message, details: { errors: [{ message }] } });
}

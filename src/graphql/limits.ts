import { Fault } from "../core/fault.ts";

/** The bounds of GraphQL, each of one document or request. *Override*: `graphql({ limits })`. */
export const graphqlLimits = {
  /** The body of a request, and the query string of a GET. *Units*: bytes. */
  requestBytes: 131_072,
  /** The text of a document. *Units*: bytes. */
  documentBytes: 32_768,
  /** Words and signs of a document. */
  tokens: 5_000,
  /** How deep fields stand in each other, fragments included. */
  depth: 12,
  /** Fields under another name than their own, each counted as often as its fragment is used. */
  aliases: 50,
  /** Fields, each counted as often as its fragment is used. */
  fields: 500,
  /** Fragments of a document, and how often they are used. */
  fragments: 50,
  /** Directives of a document. */
  directives: 50,
  /** Calls of operations that a document may need: one for each field at its beginning, and one for each item of a relation. */
  complexity: 1_000,
  /** Variables of a document. */
  variables: 50,
  /** Values in the variables of a request. */
  variableValues: 10_000,
  /** Errors of one reply; more are counted and left out. */
  errors: 100,
  /** Fields of one document that run at once. */
  parallel: 16,
  /** Documents whose plans are kept. */
  documents: 500,
  /** The texts of all documents that are kept. *Units*: UTF-16 units. */
  documentChars: 4_194_304,
} as const;

/** Bounds of GraphQL that an app may set. */
export type GraphqlLimits = { readonly [Name in keyof typeof graphqlLimits]: number };

/** How a bound reads in a refusal, and what its user can do. */
const words: Partial<Record<keyof GraphqlLimits, readonly [what: string, fix: string]>> = {
  documentBytes: ["bytes of text", "Send a shorter document, or several."],
  tokens: ["words and signs", "Send a shorter document, or several."],
  depth: ["levels of fields", "Ask for less in one document."],
  aliases: ["aliases", "Ask for fewer at once, or use an operation that takes a list."],
  fields: ["fields, with those of fragments", "Ask for fewer at once."],
  fragments: ["fragments and uses of fragments", "Write the fields in their place."],
  directives: ["directives", "Leave the fields out that are not needed."],
  complexity: ["calls of operations", "Ask for fewer at once, or for shorter lists."],
  variables: ["variables", "Use fewer, such as one input in the place of many."],
  variableValues: ["values in its variables", "Send less at once."],
};

/** Refuses what is above a bound. *Faults*: `graphql_limit`, with the bound, its value and what came. */
export function aboveLimit(limits: GraphqlLimits, name: keyof GraphqlLimits, load: number): Fault {
  const [what = name, fix = "Send less."] = words[name] ?? [];
  return new Fault({
    code: "invalid_argument",
    type: "graphql_limit",
    message: `The document has ${load} ${what}, and it may have ${limits[name]}. ${fix}`,
    details: { limit: `graphql ${name}`, value: limits[name], load },
  });
}

import type { DocumentNode, FragmentDefinitionNode, NameNode, SelectionSetNode } from "graphql";
import type { Fault } from "../../core/fault.ts";
import type { GraphqlLibrary } from "../library.ts";
import { aboveLimit, type GraphqlLimits } from "../limits.ts";
import { invalidDocument } from "./invalid.ts";

/** How deep braces and brackets may stand in each other, so that no reader of a document runs out of stack. */
const nesting = 200;

/** Reads the words of a text before anything is made of them. *Faults thrown*: `graphql_limit`; those of the library where a word is malformed. */
export function scanDocument(library: GraphqlLibrary, text: string, limits: GraphqlLimits): void {
  const bytes = Buffer.byteLength(text);
  if (bytes > limits.documentBytes) throw aboveLimit(limits, "documentBytes", bytes);
  const { Lexer: LibraryLexer, Source: LibrarySource, TokenKind } = library;
  const lexer = new LibraryLexer(new LibrarySource(text));
  const most = Math.max(nesting, limits.depth * 2);
  let tokens = 0;
  let depth = 0;
  for (let token = lexer.advance(); token.kind !== TokenKind.EOF; token = lexer.advance()) {
    if (++tokens > limits.tokens) throw aboveLimit(limits, "tokens", tokens);
    if (token.kind === TokenKind.BRACE_L || token.kind === TokenKind.BRACKET_L) depth++;
    else if (token.kind === TokenKind.BRACE_R || token.kind === TokenKind.BRACKET_R) depth--;
    if (depth > most) throw aboveLimit(limits, "depth", depth);
  }
}

/** Two underscores begin the names of introspection. */
function reserved({ GraphQLError: LibraryError }: GraphqlLibrary, alias: NameNode): Fault {
  return invalidDocument([
    new LibraryError(`The alias "${alias.value.slice(0, 100)}" begins with two underscores. Use another.`, { nodes: alias }),
  ]);
}

interface Measures {
  readonly depth: number;
  readonly fields: number;
  readonly aliases: number;
  readonly spreads: number;
}

const nothing: Measures = { depth: 0, fields: 0, aliases: 0, spreads: 0 };

/**
 * Measures a document before it is validated: what it says, and what it stands for once each fragment is in its place. Time is that of the text, however often
 * fragments use each other. *Faults thrown*: `graphql_limit`.
 */
export function measureDocument(library: GraphqlLibrary, document: DocumentNode, limits: GraphqlLimits): void {
  const measures = new Measuring(library, document, limits);
  let directives = 0;
  let variables = 0;
  library.visit(document, {
    Directive: () => void directives++,
    VariableDefinition: () => void variables++,
  });
  if (directives > limits.directives) throw aboveLimit(limits, "directives", directives);
  if (variables > limits.variables) throw aboveLimit(limits, "variables", variables);
  measures.check();
}

class Measuring {
  readonly #library: GraphqlLibrary;
  readonly #limits: GraphqlLimits;
  readonly #document: DocumentNode;
  readonly #fragments = new Map<string, FragmentDefinitionNode>();
  readonly #known = new Map<string, Measures>();

  constructor(library: GraphqlLibrary, document: DocumentNode, limits: GraphqlLimits) {
    this.#library = library;
    this.#document = document;
    this.#limits = limits;
    const { Kind } = library;
    for (const definition of document.definitions)
      if (definition.kind === Kind.FRAGMENT_DEFINITION) this.#fragments.set(definition.name.value, definition);
  }

  check(): void {
    const { Kind } = this.#library;
    const limits = this.#limits;
    if (this.#fragments.size > limits.fragments) throw aboveLimit(limits, "fragments", this.#fragments.size);
    for (const definition of this.#document.definitions) {
      const selections = definition.kind === Kind.FRAGMENT_DEFINITION || definition.kind === Kind.OPERATION_DEFINITION;
      if (!selections) continue;
      const { depth, fields, aliases, spreads } = this.#measure((definition as FragmentDefinitionNode).selectionSet);
      if (depth > limits.depth) throw aboveLimit(limits, "depth", depth);
      if (aliases > limits.aliases) throw aboveLimit(limits, "aliases", aliases);
      if (fields > limits.fields) throw aboveLimit(limits, "fields", fields);
      if (spreads > limits.fragments) throw aboveLimit(limits, "fragments", spreads);
    }
  }

  #measure(set: SelectionSetNode | undefined): Measures {
    if (set === undefined) return nothing;
    const { Kind } = this.#library;
    let [depth, fields, aliases, spreads] = [0, 0, 0, 0];
    for (const selection of set.selections) {
      const isField = selection.kind === Kind.FIELD;
      if (isField && selection.alias?.value.startsWith("__")) throw reserved(this.#library, selection.alias);
      const isSpread = selection.kind === Kind.FRAGMENT_SPREAD;
      const inner = isSpread ? this.#fragment(selection.name.value) : this.#measure(selection.selectionSet);
      depth = Math.max(depth, inner.depth + (isField ? 1 : 0));
      fields += inner.fields + (isField ? 1 : 0);
      aliases += inner.aliases + (isField && selection.alias !== undefined ? 1 : 0);
      spreads += inner.spreads + (isField ? 0 : 1);
    }
    return { depth, fields, aliases, spreads };
  }

  /** One that uses itself counts as nothing: the validation names it. */
  #fragment(name: string): Measures {
    const known = this.#known.get(name);
    if (known !== undefined) return known;
    this.#known.set(name, nothing);
    const measured = this.#measure(this.#fragments.get(name)?.selectionSet);
    this.#known.set(name, measured);
    return measured;
  }
}

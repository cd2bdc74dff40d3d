import type { DocumentNode, FieldNode, FragmentDefinitionNode, SelectionNode, SelectionSetNode } from "graphql";
import type { GraphqlLibrary } from "../library.ts";

/** A field of a reply: its key, and all places of the document that ask for it. */
export interface Collected {
  readonly key: string;
  readonly name: string;
  readonly nodes: readonly FieldNode[];
}

/** Which types a fragment may stand on, for an object of one type. */
export type Applies = (condition: string) => boolean;

/** Puts fragments in their places. */
export class Collector {
  readonly #library: GraphqlLibrary;
  readonly #fragments = new Map<string, FragmentDefinitionNode>();
  readonly #variables: Readonly<Record<string, unknown>>;

  /** `variables`: those that directives name; a plan is made for their values. */
  constructor(library: GraphqlLibrary, document: DocumentNode, variables: Readonly<Record<string, unknown>>) {
    this.#library = library;
    this.#variables = variables;
    for (const definition of document.definitions)
      if (definition.kind === library.Kind.FRAGMENT_DEFINITION) this.#fragments.set(definition.name.value, definition);
  }

  /** Returns the fields of an object in the order of the reply. *Source*: GraphQL, section 6.3.2. */
  collect(sets: readonly SelectionSetNode[], applies: Applies): readonly Collected[] {
    const found = new Map<string, { readonly name: string; readonly nodes: FieldNode[] }>();
    const used = new Set<string>();
    const take = (set: SelectionSetNode): void => {
      for (const selection of set.selections) if (this.#isIncluded(selection)) this.#take(selection, { found, used, applies, take });
    };
    for (const set of sets) take(set);
    return [...found].map(([key, { name, nodes }]) => ({ key, name, nodes }));
  }

  #take(selection: SelectionNode, { found, used, applies, take }: Taking): void {
    const { Kind } = this.#library;
    if (selection.kind === Kind.FIELD) {
      const key = selection.alias?.value ?? selection.name.value;
      const known = found.get(key);
      if (known === undefined) found.set(key, { name: selection.name.value, nodes: [selection] });
      else known.nodes.push(selection);
    } else if (selection.kind === Kind.FRAGMENT_SPREAD) {
      const name = selection.name.value;
      const fragment = this.#fragments.get(name);
      if (used.has(name) || fragment === undefined) return;
      used.add(name);
      if (applies(fragment.typeCondition.name.value)) take(fragment.selectionSet);
    } else if (selection.typeCondition === undefined || applies(selection.typeCondition.name.value)) take(selection.selectionSet);
  }

  #isIncluded(selection: SelectionNode): boolean {
    const { getDirectiveValues, GraphQLSkipDirective, GraphQLIncludeDirective } = this.#library;
    if (selection.directives === undefined || selection.directives.length === 0) return true;
    if (getDirectiveValues(GraphQLSkipDirective, selection, this.#variables)?.if === true) return false;
    return getDirectiveValues(GraphQLIncludeDirective, selection, this.#variables)?.if !== false;
  }
}

interface Taking {
  readonly found: Map<string, { readonly name: string; readonly nodes: FieldNode[] }>;
  readonly used: Set<string>;
  readonly applies: Applies;
  readonly take: (set: SelectionSetNode) => void;
}

/** The selections below several places of one field. */
export function selectionsOf(nodes: readonly FieldNode[]): readonly SelectionSetNode[] {
  return nodes.flatMap(({ selectionSet }) => (selectionSet === undefined ? [] : [selectionSet]));
}

import type { DocumentNode, FieldNode, OperationDefinitionNode, SelectionSetNode } from "graphql";
import type { GraphqlLibrary } from "../library.ts";
import { aboveLimit, type GraphqlLimits } from "../limits.ts";
import type { GraphqlModel, RootField, RootName } from "../model/model.ts";
import type { ObjectShape, Typed, UnionShape } from "../model/shapes.ts";
import { type Collected, Collector, selectionsOf } from "./collect.ts";
import { type PlannedField, type PlannedLink, type Project, projectList, projectObject, projectUnion, whole } from "./project.ts";

/** Items of a list whose schema gives no bound, where a document is weighed. */
const usualItems = 50;

/** A field at the beginning of a document. */
export interface PlannedRoot {
  readonly key: string;
  readonly field: RootField;
  /** The place in the document that says its arguments. */
  readonly node: FieldNode;
  readonly project: Project;
}

/** What a document asks for, worked out: the calls of its operations, and how their outputs are cut. */
export interface Plan {
  readonly root: RootName;
  /** The keys of the reply in their order. */
  readonly keys: readonly string[];
  readonly roots: readonly PlannedRoot[];
  /** The keys that are the name of the type. */
  readonly typenames: readonly string[];
  /** Whether it asks about the schema; the library answers that. */
  readonly asksSchema: boolean;
}

/** What plans are made from. */
export interface PlannerTerms {
  readonly library: GraphqlLibrary;
  readonly model: GraphqlModel;
  readonly limits: GraphqlLimits;
}

/** Makes the plan of one operation of a document, for the values of those variables that its directives name. *Faults thrown*: `graphql_limit`. */
export function planDocument(
  terms: PlannerTerms,
  { document, operation }: { readonly document: DocumentNode; readonly operation: OperationDefinitionNode },
  variables: Readonly<Record<string, unknown>>,
): Plan {
  const planner = new Planner(terms, new Collector(terms.library, document, variables));
  return planner.plan(operation.selectionSet, rootNameOf(operation));
}

/** The type at which an operation of a document begins. */
export function rootNameOf({ operation }: OperationDefinitionNode): RootName {
  return (operation.charAt(0).toUpperCase() + operation.slice(1)) as RootName;
}

class Planner {
  readonly #terms: PlannerTerms;
  readonly #collector: Collector;
  /** Calls that the document may need. */
  #calls = 0;

  constructor(terms: PlannerTerms, collector: Collector) {
    this.#terms = terms;
    this.#collector = collector;
  }

  plan(set: SelectionSetNode, root: RootName): Plan {
    const { model } = this.#terms;
    const collected = this.#collector.collect([set], (condition) => condition === root);
    const typenames: string[] = [];
    let asksSchema = false;
    const roots = collected.flatMap(({ key, name, nodes }): PlannedRoot[] => {
      if (name === "__typename") typenames.push(key);
      else if (name === "__schema" || name === "__type") asksSchema = true;
      const field = model.roots[root].get(name);
      if (field === undefined) return [];
      this.#count(1);
      return [{ key, field, node: nodes[0] as FieldNode, project: this.#project(field.output, nodes, 1).project }];
    });
    return { root, keys: collected.map(({ key }) => key), roots, typenames, asksSchema };
  }

  #count(calls: number): void {
    this.#calls += calls;
    const { limits } = this.#terms;
    if (this.#calls > limits.complexity) throw aboveLimit(limits, "complexity", this.#calls);
  }

  /** `items`: how many of it there may be. */
  #project({ shape }: Typed, nodes: readonly FieldNode[], items: number): Cut {
    if (shape.form === "list") {
      const { project, links } = this.#project(shape.of, nodes, items * (shape.most ?? usualItems));
      return { project: projectList(project, links), links };
    }
    if (shape.form === "object") return this.#object(shape, { nodes, items, unions: noUnions });
    if (shape.form === "union") return this.#union(shape, nodes, items);
    return { project: whole, links: false };
  }

  #union(shape: UnionShape, nodes: readonly FieldNode[], items: number): Cut {
    let links = false;
    const members = [...shape.members].map(([word, member]): [string, Project] => {
      const cut = this.#object(member, { nodes, items, unions: [shape.name] });
      links ||= cut.links;
      return [word, cut.project];
    });
    return { project: projectUnion(shape.tag, new Map(members)), links };
  }

  #object(shape: ObjectShape, { nodes, items, unions }: ObjectTerms): Cut {
    // A fragment may also stand on a union of which the type is a member.
    const applies = (condition: string) => condition === shape.name || unions.includes(condition) || this.#isMember(shape, condition);
    let links = false;
    const fields = this.#collector.collect(selectionsOf(nodes), applies).flatMap((collected): PlannedField[] => {
      const { key, name } = collected;
      if (name === "__typename") return [{ key, name, constant: shape.name, project: whole }];
      const relation = this.#terms.model.relations.get(shape.name)?.get(name);
      if (relation !== undefined) {
        links = true;
        return [{ key, name, project: whole, link: this.#link(collected, relation, items) }];
      }
      const field = shape.fields.get(name);
      if (field === undefined) return [];
      const cut = this.#project(field, collected.nodes, items);
      links ||= cut.links;
      return [{ key, name, project: cut.project }];
    });
    return { project: projectObject(fields, links), links };
  }

  #link({ key, nodes }: Collected, relation: PlannedLink["relation"], items: number): PlannedLink {
    this.#count(items);
    const found = relation.many ? items * usualItems : items;
    return { key, relation, project: this.#project(relation.item, nodes, found).project };
  }

  #isMember(shape: ObjectShape, union: string): boolean {
    const found = this.#terms.model.names.all.get(union);
    return found?.form === "union" && [...found.members.values()].includes(shape);
  }
}

interface Cut {
  readonly project: Project;
  /** Whether an operation brings something inside it. */
  readonly links: boolean;
}

interface ObjectTerms {
  readonly nodes: readonly FieldNode[];
  readonly items: number;
  readonly unions: readonly string[];
}

const noUnions: readonly string[] = [];

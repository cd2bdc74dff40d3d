import type { JsonSchema } from "../standard.ts";
import { applying, fieldPlaces, isSchema, itemPlaces, listOf, type Place } from "./places.ts";

/** The keyword of a field that only some callers get. */
export const visibleMark = "x-visible-to";

/** What a mark says, as data: it stands for who gets the field. */
export type VisibleMark = JsonSchema;

/** A marked field: its path, as in `lines[].margin`, and its marks. */
export interface MarkedField {
  readonly path: string;
  readonly marks: readonly VisibleMark[];
}

/** Whether the mark stands anywhere in the document. */
export function hasVisibleMark(node: unknown): boolean {
  if (typeof node !== "object" || node === null) return false;
  return visibleMark in node || Object.values(node).some(hasVisibleMark);
}

/**
 * The marked fields of one document, worked out once.
 * A field is marked where any schema that may apply to it says so: which branch of a union a value meant is not asked.
 */
export class MarkedFields {
  readonly fields: readonly MarkedField[];
  /** What keeps the marks from being kept: each is a sentence that names the place. */
  readonly problems: readonly string[];
  readonly #root: Node;
  readonly #nodes = new Map<string, Node>();
  readonly #ids = new Map<JsonSchema, number>();

  constructor(document: JsonSchema) {
    this.#root = this.nodeOf([{ schema: document, document }]);
    const survey = new Survey();
    survey.visit(this.#root, "");
    survey.checkReached(document);
    this.fields = survey.fields;
    this.problems = survey.problems;
  }

  /** Takes the marked fields out of `value`, except those whose marks are all among `granted`. `value` is plain JSON, and is changed in place. */
  remove(value: unknown, granted: ReadonlySet<VisibleMark>): void {
    removeFrom(this.#root, value, granted);
  }

  /** One node for all places at which the same schemas apply, so that a schema that contains itself ends. */
  nodeOf(places: readonly Place[]): Node {
    const applied = applying(places);
    const key = applied.map(({ schema }) => this.#idOf(schema)).join();
    let node = this.#nodes.get(key);
    if (node === undefined) {
      node = new Node(this, applied);
      this.#nodes.set(key, node);
    }
    return node;
  }

  #idOf(schema: JsonSchema): number {
    const id = this.#ids.get(schema) ?? this.#ids.size;
    this.#ids.set(schema, id);
    return id;
  }
}

/** The schemas that apply to one value. */
class Node {
  readonly applied: readonly Place[];
  readonly marks: readonly VisibleMark[];
  /** Whether a mark can be inside; a reference may lead to one. */
  readonly mayMark: boolean;
  readonly #owner: MarkedFields;
  readonly #named = new Map<string, Node>();

  constructor(owner: MarkedFields, applied: readonly Place[]) {
    this.#owner = owner;
    this.applied = applied;
    this.marks = applied.map(({ schema }) => schema[visibleMark]).filter(isSchema);
    this.mayMark = applied.some(({ schema }) => leadsToMark(schema));
  }

  /** The node of a field. Those that the schema names are kept: their number is bounded by the schema. */
  field(name: string): Node {
    const known = this.#named.get(name);
    if (known !== undefined) return known;
    const node = this.#owner.nodeOf(this.applied.flatMap((place) => fieldPlaces(place, name)));
    if (this.applied.some(({ schema }) => isSchema(schema.properties) && Object.hasOwn(schema.properties, name)))
      this.#named.set(name, node);
    return node;
  }

  item(index: number): Node {
    return this.#owner.nodeOf(this.applied.flatMap((place) => itemPlaces(place, index)));
  }

  inside(schemas: (place: Place) => readonly unknown[]): Node {
    const places = this.applied.flatMap((place) =>
      schemas(place)
        .filter(isSchema)
        .map((schema) => ({ schema, document: place.document })),
    );
    return this.#owner.nodeOf(places);
  }
}

function leadsToMark(node: unknown): boolean {
  if (typeof node !== "object" || node === null) return false;
  return visibleMark in node || "$ref" in node || Object.values(node).some(leadsToMark);
}

function removeFrom(node: Node, value: unknown, granted: ReadonlySet<VisibleMark>): void {
  if (!node.mayMark || typeof value !== "object" || value === null) return;
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index++) removeFrom(node.item(index), value[index], granted);
    return;
  }
  const fields = value as Record<string, unknown>;
  for (const name of Object.keys(fields)) {
    const field = node.field(name);
    if (!field.marks.every((mark) => granted.has(mark))) delete fields[name];
    else removeFrom(field, fields[name], granted);
  }
}

/** Walks all that a document describes, once, and finds the marked fields and what is wrong with them. */
class Survey {
  readonly fields: { readonly path: string; readonly marks: VisibleMark[] }[] = [];
  readonly problems: string[] = [];
  readonly #visited = new Set<Node>();
  readonly #reached = new Set<unknown>();

  visit(node: Node, path: string): void {
    if (!node.mayMark || this.#visited.has(node)) return;
    this.#visited.add(node);
    const names = node.applied.flatMap(({ schema }) => Object.keys(isSchema(schema.properties) ? schema.properties : {}));
    for (const name of new Set(names)) this.#field(node, { name, field: node.field(name), path: path === "" ? name : `${path}.${name}` });
    const rest = node.inside(({ schema }) => [
      ...Object.values(isSchema(schema.patternProperties) ? schema.patternProperties : {}),
      ...[schema.additionalProperties, schema.unevaluatedProperties],
    ]);
    this.#field(node, { name: undefined, field: rest, path: path === "" ? "*" : `${path}.*` });
    // One more than those that have a schema of their own: it stands for all that follow.
    const first = Math.max(0, ...node.applied.map(({ schema }) => listOf(schema.prefixItems).length));
    for (let index = 0; index <= first; index++) this.visit(node.item(index), `${path}[]`);
  }

  /** Every mark stands on a field: elsewhere nothing would take it out. */
  checkReached(document: unknown): void {
    if (typeof document !== "object" || document === null) return;
    if (visibleMark in document && !this.#reached.has(document))
      this.problems.push("A mark stands where no field of an object is: on the output itself, or on the items of an array. Mark a field.");
    for (const inner of Object.values(document)) this.checkReached(inner);
  }

  #field(owner: Node, { name, field, path }: { readonly name: string | undefined; readonly field: Node; readonly path: string }): void {
    const { marks } = field;
    for (const { schema } of field.applied) {
      if (!(visibleMark in schema)) continue;
      this.#reached.add(schema);
      if (!isSchema(schema[visibleMark]))
        this.problems.push(`The mark of ${path} is not one of visibleTo. Write visibleTo(role("…"), schema).`);
    }
    if (marks.length > 0) {
      const known = this.fields.find((other) => other.path === path);
      if (known === undefined) this.fields.push({ path, marks: [...marks] });
      else known.marks.push(...marks);
      if (name !== undefined) this.#checkNamed(owner, name, path);
    }
    this.visit(field, path);
  }

  #checkNamed(owner: Node, name: string, path: string): void {
    const required = owner.applied.some(({ schema }) => listOf(schema.required).includes(name));
    if (required)
      this.problems.push(`${path} is required, and callers who may not see it get none. Make it optional: visibleTo comes last.`);
    const bare = owner.applied.some((place) => {
      const own = isSchema(place.schema.properties) && Object.hasOwn(place.schema.properties, name) ? fieldPlaces(place, name) : [];
      return own.length > 0 && !applying(own).some(({ schema }) => visibleMark in schema);
    });
    if (bare) this.problems.push(`${path} is marked in one alternative of a union and not in another. Mark it in all of them.`);
  }
}

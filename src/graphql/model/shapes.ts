/** What a value of GraphQL is, worked out from a JSON Schema: the types of the schema are made of it, and replies are cut by it. */
export type Shape = ScalarShape | EnumShape | ObjectShape | UnionShape | ListShape;

/** The scalars that a schema may have; those below `Boolean` are of the platform. */
export type ScalarName = "ID" | "String" | "Int" | "Float" | "Boolean" | "Int64" | "DateTime" | "Date" | "JSON";

/** A value without fields. */
export interface ScalarShape {
  readonly form: "scalar";
  readonly name: ScalarName;
}

/** One of several words. */
export interface EnumShape {
  readonly form: "enum";
  readonly name: string;
  readonly words: readonly string[];
}

/** A value with fields. Its fields are filled in once it is known by its name, since it may contain itself. */
export interface ObjectShape {
  readonly form: "object";
  readonly name: string;
  readonly description: string | undefined;
  readonly fields: Map<string, FieldShape>;
}

/** One of several objects, distinguished by a field that has another word in each. */
export interface UnionShape {
  readonly form: "union";
  readonly name: string;
  /** The field that distinguishes them. */
  readonly tag: string;
  readonly members: Map<string, ObjectShape>;
}

/** Several values. */
export interface ListShape {
  readonly form: "list";
  readonly of: Typed;
  /** The most that there can be; undefined where the schema does not say. */
  readonly most: number | undefined;
}

/** A shape, and whether null may stand in its place. */
export interface Typed {
  readonly shape: Shape;
  readonly nullable: boolean;
}

/** A field of an object. */
export interface FieldShape extends Typed {
  /** Whether it may be left out. */
  readonly optional: boolean;
  readonly description: string | undefined;
}

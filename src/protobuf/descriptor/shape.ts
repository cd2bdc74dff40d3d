/** The scalar types of Protocol Buffers that a contract can become. */
export type ScalarName = "string" | "bool" | "double" | "int64";

/** The type of one field. `value` is `google.protobuf.Value`, and `null` is `google.protobuf.NullValue`. */
export type TypeShape =
  | { readonly is: "scalar"; readonly scalar: ScalarName }
  | { readonly is: "enum"; readonly enum: EnumShape }
  | { readonly is: "message"; readonly message: MessageShape }
  | { readonly is: "value" }
  | { readonly is: "null" };

/** Texts of a contract as an enum; 0 stands for none of them. */
export interface EnumShape {
  readonly name: string;
  readonly fullName: string;
  /** The name of 0. */
  readonly zero: string;
  readonly values: readonly { readonly text: string; readonly name: string; readonly number: number }[];
  readonly reserved: readonly number[];
}

/** What a member of a union holds, as JavaScript distinguishes it. */
export type Takes = "string" | "number" | "boolean" | "array" | "object" | "null" | "any";

/** One field of a message. */
export interface MemberShape {
  readonly name: string;
  /** By which its number is kept. */
  readonly key: string;
  number: number;
  readonly jsonName: string;
  readonly label: "single" | "repeated" | "map";
  readonly type: TypeShape;
  /** Whether a value that equals the default of its type is sent too. */
  readonly explicit: boolean;
  readonly takes: Takes;
  /** The value of the discriminating property, of a member that has one. */
  readonly tagValue?: string;
}

/** One property of an object, or the value that a wrapper holds. */
export interface PropertyShape {
  readonly property: string;
  /** What it means that no member is there: the empty value of its type, no property, or `null`. */
  readonly absent: "empty" | "missing" | "null";
  /** One, or those of a union. */
  readonly members: readonly MemberShape[];
  /** The name of the union. */
  readonly oneof?: string;
  /** The property that distinguishes the objects of the union. */
  readonly tag?: string;
}

/** A message, and what it stands for. */
export interface MessageShape {
  readonly name: string;
  readonly fullName: string;
  readonly properties: PropertyShape[];
  readonly messages: MessageShape[];
  readonly enums: EnumShape[];
  /** It stands for the value of its one property, and not for an object. */
  readonly isWrapper: boolean;
  /** A property that no field carries, because the message has one value of it. */
  readonly implied?: { readonly property: string; readonly value: string };
  reserved: readonly number[];
}

/**
 * A value cannot be written as a SQL parameter, or not as what it is.
 * `type`: it is of a kind that the parameter does not take, which is a bug of the statement; `value`: another value of its kind could be written.
 */
export class RefusedValue extends Error {
  readonly reason: "type" | "value";
  /** Its number in the statement, from 1; 0 while it is not known. */
  parameter = 0;
  /** The value itself, which may stand in one that was given. */
  value: unknown = undefined;

  constructor(reason: RefusedValue["reason"], message: string) {
    super(message);
    this.name = "RefusedValue";
    this.reason = reason;
  }

  /** Takes note of the value, from the inside out. */
  of(value: unknown): this {
    this.value ??= value;
    return this;
  }

  /** Says which parameter it is. */
  at(parameter: number): this {
    if (this.parameter !== 0) return this;
    this.parameter = parameter;
    this.message = `Parameter $${parameter} ${this.message}`;
    return this;
  }
}

/** Refuses a value whose kind cannot be written; the sentence continues after "Parameter $1". */
export function refuseType(message: string): never {
  throw new RefusedValue("type", message);
}

/** Refuses a value of a kind that can be written. */
export function refuseValue(message: string): never {
  throw new RefusedValue("value", message);
}

/** A value by what it is, for a message: never by what it holds. */
export function nameOfValue(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "an array";
  if (value instanceof Uint8Array) return "bytes";
  switch (typeof value) {
    case "object": {
      const maker = Object.getPrototypeOf(value)?.constructor;
      const name = typeof maker === "function" && maker !== Object ? String(maker.name) : "";
      return name === "" ? "an object" : `${/^[AEIOU]/.test(name) ? "an" : "a"} ${name}`;
    }
    case "undefined":
      return "undefined";
    case "number":
      return Number.isFinite(value) ? "a number" : String(value);
    default:
      return `a ${typeof value}`;
  }
}

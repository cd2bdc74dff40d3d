import { limits } from "../limits.ts";
import type { Problem } from "./standard.ts";
import type { ZodIssue, ZodSchema } from "./zod.ts";

// What is wrong with a value, in bounded work: Zod lists everything, and a large value may be wrong in a hundred thousand places.

type Path = readonly PropertyKey[];

/** The first problems of many. */
export function firstProblems(issues: readonly ZodIssue[]): readonly Problem[] {
  return issues.slice(0, limits.problems).map((issue) => toProblem(issue));
}

/** A problem, its message and its pointer cut where they are long: both may repeat what was sent. */
function toProblem({ message, path = [] }: ZodIssue, before: Path = []): Problem {
  let pointer = "";
  for (const key of [...before, ...path]) {
    const segment = `/${String(key).replaceAll("~", "~0").replaceAll("/", "~1")}`;
    // Cut between segments: the pointer then names an object or array around the place, and never another place.
    if (pointer.length + segment.length > limits.problemChars) break;
    pointer += segment;
  }
  return { pointer, message: message.length > limits.problemChars ? `${message.slice(0, limits.problemChars)}…` : message };
}

/** Whether a value holds more than so many others. */
export function holdsMore(value: unknown, most: number): boolean {
  let left = most;
  const count = (inner: unknown): void => {
    if (typeof inner !== "object" || inner === null || left < 0) return;
    if (Array.isArray(inner)) {
      left -= inner.length;
      for (let at = 0; at < inner.length && left >= 0; at++) count(inner[at]);
      return;
    }
    for (const key in inner) {
      if (--left < 0) return;
      count((inner as Readonly<Record<string, unknown>>)[key]);
    }
  };
  count(value);
  return left < 0;
}

/** Collects problems of the parts of a value until there are enough. It says nothing of what holds for a whole, and never that a value is right. */
export class ProblemFinder {
  readonly #most: number;
  readonly #found: Problem[] = [];
  /** What was found wrong before, by which of its schemas: options of a union are tried once for a value. */
  readonly #wrong: WeakMap<object, Map<ZodSchema, boolean>>;

  constructor(most: number = limits.problems, wrong: WeakMap<object, Map<ZodSchema, boolean>> = new WeakMap()) {
    this.#most = most;
    this.#wrong = wrong;
  }

  find(schema: ZodSchema, value: unknown): readonly Problem[] {
    this.#part(schema, value, []);
    return this.#found;
  }

  get #full(): boolean {
    return this.#found.length >= this.#most;
  }

  #part(schema: ZodSchema, value: unknown, path: Path): void {
    const { def } = schema._zod;
    const object =
      typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Readonly<Record<string, unknown>>) : undefined;
    switch (def.type) {
      case "object":
        if (object === undefined) return this.#ask(schema, value, path);
        return this.#fields(def.shape as Readonly<Record<string, ZodSchema>>, object, path);
      case "array":
        if (!Array.isArray(value)) return this.#ask(schema, value, path);
        for (let at = 0; at < value.length && !this.#full; at++) this.#part(def.element as ZodSchema, value[at], [...path, at]);
        return;
      case "record": {
        if (object === undefined) return this.#ask(schema, value, path);
        if (def.mode === "loose" || (def.keyType as ZodSchema)._zod.values !== undefined) return;
        for (const key of Object.keys(object)) if (!this.#full) this.#part(def.valueType as ZodSchema, object[key], [...path, key]);
        return;
      }
      case "optional":
      case "nullable":
      case "default":
      case "prefault":
      case "nonoptional":
      case "readonly":
        // These wrappers may accept or replace undefined and null.
        if (value !== undefined && value !== null) this.#part(def.innerType as ZodSchema, value, path);
        return;
      case "lazy":
        return this.#part((def.getter as () => ZodSchema)(), value, path);
      case "pipe":
        return this.#part(def.in as ZodSchema, value, path);
      case "intersection":
        this.#part(def.left as ZodSchema, value, path);
        return this.#full ? undefined : this.#part(def.right as ZodSchema, value, path);
      case "union":
        return this.#union(schema, value, path);
      // These accept any value, or their definition does not show what they accept.
      case "transform":
      case "catch":
      case "success":
      case "tuple":
        return;
      default:
        return this.#ask(schema, value, path);
    }
  }

  #fields(shape: Readonly<Record<string, ZodSchema>>, object: Readonly<Record<string, unknown>>, path: Path): void {
    for (const key of Object.keys(shape)) {
      if (this.#full) return;
      const field = shape[key]!;
      if (object[key] !== undefined || field._zod.optin === undefined) this.#part(field, object[key], [...path, key]);
    }
  }

  /** A union is wrong where all of its options are. */
  #union(schema: ZodSchema, value: unknown, path: Path): void {
    const { def, traits } = schema._zod;
    if (traits.has("$ZodXor")) return;
    if (typeof value !== "object" || value === null) return this.#ask(schema, value, path);
    const options = def.options as readonly ZodSchema[];
    if (options.every((option) => this.#isWrong(option, value)))
      this.#add({ message: "Invalid input: it matches none of the allowed types" }, path);
  }

  #isWrong(schema: ZodSchema, value: object): boolean {
    const known = this.#wrong.get(value) ?? new Map<ZodSchema, boolean>();
    this.#wrong.set(value, known);
    const before = known.get(schema);
    if (before !== undefined) return before;
    const wrong = new ProblemFinder(1, this.#wrong).find(schema, value).length > 0;
    known.set(schema, wrong);
    return wrong;
  }

  #ask(schema: ZodSchema, value: unknown, path: Path): void {
    const result = schema.safeParse?.(value);
    if (result?.error === undefined || result.success) return;
    for (const issue of result.error.issues) if (!this.#full) this.#add(issue, path);
  }

  #add(issue: ZodIssue, path: Path): void {
    this.#found.push(toProblem(issue, path));
  }
}

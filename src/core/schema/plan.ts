import { type Check, readChecks } from "./plan-checks.ts";
import { isZod, type ZodDef, type ZodSchema } from "./zod.ts";

/** A value that can be compared with `===` and written into code. */
export type Primitive = string | number | boolean | null;

/** How a key that may be missing is treated, in the words of Zod: `optin` and `optout` of its schema. */
type Presence = "required" | "optional" | "defaulted" | "defaulted-optional" | "optional-input";

/** A property of an object, with the plan for its value. */
export interface Field {
  readonly key: string;
  readonly plan: Plan;
  readonly presence: Presence;
}

/** What a schema of Zod does, as far as it is wholly known; `zod` is where Zod itself has to be asked. */
export type Plan =
  | { readonly kind: "any" }
  | { readonly kind: "string"; readonly checks: readonly Check[] }
  | { readonly kind: "number"; readonly checks: readonly Check[] }
  | { readonly kind: "boolean" }
  | { readonly kind: "literal"; readonly values: readonly Primitive[] }
  | { readonly kind: "object"; readonly fields: readonly Field[]; readonly rest: "drop" | "refuse" | "keep" }
  | { readonly kind: "array"; readonly element: Plan; readonly least: number; readonly most: number }
  | { readonly kind: "record"; readonly keys: Plan; readonly values: Plan }
  | { readonly kind: "optional" | "nullable"; readonly inner: Plan }
  | { readonly kind: "default"; readonly inner: Plan; readonly def: ZodDef }
  | { readonly kind: "union"; readonly options: readonly Plan[] }
  | {
      readonly kind: "discriminated";
      readonly key: string;
      readonly options: readonly (readonly [values: readonly Primitive[], plan: Plan])[];
    }
  | { readonly kind: "checked"; readonly inner: Plan; readonly checks: readonly Check[] }
  | { readonly kind: "zod"; readonly schema: ZodSchema };

/** Reads what a schema does. Undefined for versions of Zod whose meaning was not compared with this reading. */
export function planOf(schema: ZodSchema): Plan | undefined {
  const { version } = schema._zod;
  if (version?.major !== 4 || version.minor !== 6) return undefined;
  const plan = new Planner().plan(schema);
  return plan.kind === "zod" ? undefined : plan;
}

class Planner {
  readonly #plans = new Map<ZodSchema, Plan>();
  readonly #open = new Set<ZodSchema>();

  plan(schema: ZodSchema): Plan {
    const known = this.#plans.get(schema);
    if (known !== undefined) return known;
    // A schema that contains itself: Zod keeps account of values that contain themselves.
    if (this.#open.has(schema)) return { kind: "zod", schema };
    this.#open.add(schema);
    const plan = this.#read(schema) ?? { kind: "zod", schema };
    this.#open.delete(schema);
    this.#plans.set(schema, plan);
    return plan;
  }

  #read(schema: ZodSchema): Plan | undefined {
    const { def, traits } = schema._zod;
    if (def.coerce) return undefined;
    // Zod's own types have its own class; what extends it further is not known here.
    const reader = readers[String(def.type)];
    if (reader === undefined || !traits.has(reader.trait)) return undefined;
    const checks = readChecks(schema);
    if (def.type === "string" || def.type === "number") return { kind: def.type, checks };
    const plan = reader.read(schema, (inner) => this.plan(inner));
    if (plan === undefined || checks.length === 0) return plan;
    return plan.kind === "array" ? withLengths(plan, checks) : { kind: "checked", inner: plan, checks };
  }
}

/** The lengths that are checked first belong to the array; after another check they would count what it made of the array. */
function withLengths(plan: Plan & { readonly kind: "array" }, checks: readonly Check[]): Plan | undefined {
  const first = checks.findIndex((check) => check.kind !== "length");
  const [lengths, others] = first === -1 ? [checks, []] : [checks.slice(0, first), checks.slice(first)];
  if (others.some((check) => check.kind !== "zod")) return undefined;
  let { least, most } = plan;
  for (const check of lengths) if (check.kind === "length") [least, most] = [Math.max(least, check.least), Math.min(most, check.most)];
  const bounded: Plan = { ...plan, least, most };
  return others.length === 0 ? bounded : { kind: "checked", inner: bounded, checks: others };
}

type Inner = (schema: ZodSchema) => Plan;
interface Reader {
  readonly trait: string;
  readonly read: (schema: ZodSchema, inner: Inner) => Plan | undefined;
}

const readers: Readonly<Record<string, Reader>> = {
  string: { trait: "$ZodString", read: () => undefined },
  number: { trait: "$ZodNumber", read: () => undefined },
  boolean: { trait: "$ZodBoolean", read: () => ({ kind: "boolean" }) },
  null: { trait: "$ZodNull", read: () => ({ kind: "literal", values: [null] }) },
  any: { trait: "$ZodAny", read: () => ({ kind: "any" }) },
  unknown: { trait: "$ZodUnknown", read: () => ({ kind: "any" }) },
  literal: { trait: "$ZodLiteral", read: readValues },
  enum: { trait: "$ZodEnum", read: readValues },
  object: { trait: "$ZodObject", read: readObject },
  array: {
    trait: "$ZodArray",
    read: ({ _zod: { def } }, inner) => ({
      kind: "array",
      element: inner(def.element as ZodSchema),
      least: 0,
      most: Number.POSITIVE_INFINITY,
    }),
  },
  record: { trait: "$ZodRecord", read: readRecord },
  optional: { trait: "$ZodOptional", read: readOptional },
  nullable: { trait: "$ZodNullable", read: ({ _zod: { def } }, inner) => ({ kind: "nullable", inner: inner(def.innerType as ZodSchema) }) },
  default: {
    trait: "$ZodDefault",
    read: ({ _zod: { def } }, inner) => ({ kind: "default", def, inner: inner(def.innerType as ZodSchema) }),
  },
  union: { trait: "$ZodUnion", read: readUnion },
};

function readValues({ _zod }: ZodSchema): Plan | undefined {
  const values = primitives(_zod.values);
  return values && { kind: "literal", values };
}

/** The values as they may be compared, or undefined where one of them may not. */
function primitives(values: ReadonlySet<unknown> | undefined): readonly Primitive[] | undefined {
  const list = [...(values ?? [])];
  const plain = (value: unknown): value is Primitive =>
    typeof value === "string" || typeof value === "boolean" || value === null || (typeof value === "number" && Number.isFinite(value));
  return list.length > 0 && list.every(plain) ? list : undefined;
}

function readObject({ _zod: { def } }: ZodSchema, inner: Inner): Plan | undefined {
  const shape = def.shape as Readonly<Record<string, ZodSchema>>;
  if (Object.hasOwn(shape, "__proto__") || Object.getOwnPropertySymbols(shape).length > 0) return undefined;
  const rest = readRest(def.catchall);
  if (rest === undefined) return undefined;
  const fields = Object.keys(shape).map((key) => ({ key, plan: inner(shape[key]!), presence: presenceOf(shape[key]!) }));
  return { kind: "object", fields, rest };
}

function readRest(catchall: unknown): "drop" | "refuse" | "keep" | undefined {
  if (catchall === undefined) return "drop";
  if (!isZod(catchall) || catchall._zod.def.checks?.length) return undefined;
  const { type } = catchall._zod.def;
  return type === "never" ? "refuse" : type === "unknown" || type === "any" ? "keep" : undefined;
}

function presenceOf({ _zod: { optin, optout } }: ZodSchema): Presence {
  if (optin === undefined) return "required";
  if (optin === "optional") return optout === "optional" ? "optional" : "optional-input";
  return optout === "optional" ? "defaulted-optional" : "defaulted";
}

function readRecord({ _zod: { def } }: ZodSchema, inner: Inner): Plan | undefined {
  const key = def.keyType as ZodSchema;
  if (def.partial || def.mode === "loose" || key._zod.values !== undefined) return undefined;
  const keys = inner(key);
  // If a check may change a key, Zod builds the record.
  if (keys.kind !== "string" || keys.checks.some((check) => check.kind === "zod")) return undefined;
  return { kind: "record", keys, values: inner(def.valueType as ZodSchema) };
}

function readOptional({ _zod: { def, traits } }: ZodSchema, inner: Inner): Plan | undefined {
  if (traits.has("$ZodExactOptional")) return undefined;
  const schema = def.innerType as ZodSchema;
  const plan = inner(schema);
  // What takes the place of a missing value is checked by some types, and the outcome thrown away: only a plain default never fails.
  if (schema._zod.optin === "defaulted") return plan.kind === "default" ? plan : undefined;
  return { kind: "optional", inner: plan };
}

function readUnion({ _zod: { def, traits } }: ZodSchema, inner: Inner): Plan | undefined {
  const schemas = def.options as readonly ZodSchema[];
  if (traits.has("$ZodXor")) return undefined;
  if (!traits.has("$ZodDiscriminatedUnion")) return { kind: "union", options: schemas.map(inner) };
  const key = String(def.discriminator);
  const options = schemas.map((schema) => [primitives(schema._zod.propValues?.[key]), inner(schema)] as const);
  const values = options.flatMap(([list]) => list ?? []);
  const known = options.every((option): option is [readonly Primitive[], Plan] => option[0] !== undefined);
  return known && new Set(values).size === values.length ? { kind: "discriminated", key, options } : undefined;
}

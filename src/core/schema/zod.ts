/** What Plimsoll reads of a check of Zod 4. */
export interface ZodCheck {
  readonly _zod: {
    readonly def: ZodDef;
    readonly traits?: ReadonlySet<string>;
    readonly check: (payload: ZodPayload) => unknown;
  };
}

/** The value under parse and what was found wrong with it so far. */
export interface ZodPayload {
  value: unknown;
  readonly issues: readonly unknown[];
}

/** A definition as Zod keeps it. Every member is `unknown` until its type was looked at. */
export interface ZodDef {
  readonly type?: string;
  readonly check?: string;
  readonly checks?: readonly ZodCheck[];
  readonly [member: string]: unknown;
}

/** What Plimsoll reads of a schema of Zod 4, without importing Zod: users may bring another library and none of this. */
export interface ZodSchema {
  readonly _zod: {
    readonly def: ZodDef;
    readonly version?: { readonly major: number; readonly minor: number };
    readonly traits: ReadonlySet<string>;
    readonly optin?: "optional" | "defaulted" | undefined;
    readonly optout?: "optional" | undefined;
    readonly values?: ReadonlySet<unknown> | undefined;
    readonly propValues?: Readonly<Record<string, ReadonlySet<unknown>>> | undefined;
    readonly check?: (payload: ZodPayload) => unknown;
    readonly run: (payload: ZodPayload, context: { readonly async: false }) => ZodPayload | Promise<ZodPayload>;
  };
  readonly safeParse?: (value: unknown, context?: { readonly abortEarly?: boolean }) => ZodResult;
}

interface ZodResult {
  readonly success: boolean;
  readonly data?: unknown;
  readonly error?: { readonly issues: readonly ZodIssue[] };
}

/** One thing that a library found wrong. */
export interface ZodIssue {
  readonly message: string;
  readonly path?: readonly PropertyKey[];
}

/** Returns whether a value is a schema of Zod 4. */
export function isZod(schema: unknown): schema is ZodSchema {
  const internals = (schema as { readonly _zod?: { readonly def?: unknown } } | undefined)?._zod;
  return typeof internals === "object" && internals !== null && typeof internals.def === "object";
}

/** Every schema that a definition holds, and every check. */
export function partsOf(def: ZodDef): readonly (ZodSchema | ZodCheck)[] {
  const shape = def.shape;
  const held = [
    ...Object.values(typeof shape === "object" && shape !== null ? shape : {}),
    ...["element", "innerType", "left", "right", "in", "out", "keyType", "valueType", "catchall", "rest"].map((member) => def[member]),
    ...[def.options, def.items, def.checks].flatMap((list) => (Array.isArray(list) ? list : [])),
    typeof def.getter === "function" ? def.getter() : undefined,
  ];
  return held.filter(isZod);
}

import type { ZodCheck, ZodSchema } from "./zod.ts";

/** One check of a value whose type is known already; `zod` asks Zod's own, which may also change the value. */
export type Check =
  | { readonly kind: "length"; readonly least: number; readonly most: number }
  | { readonly kind: "pattern"; readonly pattern: RegExp }
  | { readonly kind: "affix"; readonly method: "startsWith" | "endsWith"; readonly text: string }
  | { readonly kind: "range"; readonly operator: "<" | "<=" | ">" | ">="; readonly bound: number }
  | { readonly kind: "integer"; readonly least: number; readonly most: number }
  | { readonly kind: "multiple"; readonly divisor: number; readonly check: ZodCheck }
  | { readonly kind: "zod"; readonly check: ZodCheck };

/** Formats that are nothing but their pattern. */
const patternTraits: readonly string[] = [
  ...[
    "GUID",
    "UUID",
    "Email",
    "Emoji",
    "NanoID",
    "CUID",
    "CUID2",
    "ULID",
    "XID",
    "KSUID",
    "ISODateTime",
    "ISODate",
    "ISOTime",
    "ISODuration",
  ],
  ...["IPv4", "MAC", "CIDRv4", "E164", "CheckRegex", "CheckLowerCase", "CheckUpperCase"],
].map((name) => `$Zod${name}`);

const integers: Readonly<Record<string, readonly [least: number, most: number]>> = {
  safeint: [Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER],
  int32: [-2_147_483_648, 2_147_483_647],
  uint32: [0, 4_294_967_295],
};

/** The checks of a schema in the order in which Zod runs them. */
export function readChecks(schema: ZodSchema): readonly Check[] {
  const own = schema._zod.traits.has("$ZodCheck") ? [schema as unknown as ZodCheck] : [];
  return [...own, ...(schema._zod.def.checks ?? [])].map(readCheck);
}

function readCheck(check: ZodCheck): Check {
  const { def, traits = new Set<string>() } = check._zod;
  const asked: Check = { kind: "zod", check };
  const { maximum, minimum, length } = def;
  // These have a condition from Zod. One of the user's may skip them, and then Zod accepts what is refused here: it is asked about every refusal.
  if (def.check === "max_length" && typeof maximum === "number") return { kind: "length", least: 0, most: maximum };
  if (def.check === "min_length" && typeof minimum === "number") return { kind: "length", least: minimum, most: Number.POSITIVE_INFINITY };
  if (def.check === "length_equals" && typeof length === "number") return { kind: "length", least: length, most: length };
  if (def.when !== undefined) return asked;
  if (def.check === "string_format") return readFormat(check, traits) ?? asked;
  if (def.check === "number_format") {
    const range = integers[String(def.format)];
    return range === undefined ? asked : { kind: "integer", least: range[0], most: range[1] };
  }
  const { value } = def;
  if (typeof value !== "number" || Number.isNaN(value)) return asked;
  if (def.check === "less_than") return { kind: "range", operator: def.inclusive ? "<=" : "<", bound: value };
  if (def.check === "greater_than") return { kind: "range", operator: def.inclusive ? ">=" : ">", bound: value };
  return def.check === "multiple_of" ? { kind: "multiple", divisor: value, check } : asked;
}

function readFormat({ _zod: { def } }: ZodCheck, traits: ReadonlySet<string>): Check | undefined {
  if (traits.has("$ZodCheckStartsWith")) return { kind: "affix", method: "startsWith", text: String(def.prefix) };
  if (traits.has("$ZodCheckEndsWith")) return { kind: "affix", method: "endsWith", text: String(def.suffix) };
  const plain = patternTraits.some((trait) => traits.has(trait));
  return plain && def.pattern instanceof RegExp ? { kind: "pattern", pattern: def.pattern } : undefined;
}

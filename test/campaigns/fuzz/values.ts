import fc from "fast-check";

/** A JSON Schema, or any other part of a document. */
// biome-ignore lint/suspicious/noExplicitAny: documents are read by path, and a wrong path fails the campaign.
export type Json = any;

const uuidForm = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** A source of choices that a seed repeats. */
export class Dice {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** From 0 to 1. *Source*: mulberry32. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  }

  below(most: number): number {
    return Math.floor(this.next() * most);
  }

  one<T>(list: readonly T[]): T {
    return list[this.below(list.length)] as T;
  }

  /** Whether something of this share happens. */
  hits(share: number): boolean {
    return this.next() < share;
  }

  uuid(): string {
    const hex = Array.from({ length: 32 }, () => this.below(16).toString(16)).join("");
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20)}`;
  }
}

/** Makes values that a document allows, of ids that replies have named. */
export class Values {
  /** Whose ids are used, the nearest first: those of a caller, then those of the tenant. */
  scopes: readonly string[] = [];
  readonly #dice: Dice;
  readonly #document: Json;
  readonly #seen = new Map<string, string[]>();
  readonly #samples = new Map<string, readonly string[]>();

  constructor(dice: Dice, document: Json) {
    this.#dice = dice;
    this.#document = document;
  }

  /** Remembers the texts of a reply by the names of their fields; those called `id` by the thing too whose path it came from. */
  learn(value: unknown, path: string, name = ""): void {
    if (Array.isArray(value)) for (const item of value.slice(0, 5)) this.learn(item, path, name);
    else if (typeof value === "object" && value !== null) for (const [key, inner] of Object.entries(value)) this.learn(inner, path, key);
    else if (typeof value === "string" && value.length < 2_100) for (const known of namesOf(name, path)) this.#keep(known, value);
  }

  #keep(name: string, value: string): void {
    for (const scope of this.scopes) {
      const kept = this.#seen.get(`${scope} ${name}`) ?? [];
      if (kept.length < 50) kept.push(value);
      else kept[this.#dice.below(kept.length)] = value;
      this.#seen.set(`${scope} ${name}`, kept);
    }
  }

  #known(name: string): readonly string[] | undefined {
    const known = this.scopes.flatMap((scope) => this.#seen.get(`${scope} ${name}`) ?? []);
    return known.length === 0 ? undefined : known;
  }

  follow(schema: Json): Json {
    let at = schema;
    while (typeof at?.$ref === "string")
      at = at.$ref
        .split("/")
        .slice(1)
        .reduce((found: Json, key: string) => found?.[key.replaceAll("~1", "/").replaceAll("~0", "~")], this.#document);
    return at ?? {};
  }

  /** A value that a schema allows, as far as it says so. */
  of(schema: Json, name = "", depth = 0): unknown {
    const found = this.follow(schema);
    const options = found.anyOf ?? found.oneOf;
    if (options !== undefined) return this.of(this.#dice.one(options), name, depth);
    if (found.const !== undefined) return found.const;
    if (found.enum !== undefined) return this.#dice.one(found.enum);
    switch (Array.isArray(found.type) ? this.#dice.one(found.type) : found.type) {
      case "string":
        return this.#text(found, name);
      case "integer":
      case "number":
        return this.#number(found);
      case "boolean":
        return this.#dice.hits(0.5);
      case "array": {
        const most = Math.min(found.maxItems ?? 3, Math.max(found.minItems ?? 0, 3));
        const length = (found.minItems ?? 0) + this.#dice.below(most - (found.minItems ?? 0) + 1);
        return Array.from({ length }, () => this.of(found.items ?? {}, name, depth + 1));
      }
      case "object":
        return this.#object(found, depth);
      case "null":
        return null;
      default:
        return this.#dice.one<unknown>([1, "x", null, true]);
    }
  }

  #object({ properties = {}, required = [] }: Json, depth: number): Record<string, unknown> {
    const kept = Object.keys(properties).filter((key) => required.includes(key) || (depth < 6 && this.#dice.hits(0.4)));
    return Object.fromEntries(kept.map((key) => [key, this.of(properties[key], key, depth + 1)]));
  }

  #number({ minimum = -1_000, maximum = 1_000, exclusiveMinimum, exclusiveMaximum, type, multipleOf }: Json): number {
    const low = Math.max(minimum, exclusiveMinimum === undefined ? -Infinity : exclusiveMinimum + 1, Number.MIN_SAFE_INTEGER);
    const high = Math.min(maximum, exclusiveMaximum === undefined ? Infinity : exclusiveMaximum - 1, Number.MAX_SAFE_INTEGER);
    const roll = this.#dice.next();
    const value = roll < 0.3 ? low : roll < 0.4 ? high : low + this.#dice.next() * Math.min(high - low, 100);
    return type === "integer" || multipleOf !== undefined ? Math.min(high, Math.max(low, Math.round(value))) : value;
  }

  #text(schema: Json, name: string): string {
    const { format, pattern, minLength = 0, maxLength = 40 } = schema;
    // A reply may have another thing's id under the same name, such as the id of a challenge: it would be refused before any handler.
    const known = this.#known(name)?.filter((value) => schema.format !== "uuid" || uuidForm.test(value));
    if (known !== undefined && known.length > 0 && this.#dice.hits(0.85)) return this.#dice.one(known);
    if (format === "uuid") return this.#dice.uuid();
    if (format === "email") return `user${this.#dice.below(1_000_000)}@example.com`;
    if (format === "date-time") return new Date(1_700_000_000_000 + this.#dice.below(100_000_000_000)).toISOString();
    if (pattern !== undefined) return this.#dice.one(this.#matching(schema));
    const length = minLength + this.#dice.below(Math.min(maxLength - minLength, 12) + 1);
    return Array.from({ length }, () => this.#dice.one([..."abc xyz-09äß漢😀'\"\\%&/"])).join("");
  }

  #matching({ pattern, minLength = 0, maxLength = 1_000 }: Json): readonly string[] {
    const key = `${pattern} ${minLength} ${maxLength}`;
    const known = this.#samples.get(key);
    if (known !== undefined) return known;
    const drawn = fc.sample(fc.stringMatching(new RegExp(pattern)), { numRuns: 100, seed: this.#dice.below(1_000_000) });
    const fitting = drawn.filter((text) => text.length >= minLength && text.length <= maxLength);
    const made = fitting.length > 0 ? fitting : ["x".repeat(minLength)];
    this.#samples.set(key, made);
    return made;
  }

  /** A value with one place in it that is something else, or is missing, or is too much. */
  mutated(value: unknown): unknown {
    if (typeof value !== "object" || value === null || this.#dice.hits(0.15)) return this.#dice.one(this.#junk());
    if (Array.isArray(value)) {
      if (value.length === 0 || this.#dice.hits(0.2)) return [...value, this.#dice.one(this.#junk())];
      const at = this.#dice.below(value.length);
      return value.map((item, place) => (place === at ? this.mutated(item) : item));
    }
    const keys = Object.keys(value);
    const fields = value as Readonly<Record<string, unknown>>;
    if (keys.length === 0 || this.#dice.hits(0.15))
      return { ...fields, [this.#dice.one(["extra", "toString", "constructor", "ü", ""])]: 1 };
    const key = this.#dice.one(keys);
    if (this.#dice.hits(0.2)) return Object.fromEntries(Object.entries(fields).filter(([name]) => name !== key));
    return { ...fields, [key]: this.mutated(fields[key]) };
  }

  #junk(): readonly unknown[] {
    return [
      ...[
        null,
        true,
        false,
        0,
        -1,
        1.5,
        2 ** 31,
        2 ** 53,
        -(2 ** 63),
        1e300,
        "",
        " ",
        "x",
        "\u0000",
        "a\u0000b",
        "-".repeat(40),
        "x".repeat(20_000),
      ],
      ...[[], {}, [[]], [null], { a: { b: {} } }, "2026-13-45", "' or 1=1 --", "%", "&|!", "\ufffe", "😀".repeat(600), "9".repeat(400)],
    ];
  }
}

/** Under which names a text of a reply is remembered. */
function namesOf(name: string, path: string): readonly string[] {
  const thing = path.split("/")[2]?.replace(/s$/, "");
  return name === "id" && thing !== undefined ? [`${thing}Id`] : name === "nextCursor" ? ["cursor"] : /Id$/.test(name) ? [name] : [];
}

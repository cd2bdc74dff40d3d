import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import fc from "fast-check";
import type { Sql } from "plimsoll";
import * as plimsoll from "plimsoll";
import { postgres } from "plimsoll/postgres";
import { type TestApp, type TestDatabase, testActor, testApp, testDatabase } from "plimsoll/testing";
import { testServers } from "../integration/servers.ts";
import { cells, doWork, ways, work } from "./cells/cells.ts";

const alice = testActor({ id: "alice", tenant: "acme" });

/** What came of a value: it was read, or refused with a message. */
type Outcome = { readonly read: unknown } | { readonly refused: string; readonly code: string | undefined };

/** Written as what it is, and read as that. */
const same = (value: unknown) => ({ value, read: value });
const refused = (value: unknown, message: RegExp) => ({ value, refused: message });
type Example = { readonly value: unknown; readonly read?: unknown; readonly refused?: RegExp };

const newYear = new Date("2026-01-01T00:00:00Z");
const examples: Readonly<Record<string, readonly Example[]>> = {
  c_jsonb: [
    ...[same([]), same([1, 2]), same(["a"]), same([[]]), same([{ a: [] }]), same({}), same({ a: { b: [null, true, 1.5, "x"] } })],
    ...[{ value: { a: undefined, b: 1 }, read: { b: 1 } }, { value: newYear, read: "2026-01-01T00:00:00.000Z" }, same(true), same(1.5)],
    ...[refused([1, undefined], /Parameter \$1 holds undefined at \/1/), refused({ a: [new Set([1])] }, /holds a Set at \/a\/0/)],
    ...[refused(new Set([1]), /a Set/), refused(new Map([["a", 1]]), /a Map/), refused(Promise.resolve(1), /a Promise.*Await/)],
    ...[refused({ a: Number.NaN }, /NaN at \/a/), refused([Number.POSITIVE_INFINITY], /Infinity at \/0/), refused("a", /write json\(…\)/)],
    ...[refused("1", /write json\(…\)/), refused(Buffer.from("{}"), /holds bytes/), refused(["\ud800"], /surrogate/)],
    ...[
      refused([() => 1], /a function at \/0/),
      refused([Symbol("a")], /a symbol at \/0/),
      same('{"a":1}') && { value: '{"a":1}', read: { a: 1 } },
    ],
    ...[
      refused({ n: 9007199254740993n }, /9007199254740993, which JavaScript would read as/),
      same({ n: 9007199254740991 }),
      same([1e21, 5e-324, 1.7976931348623157e308]),
    ],
    ...[refused([new Date(Number.NaN)], /invalid Date/), refused({ toJSON: () => undefined }, /no form/)],
  ],
  c_json: [
    same([]),
    same({ "": [] }),
    refused(new Set(), /a Set/),
    refused([undefined], /undefined at \/0/),
    refused([123456789012345678n], /123456789012345678/),
  ],
  c_document: [same([]), same([1]), same({}), refused(new Set(), /a Set/), refused("x", /json/)],
  c_texts: [
    ...[same([]), same(["a,b", 'c"d', null, "", "NULL", "\\", "{}"]), same([["a"], ["b"]]), { value: [1, true], read: ["1", "true"] }],
    ...[refused({}, /an object, and text\[\] does not take it/), refused(new Set(["a"]), /a Set.*Spread it/), refused(new Map(), /a Map/)],
    ...[refused(["a", undefined], /undefined at \/1/), refused([[], ["a"]], /rectangular/), refused([["a"], ["b", "c"]], /rectangular/)],
    ...[
      refused([["a"], "b"], /rectangular/),
      refused([null, ["a"]], /rectangular/),
      refused([[null, []]], /rectangular/),
      refused(["\udc00"], /surrogate/),
      refused([{ a: 1 }], /an object/),
    ],
  ],
  c_ints: [
    same([]),
    same([1, null, -2147483648]),
    refused({}, /an object/),
    refused([1.5], /no integer/),
    refused([2147483648], /out of the range of int4/),
    refused(new Int32Array([1]), /an Int32Array/),
  ],
  c_longs: [same([1, 2]), { value: [1n], read: [1] }, refused([2 ** 53], /2\^53/)],
  c_jsonbs: [same([]), same([[], [1], { a: 1 }]), { value: [newYear], read: ["2026-01-01T00:00:00.000Z"] }, refused([new Set()], /a Set/)],
  c_times: [{ value: [newYear, null], read: ["2026-01-01T00:00:00Z", null] }, refused([1], /a number/)],
  c_byteas: [same([Buffer.from([0, 255]), Buffer.from("\\x")]), refused([{}], /an object/)],
  c_bool: [same(true), same(false), refused(1, /a number, and bool does not take it/), refused([], /an array/), refused(0n, /a bigint/)],
  c_int4: [
    same(-2147483648),
    { value: 7n, read: 7 },
    refused(1.5, /no integer/),
    refused(Number.NaN, /NaN/),
    refused(2147483648, /range of int4/),
    refused(true, /a boolean/),
    refused(newYear, /a Date/),
    refused([], /an array/),
  ],
  c_int2: [same(32767), refused(32768, /range of int2/), refused(Number.NEGATIVE_INFINITY, /-Infinity/)],
  c_int8: [
    same(9007199254740991),
    refused(2 ** 53, /2\^53/),
    refused(2n ** 63n, /range of int8/),
    refused(2n ** 53n, /cannot represent the int8/),
  ],
  c_float8: [
    same(0.1),
    same(-0),
    same(Number.NaN),
    same(Number.NEGATIVE_INFINITY),
    same(5e-324),
    { value: 3n, read: 3 },
    refused(2n ** 53n + 1n, /round/),
    refused(false, /a boolean/),
  ],
  c_numeric: [
    { value: 1e21, read: "1000000000000000000000" },
    { value: 0.1, read: "0.1" },
    { value: 2n ** 70n, read: String(2n ** 70n) },
    { value: Number.NaN, read: "NaN" },
    refused([], /an array/),
  ],
  c_text: [
    ...[same("ünï\u0001'\"\\"), { value: 5, read: "5" }, { value: 5n, read: "5" }, { value: true, read: "true" }, same("")],
    ...[
      refused([], /an array, and text does not take it/),
      refused({ a: 1 }, /an object/),
      refused(new Set(), /a Set/),
      refused("a\ud83d", /surrogate/),
      refused(Buffer.from("a"), /bytes/),
    ],
    ...[refused(() => 1, /a function/), refused(Symbol("x"), /a symbol/), refused(Promise.resolve("a"), /a Promise.*Await/)],
  ],
  c_date: [
    { value: newYear, read: "2026-01-01" },
    { value: new Date("1800-06-01T00:00:00Z"), read: "1800-06-01" },
    refused(20260101, /a number/),
    refused(new Date(Number.NaN), /invalid Date/),
  ],
  c_timestamp: [
    { value: newYear, read: "2026-01-01T00:00:00" },
    { value: new Date("0044-03-15T12:00:00Z"), read: "0044-03-15T12:00:00" },
    refused(1767225600000, /a number/),
  ],
  c_timestamptz: [
    ...[
      { value: newYear, read: "2026-01-01T00:00:00Z" },
      { value: new Date("1800-01-01T00:00:00Z"), read: "1800-01-01T00:00:00Z" },
    ],
    ...[
      { value: new Date("+012026-01-01T00:00:00Z"), read: "12026-01-01T00:00:00Z" },
      { value: new Date("-000043-03-15T00:00:00Z"), read: "0044-03-15T00:00:00Z BC" },
    ],
    ...[refused(1767225600000, /a number/), refused([newYear], /an array/)],
  ],
  c_interval: [
    { value: "1 year 2 months -3 days 04:05:06.7", read: "P1Y2M-3DT4H5M6.7S" },
    { value: "PT0S", read: "PT0S" },
    { value: "-1:30", read: "PT-1H-30M" },
    refused(5, /a number/),
  ],
  c_bytea: [
    same(Buffer.from([0, 1, 92, 255])),
    { value: new Uint8Array([1, 2]), read: Buffer.from([1, 2]) },
    refused([1, 2], /an array/),
    refused({}, /an object/),
  ],
  c_uuid: [same("01890a5d-ac96-774b-bcce-b302099a8057"), refused([], /an array/)],
  c_mood: [same("a b"), refused(["calm"], /an array/)],
  c_moods: [same(["calm", null, "a b", "NULL"]), same([])],
  c_cents: [same(5), refused(["x"], /an array/), refused(0.5, /no integer/)],
  c_cents_list: [same([1, 2]), same([])],
  c_ranges: [{ value: ["[1,5)", "empty"], read: ["[1,5)", "empty"] }, same([])],
  c_spans: [{ value: ["[1,5)"], read: ["[1,5)"] }],
  c_range: [same("[1,5)"), refused([1, 5], /an array/)],
  c_multirange: [same("{[1,5),[7,9)}"), refused([], /an array/)],
};

/** What `value` has to be when it is read from a column of such a type; undefined where it must be refused. */
type Oracle = (value: unknown) => readonly [read: unknown] | undefined;
const isText = (value: unknown): value is string => typeof value === "string" && value.isWellFormed() && !value.includes("\0");
/** JSON of a database knows no -0. */
const zeros = (value: unknown): unknown => {
  if (typeof value === "number") return value + 0;
  if (Array.isArray(value)) return value.map(zeros);
  return typeof value === "object" && value !== null
    ? Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, zeros(inner)]))
    : value;
};
const json: Oracle = (value) => {
  if (value instanceof Date || value instanceof URL) return [value.toJSON()];
  // A number that JavaScript can hold is read as one; a larger one is refused where it is read.
  if (typeof value === "bigint" && Number.isSafeInteger(Number(value))) return [Number(value)];
  return typeof value !== "string" && wellFormed(value) ? [zeros(value)] : undefined;
};
const wellFormed = (value: unknown): boolean => {
  if (typeof value === "string") return isText(value);
  if (typeof value !== "object" || value === null) return value === null || typeof value === "boolean" || Number.isFinite(value);
  if (Array.isArray(value)) return value.every(wellFormed);
  return (
    Object.getPrototypeOf(value) === Object.prototype && Object.entries(value).every(([key, inner]) => isText(key) && wellFormed(inner))
  );
};
const integer = (value: unknown): readonly [number] | undefined =>
  Number.isInteger(value) && (value as number) >= -2147483648 && (value as number) <= 2147483647 ? [(value as number) + 0] : undefined;
const text: Oracle = (value) => {
  if (value instanceof Date) return [value.toISOString()];
  if (typeof value === "string") return isText(value) ? [value] : undefined;
  return ["number", "bigint", "boolean"].includes(typeof value) ? [Object.is(value, -0) ? "-0" : String(value)] : undefined;
};
/** Whether it is the server that says what a text in it means. */
const holdsText = (value: unknown): boolean => {
  if (Array.isArray(value)) return value.some(holdsText);
  return typeof value === "string" || (typeof value === "object" && value !== null && Object.entries(value).flat().some(holdsText));
};
/** The lengths of nested arrays, where all of one depth have the same and none is empty. */
const shapeOf = (value: readonly unknown[]): string | undefined => {
  const shapes = new Set(value.map((inner) => (Array.isArray(inner) ? shapeOf(inner) : "")));
  const [shape] = shapes;
  return shapes.size === 1 && shape !== undefined ? `${value.length}/${shape}` : undefined;
};
const listOf =
  (one: Oracle): Oracle =>
  (value) => {
    if (!Array.isArray(value)) return undefined;
    const isNested = value.some(Array.isArray);
    if (isNested && shapeOf(value) === undefined) return undefined;
    const each: Oracle = isNested ? listOf(one) : one;
    const read = value.map((inner) => (inner === null ? ([null] as const) : each(inner)));
    return read.every((inner) => inner !== undefined) ? [read.map(([inner]) => inner)] : undefined;
  };
const oracles: Readonly<Record<string, Oracle>> = {
  c_jsonb: json,
  c_json: json,
  c_text: text,
  c_texts: listOf(text),
  c_int4: (value) => (typeof value === "bigint" && value >= -2147483648n && value <= 2147483647n ? [Number(value)] : integer(value)),
  c_ints: listOf((value) => integer(value)),
  c_float8: (value) =>
    typeof value === "number" || (typeof value === "bigint" && BigInt(Number(value)) === value) ? [Number(value)] : undefined,
  c_floats: listOf((value) => (typeof value === "number" ? [value] : undefined)),
  c_bool: (value) => (typeof value === "boolean" ? [value] : undefined),
  c_bools: listOf((value) => (typeof value === "boolean" ? [value] : undefined)),
  c_bytea: (value) => (value instanceof Uint8Array ? [Buffer.from(value)] : undefined),
  c_timestamptz: (value) => (value instanceof Date ? [value.toISOString().replace(/\.?0*Z$/, "Z")] : undefined),
};

const date = fc.date({ min: new Date("0001-01-01T00:00:00Z"), max: new Date("9999-12-31T23:59:59Z"), noInvalidDate: true });
const anyValue: fc.Arbitrary<unknown> = fc.oneof(
  { arbitrary: fc.jsonValue({ maxDepth: 3 }), weight: 3 },
  { arbitrary: fc.array(fc.oneof(fc.string(), fc.constant(null))), weight: 2 },
  fc.array(fc.oneof(fc.integer(), fc.constant(null))),
  fc.array(fc.double()),
  fc.array(fc.boolean()),
  fc.double(),
  fc.integer(),
  fc.bigInt({ min: -(2n ** 70n), max: 2n ** 70n }).filter((value) => value > 2147483647n || value < -2147483648n || value === 0n),
  fc.string({ unit: "binary" }),
  date,
  fc.uint8Array(),
  fc.constantFrom<unknown>(
    [],
    {},
    new Set(),
    new Map(),
    new Set(["a"]),
    [1, undefined],
    [[], []],
    [[]],
    /x/,
    new Error("x"),
    new Float64Array(1),
    new URL("https://a.b"),
  ),
);

for (const server of await testServers()) {
  describe(`a value of JavaScript, on ${server.name}`, () => {
    let database: TestDatabase;
    let app: TestApp;

    before(async () => {
      database = await testDatabase({ modules: [cells], server });
      app = await testApp({ modules: [cells], actor: alice, database: postgres({ url: database.url, connections: 1 }) });
    });
    after(async () => {
      await app.stop();
      await database.drop();
      await server.stop();
    });

    const outcome = async (trip: (sql: Sql) => Promise<unknown>): Promise<Outcome> => {
      let read: unknown;
      work.run = async (sql) => {
        read = await trip(sql);
      };
      const executed = app.executed(doWork);
      const failed = await app.call(doWork, {}).then(
        () => undefined,
        (error: unknown) => error,
      );
      const { fault } = await executed;
      if (failed === undefined) return { read };
      const cause = (fault?.cause ?? fault) as { readonly message?: string; readonly code?: string };
      return { refused: String(cause.message), code: cause.code };
    };

    for (const [way, trip] of Object.entries(ways))
      for (const [column, all] of Object.entries(examples))
        it(`is written to ${column.slice(2)} as what it is, or refused by name, through ${way}`, async () => {
          for (const { value, read, refused: message } of all) {
            // Kysely takes a function for an expression.
            if (typeof value === "function" && way === "Kysely") continue;
            // The types of a statement are known from its second run on.
            for (const run of ["first", "second"]) {
              const came = await outcome((sql) => trip(sql, column, value));
              const about = `${run}: ${typeof value === "object" ? JSON.stringify(value, (_, inner) => (typeof inner === "bigint" ? `${inner}n` : inner)) : String(value)}`;
              if (message === undefined) assert.deepEqual(came, { read }, about);
              else assert.match("refused" in came ? came.refused : `read as ${JSON.stringify(came.read)}`, message, about);
            }
          }
        });

    for (const [way, trip] of Object.entries(ways))
      for (const [column, oracle] of Object.entries(oracles))
        it(`whatever it is, is read from ${column.slice(2)} as what it was, or refused by the parameter's name, through ${way}`, async () => {
          const checked = await fc.check(
            fc.asyncProperty(anyValue, async (value) => {
              if (typeof value === "string" && value.includes("\0")) return;
              const came = await outcome((sql) => trip(sql, column, value));
              const expected = value === null ? ([null] as const) : oracle(value);
              if (expected !== undefined)
                assert.deepEqual("read" in came && column.includes("json") ? { read: zeros(came.read) } : came, { read: expected[0] });
              // What a string means for another type, the server says.
              else if (typeof value === "string" || (holdsText(value) && ("read" in came || came.code?.startsWith("22"))))
                assert.ok("read" in came ? !column.includes("json") || typeof came.read === "object" : came.refused !== "");
              else
                assert.match("refused" in came ? came.refused : `read as ${JSON.stringify(came.read)}`, /^Parameter \$1 |^The JSON holds/);
            }),
            {
              numRuns: 60,
              includeErrorInReport: true,
              examples: [
                [{}],
                [[]],
                [1],
                [[-2147483648]],
                [[2147483647]],
                [-2147483648],
                [0n],
                [2n ** 53n - 1n],
                [2n ** 53n + 1n],
                [new Set()],
                [new Map([["a", 1]])],
              ],
            },
          );
          assert.ok(!checked.failed, fc.defaultReportMessage(checked) ?? "");
        });

    it("is JSON for a JSON parameter where json(…) says so, whatever it is", async () => {
      assert.ok("json" in plimsoll, "plimsoll exports json");
      const { json: asJson } = plimsoll;
      const checked = await fc.check(
        fc.asyncProperty(fc.jsonValue({ maxDepth: 3 }).filter(wellFormed), async (value) => {
          for (const column of ["c_json", "c_jsonb", "c_document"]) {
            const came = await outcome((sql) => ways.sql!(sql, column, asJson(value)));
            assert.deepEqual("read" in came ? { read: zeros(came.read) } : came, { read: zeros(value) });
          }
        }),
        { numRuns: 60, includeErrorInReport: true },
      );
      assert.ok(!checked.failed, fc.defaultReportMessage(checked) ?? "");
    });
  });
}

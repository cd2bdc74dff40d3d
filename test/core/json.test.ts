import assert from "node:assert/strict";
import { isUtf8 } from "node:buffer";
import { describe, it } from "node:test";
import fc from "fast-check";
import { Fault } from "../../src/core/fault.ts";
import { canonicalJson, parseJson } from "../../src/core/json.ts";

const deep = (depth: number) => "[".repeat(depth) + "]".repeat(depth);

function refusalOf(source: string | Uint8Array, maxDepth = 32): Fault {
  try {
    parseJson(source, { maxDepth });
  } catch (error) {
    assert(error instanceof Fault && error.code === "invalid_argument" && error.type === "malformed_json", String(error));
    return error;
  }
  assert.fail(`accepted ${String(source).slice(0, 100)}`);
}

function thrownBy(call: () => unknown): unknown {
  try {
    call();
  } catch (error) {
    return error;
  }
  return undefined;
}

describe("parseJson", () => {
  const refused: readonly (readonly [text: string | Uint8Array, position: number, message: RegExp])[] = [
    ['{"a":1,"a":2}', 7, /"a" is in one object twice/],
    ['{"a":1,"\\u0061":2}', 7, /in one object twice/],
    ['{"a" :1,"a"\n:2}', 8, /in one object twice/],
    ['{"x":[{"a":{"b":1,"c":2,"b":3}}]}', 24, /"b" is in one object twice/],
    ['{"a":"\\":","a" : 1}', 11, /in one object twice/],
    ['{"a":"x :","a":1}', 11, /in one object twice/],
    ['{"a":1,"a":{"b":1}}', 7, /in one object twice/],
    ['{"a":{"b":1},"a":1}', 13, /in one object twice/],
    ['{"":1,"":2}', 6, /in one object twice/],
    ['{"__proto__":1}', 1, /"__proto__" is refused/],
    ['{"a":[{"\\u005f_proto__":{}}]}', 7, /is refused, because it can change/],
    ['{"__pr\\u006fto__":{}}', 1, /is refused, because it can change/],
    ['{"constructor":{"a":1,"prototype":{}}}', 22, /"prototype" is refused/],
    ['{"a":{"constructor":{"prot\\u006ftype":{}}}}', 21, /is refused/],
    [deep(33), 32, /more than 32 deep/],
    [`${'{"a":'.repeat(33)}1${"}".repeat(33)}`, 160, /more than 32 deep/],
    [deep(500_000), 32, /more than 32 deep/],
    ['"\\ud800"', 0, /surrogate/],
    ['{"a":"\\udc00\\ud800"}', 5, /surrogate/],
    ['{"\\ud800":1}', 1, /surrogate/],
    ['["\ud800"]', 1, /surrogate/],
    ["", 0, /text ends, .* expects a value\b/],
    ["  ", 2, /ends/],
    ["{", 1, /text ends, .* expects a key or }/],
    ['{"a":1', 6, /text ends, .* expects a comma or the end/],
    ['{"a":1,}', 7, /expects a key in double quotes/],
    ["{'a':1}", 1, /expects a key in double quotes/],
    ['{"a"1}', 4, /expects a colon/],
    ["[1,]", 3, /expects a JSON value/],
    ["[1 2]", 3, /expects a comma or the end/],
    ["[01]", 2, /expects a comma or the end/],
    ["[NaN]", 1, /expects a JSON value/],
    ["[1]]", 3, /expects the end of the text/],
    ['"a\nb"', 0, /no closing quote/],
    ['"a', 0, /no closing quote/],
    ['"\\x"', 0, /no closing quote/],
    ["\ufeff1", 0, /expects a JSON value/],
    [Buffer.from("\ufeff1"), 0, /expects a JSON value/],
    [Buffer.from([0x22, 0xff, 0x22]), 1, /byte 0xff .*not UTF-8/],
    [Buffer.from([0x22, 0xed, 0xa0, 0x80, 0x22]), 1, /byte 0xed .*not UTF-8/],
    [Buffer.from([0x22, 0xc0, 0xaf, 0x22]), 1, /byte 0xc0 .*not UTF-8/],
    [Buffer.from([0xff]), 0, /byte 0xff .*not UTF-8/],
    [Buffer.from([0x22, 0xe2, 0x82]), 1, /byte 0xe2 .*not UTF-8/],
    [Buffer.concat([Buffer.from('{"é😀\ufffd":"\ufffd'), Buffer.from([0x80]), Buffer.from('\ufffd"}')]), 17, /byte 0x80 .*not UTF-8/],
    ["1e400", 0, /number is larger/],
    ["-1e400", 0, /number is larger/],
    [" 1e309", 1, /number is larger/],
    ["[1,1E+400]", 3, /number is larger/],
    ['{"a":[{"b":-1e309}]}', 11, /number is larger/],
    ['{"a":1.8e308,"a":1}', 5, /number is larger/],
    [`[${"9".repeat(310)}]`, 1, /number is larger/],
    [`{"a":1${"0".repeat(250)}e0099}`, 5, /number is larger/],
  ];
  for (const [text, position, message] of refused) {
    it(`refuses ${JSON.stringify(String(text).slice(0, 60))}`, () => {
      const fault = refusalOf(text);
      assert.match(fault.message, message);
      assert.deepEqual(fault.details, { position });
      if (typeof text === "string" && text.isWellFormed()) assert.equal(refusalOf(Buffer.from(text)).message, fault.message);
    });
  }

  it("repeats no value of what was sent, whatever is wrong where (as before)", () => {
    const leaf = fc.constantFrom<unknown>("hidden", 4_711_471, "\\hidden\n", null, [], {});
    const json = fc.letrec<{ value: unknown }>((tie) => ({
      value: fc.oneof(
        { maxDepth: 4 },
        leaf,
        fc.array(tie("value"), { maxLength: 4 }),
        fc.dictionary(fc.constantFrom("a", "b", "constructor"), tie("value"), { maxKeys: 3, noNullPrototype: true }),
      ),
    })).value;
    const damage = fc.constantFrom("", '"', "\\", "\\x", "\n", ",", "{", "]", "}", ":", "-", "\ud800", "\\ud800");
    fc.assert(
      fc.property(json, fc.nat(), fc.nat({ max: 3 }), damage, (value, place, cut, put) => {
        const text = JSON.stringify(value);
        const at = place % (text.length + 1);
        const thrown = thrownBy(() => parseJson(text.slice(0, at) + put + text.slice(at + cut)));
        if (thrown !== undefined) assert.doesNotMatch((thrown as Fault).message, /hidden|4711|\\n/);
      }),
      { numRuns: 2_000 },
    );
  });

  const accepted = [
    '{"a":{"a":{"a":1}},"b":[{"a":1},{"a":2}]}',
    '{"a":"b: c","d":"\\":","e":":x","f":" :"}',
    '{ "a" : "2026-01-01T00:00:00Z" , "url" :\n"https://a.b:80/" }',
    '{"constructor":1,"prototype":2}',
    '{"constructor":[{"prototype":2}],"x":{"prototype":1}}',
    '{"a":"__proto__","b":"constructor"}',
    '{"a":"\ufffd"}',
    '{"a":"\\ud83d\\ude00\\u0000","é":"ü😀"}',
    deep(32),
    "-0",
    "null",
    ' "a:b" ',
    "[]",
    '{"1":1,"0":2,"1.0":3}',
  ];
  for (const text of accepted) {
    it(`accepts ${text.slice(0, 60)}`, () => {
      for (const source of [text, Buffer.from(text), new TextEncoder().encode(text)])
        assert.deepStrictEqual(parseJson(source), JSON.parse(text));
    });
  }

  it("reads keys that are written with an escape, whatever was read before", () => {
    for (const first of ["\\", "\\u", "\\n"]) {
      parseJson(JSON.stringify({ ü: 1, [first]: 1 }));
      for (const key of ["\n", "\t", '"', "\\", "\u0001", "\\x", '"a'])
        assert.deepEqual(Object.keys(parseJson(JSON.stringify({ ü: 1, [key]: 1 })) as object), ["ü", key]);
      assert.deepEqual(parseJson('{"ü":1,"\\u0061":1,"\\u0062":2}'), { ü: 1, a: 1, b: 2 });
    }
  });

  it("holds the depth that it is given", () => {
    assert.deepEqual(parseJson("[[1]]", { maxDepth: 2 }), [[1]]);
    refusalOf("[[[1]]]", 2);
  });

  const spaced = (indent: fc.Arbitrary<string>) =>
    fc
      .tuple(fc.jsonValue({ depthSize: "medium", stringUnit: "grapheme" }), indent)
      .map(([value, space]) => JSON.stringify(value, null, space));
  const plain = spaced(fc.constantFrom("", " ", "\t"));

  it("counts values as they are, whatever stands in texts and between them", () => {
    const countOf = (value: unknown): number =>
      1 + (typeof value === "object" && value !== null ? Object.values(value).reduce<number>((sum, inner) => sum + countOf(inner), 0) : 0);
    const tricky = fc.constantFrom(",", "[", '{"', '\\",', "a,b", ']}"', "\\");
    const json = fc.letrec<{ value: unknown }>((tie) => ({
      value: fc.oneof(
        { maxDepth: 4 },
        tricky,
        fc.constantFrom<unknown>(null, 1, [], {}),
        fc.array(tie("value"), { maxLength: 4 }),
        fc.dictionary(tricky, tie("value"), { maxKeys: 3, noNullPrototype: true }),
      ),
    })).value;
    fc.assert(
      fc.property(json, fc.constantFrom(undefined, 1, "\t"), (value, indent) => {
        const text = JSON.stringify(value, null, indent);
        const maxValues = countOf(value);
        assert.deepStrictEqual(parseJson(text, { maxValues }), value);
        if (maxValues === 1) return;
        const refused = thrownBy(() => parseJson(text, { maxValues: maxValues - 1 }));
        assert.ok(refused instanceof Fault && refused.type === "too_many_values", `${text} has ${maxValues} values: ${refused}`);
      }),
      { numRuns: 2_000 },
    );
  });

  for (const [what, text] of [
    ["ones", `[${"1,".repeat(500_000)}1]`],
    ["empty arrays", `[${"[],".repeat(300_000)}[]]`],
    ["empty objects", `{"a":[${"{},".repeat(300_000)}{}]}`],
    ["keys", `{${Array.from({ length: 150_000 }, (_, at) => `"${at}":1`).join()}}`],
    ["texts", `[${'"",'.repeat(300_000)}""]`],
    ["the beginning of ones", `[${"1,".repeat(500_000)}`],
  ] as const) {
    it(`refuses a text of ${what} before it makes them`, () => {
      const refused = thrownBy(() => parseJson(text));
      assert.ok(refused instanceof Fault, `took ${text.length} characters`);
      assert.deepEqual([refused.type, refused.details], ["too_many_values", { limit: "JSON values", value: 100_000 }]);
    });
  }

  it("reads what it reads again as JSON.parse does (as before)", () => {
    // A key with a backslash is read again.
    fc.assert(
      fc.property(plain, (text) => {
        if (/"(__proto__|prototype)"/.test(text)) return;
        assert.deepStrictEqual(parseJson(`{"\\\\":${text}}`, { maxDepth: 99 }), { "\\": JSON.parse(text) });
      }),
      { numRuns: 2_000 },
    );
    for (const text of ["-0", "-0.5e-7", "1E+2", "12345678901234567890", "0.1", "1e-400", '"\\b\\f\\n\\r\\t\\/\\"\\\\\\u00fF"'])
      assert.deepStrictEqual(parseJson(`{"\\\\":${text}}`), { "\\": JSON.parse(text) });
  });

  it("does not repeat what was sent", () => {
    assert.doesNotMatch(refusalOf('{"password":"hunter2" x}').message, /hunter2/);
    assert(refusalOf(`{"${"k".repeat(5_000)}":1,"${"k".repeat(5_000)}":2}`).message.length < 300);
  });

  it("gives what JSON.parse gives", () => {
    fc.assert(
      fc.property(plain, (text) => {
        if (/"(__proto__|prototype)"/.test(text)) return;
        assert.deepStrictEqual(parseJson(text, { maxDepth: 99 }), JSON.parse(text));
        assert.deepStrictEqual(parseJson(Buffer.from(text), { maxDepth: 99 }), JSON.parse(text));
      }),
      { numRuns: 2_000 },
    );
  });

  it("says where the first byte stands that is no UTF-8", () => {
    const bytes = fc.oneof(
      fc.string({ unit: "grapheme" }).map((text) => [...Buffer.from(text)]),
      fc.constant([...Buffer.from("\ufffd")]),
      fc.array(fc.integer({ min: 0x80, max: 0xff }), { maxLength: 4 }),
    );
    fc.assert(
      fc.property(fc.array(bytes, { maxLength: 6 }), (parts) => {
        const text = Buffer.from(parts.flat());
        if (isUtf8(text)) return;
        const { position } = refusalOf(text).details as { readonly position: number };
        // What comes before it is whole, and with nothing that could follow it is the next character.
        assert.ok(isUtf8(text.subarray(0, position)), `${text.toString("hex")} at ${position}`);
        for (let end = position + 1; end <= position + 4; end++)
          assert.ok(!isUtf8(text.subarray(position, Math.min(end, text.length))), `${text.toString("hex")} at ${position}`);
      }),
      { numRuns: 2_000 },
    );
  });

  it("gives no number that is infinite", () => {
    const number = fc
      .tuple(fc.constantFrom("", "-"), fc.integer({ min: 1, max: 320 }), fc.integer({ min: -400, max: 400 }), fc.constantFrom("e", "E"))
      .map(([sign, digits, exponent, e]) => `${sign}${"7".repeat(digits)}${e}${exponent}`);
    const place = fc.constantFrom<(text: string) => string>(
      (text) => text,
      (text) => `[1,[${text}]]`,
      (text) => `{"a":{"constructor":${text}}}`,
      (text) => `{"a\\n":${text}}`,
    );
    fc.assert(
      fc.property(number, place, (text, inside) => {
        const source = inside(text);
        if (Number.isFinite(Number(text))) assert.deepStrictEqual(parseJson(source), JSON.parse(source));
        else assert.deepEqual(refusalOf(source).details, { position: source.indexOf(text) });
      }),
      { numRuns: 1_000 },
    );
  });

  const key = fc.constantFrom("a", "b:", '":', " :", "\\", "é", '"', "c :");
  const value: fc.Arbitrary<unknown> = fc.letrec<{ value: unknown }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 3 },
      fc.constantFrom<unknown>(1, ":", '":', " :", ': "', "a", null),
      fc.dictionary(key, tie("value"), { maxKeys: 3, noNullPrototype: true }),
      fc.array(tie("value"), { maxLength: 3 }),
    ),
  })).value;

  /** Writes JSON with spaces where they may stand, and with one entry of some object planted a second time. */
  function plant(node: unknown, pick: () => number, planted: { left: number; text: () => string }): string {
    const gap = () => ["", " ", "\n", "\t "][pick() % 4];
    if (Array.isArray(node)) return `[${gap()}${node.map((item) => plant(item, pick, planted)).join(`${gap()},${gap()}`)}]`;
    if (typeof node !== "object" || node === null) return JSON.stringify(node);
    const entries = Object.entries(node).map(([name, inner]) => `${JSON.stringify(name)}${gap()}:${gap()}${plant(inner, pick, planted)}`);
    if (entries.length > 0 && planted.left-- === 0)
      entries.push(planted.text() || `${JSON.stringify(Object.keys(node)[pick() % entries.length])}${gap()}:${gap()}0`);
    return `{${entries.join(`${gap()},`)}${gap()}}`;
  }

  it("finds what is planted, and nothing where nothing is", () => {
    fc.assert(
      fc.property(
        value,
        fc.infiniteStream(fc.nat()),
        fc.nat(3),
        fc.constantFrom("", '"__proto__":1', '"\\u005f_proto__" : {}', '"constructor":{"prototype":1}', '"lone":"\\ud800"'),
        (node, stream, where, what) => {
          const pick = () => stream.next().value as number;
          const clean = plant(node, pick, { left: -1, text: () => "" });
          assert.deepStrictEqual(parseJson(clean), node);
          const planted = { left: where, text: () => what };
          const text = plant(node, pick, planted);
          if (planted.left < 0) refusalOf(text);
          else assert.deepStrictEqual(parseJson(text), node);
        },
      ),
      { numRuns: 3_000 },
    );
  });

  it("refuses exactly the texts that JSON.parse refuses, of texts cut and changed", () => {
    fc.assert(
      fc.property(
        plain,
        fc.nat(),
        fc.constantFrom("", '"', "{", "}", "[", "]", ",", ":", "\\", "0", "e", "-", " ", "\n", "t"),
        (text, at, change) => {
          const place = at % (text.length + 1);
          const changed = text.slice(0, place) + change + text.slice(place + 1);
          if (/__proto__|prototype|\\u/.test(changed)) return;
          let expected: unknown;
          try {
            expected = JSON.parse(changed);
          } catch {
            refusalOf(changed, 99);
            return;
          }
          try {
            assert.deepStrictEqual(parseJson(changed, { maxDepth: 99 }), expected);
          } catch (error) {
            assert(error instanceof Fault && /in one object twice|surrogate|number is larger/.test(error.message), changed);
          }
        },
      ),
      { numRuns: 3_000 },
    );
  });
});

describe("canonicalJson", () => {
  const table: readonly (readonly [value: unknown, text: string])[] = [
    [{ b: 1, a: { d: [3, { z: 1, y: 2 }], c: null } }, '{"a":{"c":null,"d":[3,{"y":2,"z":1}]},"b":1}'],
    [{ 9: 1, 10: 2, "": 3 }, '{"":3,"10":2,"9":1}'],
    [
      { "\u20ac": 1, "\r": 2, "\ufb33": 3, 1: 4, "\u{1f600}": 5, "\u0080": 6, ö: 7 },
      '{"\\r":2,"1":4,"\u0080":6,"ö":7,"€":1,"😀":5,"\ufb33":3}',
    ],
    [[333333333.3333333, 1e30, 4.5, 2e-3, 1e-27, -0], "[333333333.3333333,1e+30,4.5,0.002,1e-27,0]"],
    ['€$\u000f\nA\'B"\\\\"/', '"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"'],
    [undefined, "null"],
    [{ a: undefined, b: () => 1, c: [undefined, Number.NaN] }, '{"c":[null,null]}'],
    [{ at: new Date(0) }, '{"at":"1970-01-01T00:00:00.000Z"}'],
    [{ m: new Map([["a", 1]]), s: new Set([2]), n: 12n }, '{"m":[["a",1]],"n":12,"s":[2]}'],
    [JSON.parse('{"__proto__":1}'), '{"__proto__":1}'],
  ];
  for (const [value, text] of table) it(text, () => assert.equal(canonicalJson(value), text));

  it("does not depend on the order of keys, and loses nothing", () => {
    const reversed = (value: unknown): unknown =>
      Array.isArray(value)
        ? value.map(reversed)
        : typeof value === "object" && value !== null
          ? Object.fromEntries(
              Object.entries(value)
                .reverse()
                .map(([key, inner]) => [key, reversed(inner)]),
            )
          : value;
    fc.assert(
      fc.property(fc.jsonValue({ stringUnit: "binary" }), (value) => {
        const text = canonicalJson(value);
        assert.equal(canonicalJson(reversed(value)), text);
        assert.deepEqual(JSON.parse(text), JSON.parse(JSON.stringify(value)));
      }),
      { numRuns: 1_000 },
    );
  });
});

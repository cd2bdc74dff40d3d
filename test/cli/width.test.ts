import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { padTo, table, widthOf, wrap } from "../../src/cli/terminal/width.ts";

describe("widthOf", () => {
  for (const [text, columns] of [
    ["", 0],
    ["check", 5],
    ["检查", 4],
    ["API 数据库", 10],
    ["Ａ，。", 6],
    ["한국어", 6],
    ["カタカナ", 8],
    ["é", 1],
    ["e\u0301", 1],
    ["🚢", 2],
    ["👩‍👩‍👧", 2],
    ["❤️", 2],
    ["\u001b[31mred\u001b[39m", 3],
    ["𠀀", 2],
    ["a\u200bb", 2],
  ] as const)
    it(`is ${columns} of ${JSON.stringify(text)}`, () => assert.equal(widthOf(text), columns));
});

const words = fc.string({ unit: fc.constantFrom("a", "b", " ", "检", "查", "，", "。", "-"), maxLength: 60 });

describe("columns", () => {
  it("pads to the width asked for, and never cuts", () =>
    fc.assert(
      fc.property(words, fc.nat(80), (text, columns) => assert.equal(widthOf(padTo(text, columns)), Math.max(columns, widthOf(text)))),
    ));
  it("wraps without losing anything but blanks", () =>
    fc.assert(
      fc.property(words, fc.integer({ min: 4, max: 40 }), (text, columns) => {
        const lines = wrap(text, columns);
        assert.equal(lines.join("").replaceAll(" ", ""), text.replaceAll(" ", ""));
        // One word may be wider than the column; with a blank it would have been broken there.
        for (const line of lines) assert.ok(widthOf(line) <= columns || !/\S +\S/.test(line), line);
      }),
    ));
  it("begins no line with a mark that ends a sentence", () => assert.deepEqual(wrap("检查检查，检查。", 8), ["检查检", "查，检", "查。"]));
  it("aligns the columns of a table", () => {
    const lines = table(
      [
        ["check", "检查", "a b"],
        ["api", "API", "c"],
      ],
      { columns: 80 },
    );
    assert.deepEqual(lines, ["  check  检查  a b", "  api    API   c"]);
  });
});

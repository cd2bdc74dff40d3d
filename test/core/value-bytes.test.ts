import assert from "node:assert/strict";
import { describe, it } from "node:test";
import v8 from "node:v8";
import fc from "fast-check";
import { bytesOf } from "../../src/core/value/value-bytes.ts";

const endless = Number.POSITIVE_INFINITY;

describe("bytesOf", () => {
  it("is at least half of what the value takes in the form in which Node.js sends it, and never without bound", () =>
    fc.assert(
      fc.property(fc.anything({ withMap: true, withSet: true, withBigInt: true, withTypedArray: true }), (value) => {
        const sent = v8.serialize(value).length;
        const bytes = bytesOf(value, endless);
        assert.ok(bytes < endless && bytes >= sent / 2 - 64, `${bytes} of ${sent}`);
      }),
    ));

  it("grows with each part of a value", () => {
    const grown: readonly unknown[] = [
      "ab",
      ["ab"],
      ["ab", "cd"],
      { a: ["ab", "cd"], b: Buffer.alloc(1_000) },
      new Map([[1, Buffer.alloc(2_000)]]),
    ];
    const sizes = grown.map((value) => bytesOf(value, endless));
    assert.deepEqual(
      sizes,
      sizes.toSorted((a, b) => a - b),
    );
    assert.ok(sizes.at(-1)! >= 2_000);
  });

  it("counts what is reached twice once, and ends where a value leads to itself", () => {
    const one = { text: "x".repeat(1_000) };
    const circle: { self?: unknown; one: unknown } = { one };
    circle.self = circle;
    assert.ok(bytesOf([one, one, circle], endless) < 2_500);
  });

  it("gives up above the bound, without reading what is behind it", () => {
    let read = 0;
    const items = Array.from({ length: 1_000 }, () => ({
      get item() {
        read++;
        return "x".repeat(100);
      },
    }));
    assert.equal(bytesOf(items, 10_000), endless);
    assert.ok(read < 100, `${read} were read`);
  });

  it("never throws, and is endless for what cannot be read", () => {
    const throwing = new Proxy(
      {},
      {
        ownKeys: () => {
          throw new Error("no");
        },
      },
    );
    assert.equal(bytesOf(throwing, endless), endless);
    let deep: unknown = 1;
    for (let i = 0; i < 100_000; i++) deep = [deep];
    assert.ok(bytesOf(deep, endless) > 100_000);
  });
});

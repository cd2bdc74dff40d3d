import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { Fault } from "../../src/core/fault.ts";
import { limits } from "../../src/core/limits.ts";
import { type CursorsOptions, type CursorUse, cursors } from "../../src/pipeline/cursor.ts";
import { TestClock } from "../../src/testing/clock.ts";

const key = "a secret of the tests, 32 bytes and more";
const otherKey = "another secret of the tests, of 32 bytes";
const use: CursorUse = { operation: "catalog.list", tenant: "acme", actor: "ann", filter: { query: "rope", sort: ["name", "id"] } };
const position = ["Rope, 10 m", "0192f3a4-7b1c-7c1e-8d2a-000000000001"];

function setUp(options: Partial<CursorsOptions> = {}) {
  const clock = new TestClock();
  return { clock, ...cursors({ key, ttlMs: 60_000, clock, ...options }) };
}

function refusalOf(work: () => unknown): string | undefined {
  try {
    work();
    return undefined;
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    assert.equal(error.code, "invalid_argument");
    assert.match(error.message, /leave it out to begin with the first page\.$/i);
    return error.type;
  }
}

describe("cursors", () => {
  it("returns the position that was sealed, whatever JSON can say", () => {
    const { seal, open } = setUp();
    const property = fc.property(fc.jsonValue({ maxDepth: 2 }), (value) => {
      const sealable = JSON.parse(JSON.stringify(value));
      fc.pre(JSON.stringify(sealable).length < 500);
      assert.deepEqual(open(seal({ ...use, position: sealable }), use), sealable);
    });
    fc.assert(property);
  });

  it("is text for a URL, differs each time, and does not show the position", () => {
    const { seal } = setUp();
    const [first, second] = [seal({ ...use, position }), seal({ ...use, position })];
    assert.match(first, /^[A-Za-z0-9_-]+$/);
    assert.notEqual(first, second);
    const [bytes, other] = [Buffer.from(first, "base64url"), Buffer.from(second, "base64url")];
    assert.ok(!bytes.includes("Rope"));
    // What is sealed twice has no bytes in common: neither text shows how it differs from the other.
    const body = (sealed: Buffer) => sealed.subarray(23, -16);
    assert.ok(body(bytes).filter((byte, i) => byte === body(other)[i]).length < body(bytes).length / 4);
  });

  const others: Record<string, Partial<CursorUse>> = {
    "another operation": { operation: "catalog.search" },
    "another tenant": { tenant: "globex" },
    "no tenant": { tenant: undefined },
    "a tenant that is empty": { tenant: "" },
    "another actor": { actor: "bob" },
    anonymous: { actor: undefined },
    "tenant and actor swapped": { tenant: "ann", actor: "acme" },
    "tenant and actor run together": { tenant: "acmea", actor: "nn" },
    "another filter": { filter: { query: "tar", sort: ["name", "id"] } },
    "a filter in another order of values": { filter: { query: "rope", sort: ["id", "name"] } },
    "a filter with a field more": { filter: { query: "rope", sort: ["name", "id"], stock: true } },
    "no filter": { filter: undefined },
  };
  for (const [what, other] of Object.entries(others)) {
    it(`is not good for ${what}`, () => {
      const { seal, open } = setUp();
      assert.equal(
        refusalOf(() => open(seal({ ...use, position }), { ...use, ...other })),
        "cursor_invalid",
      );
      assert.deepEqual(open(seal({ ...use, ...other, position }), { ...use, ...other }), position);
    });
  }

  it("takes a filter for the same whatever the order of its names", () => {
    const { seal, open } = setUp();
    assert.deepEqual(open(seal({ ...use, position }), { ...use, filter: { sort: ["name", "id"], query: "rope" } }), position);
  });

  it("serves until it expires, and says so only of cursors that are ours", () => {
    const { seal, open, clock } = setUp();
    const cursor = seal({ ...use, position });
    clock.advance(59_999);
    assert.deepEqual(open(cursor, use), position);
    clock.advance(1);
    assert.equal(
      refusalOf(() => open(cursor, use)),
      "cursor_expired",
    );
    assert.equal(
      refusalOf(() => open(cursor, { ...use, tenant: "globex" })),
      "cursor_invalid",
    );
  });

  it("cannot be made to live longer, nor be of another version", () => {
    const { seal, open } = setUp();
    const sealed = Buffer.from(seal({ ...use, position }), "base64url");
    for (const [at, value] of [
      [0, 2],
      [0, 0],
      [17, 0xff],
      [22, sealed[22]! ^ 1],
    ] as const) {
      const changed = Buffer.from(sealed);
      changed[at] = value;
      assert.equal(
        refusalOf(() => open(changed.toString("base64url"), use)),
        "cursor_invalid",
      );
    }
  });

  it("is refused when a single bit differs, wherever", () => {
    const { seal, open } = setUp();
    const sealed = Buffer.from(seal({ ...use, position }), "base64url");
    for (let bit = 0; bit < sealed.length * 8; bit++) {
      const changed = Buffer.from(sealed);
      changed[bit >> 3]! ^= 1 << (bit & 7);
      assert.equal(
        refusalOf(() => open(changed.toString("base64url"), use)),
        "cursor_invalid",
      );
    }
  });

  it("is refused when it is cut, at any length, or goes on", () => {
    const { seal, open } = setUp();
    const cursor = seal({ ...use, position });
    for (let length = 0; length < cursor.length; length++)
      assert.equal(
        refusalOf(() => open(cursor.slice(0, length), use)),
        "cursor_invalid",
      );
    for (const more of ["A", "AA", "AAAA", "=", " ", "\n", "\0"])
      assert.equal(
        refusalOf(() => open(cursor + more, use)),
        "cursor_invalid",
      );
  });

  it("has one spelling", () => {
    const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_+/";
    for (let length = 0; length < 3; length++) {
      const { seal, open } = setUp();
      const cursor = seal({ ...use, position: "a".repeat(length) });
      const opened = [...alphabet].filter((char) => refusalOf(() => open(cursor.slice(0, -1) + char, use)) === undefined);
      assert.deepEqual(opened, [cursor.at(-1)]);
    }
  });

  it("is refused for whatever others write", () => {
    const { open } = setUp();
    const written = fc.oneof(
      fc.string(),
      fc.string({ unit: "binary" }),
      fc.uint8Array({ maxLength: 100 }).map((bytes) => Buffer.from(bytes).toString("base64url")),
    );
    fc.assert(
      fc.property(written, (text) =>
        assert.equal(
          refusalOf(() => open(text, use)),
          "cursor_invalid",
        ),
      ),
    );
    assert.equal(
      refusalOf(() => open("A".repeat(10_000_000), use)),
      "cursor_invalid",
    );
  });

  it("is not good in an app with another secret", () => {
    const cursor = setUp({ key: otherKey }).seal({ ...use, position });
    assert.equal(
      refusalOf(() => setUp().open(cursor, use)),
      "cursor_invalid",
    );
  });

  it("goes on serving while the secret is rotated", () => {
    const before = setUp();
    const during = setUp({ key: [otherKey, key] });
    const after = setUp({ key: otherKey });
    const old = before.seal({ ...use, position });
    assert.deepEqual(during.open(old, use), position);
    assert.deepEqual(after.open(during.seal({ ...use, position }), use), position);
    assert.equal(
      refusalOf(() => after.open(old, use)),
      "cursor_invalid",
    );
  });

  it("does not grow beyond its bound", () => {
    const { seal, open } = setUp();
    assert.throws(() => seal({ ...use, position: "a".repeat(limits.cursorChars) }), {
      name: "AssertionError",
      message: /at most 2048 characters\. Put only/,
    });
    const room = (limits.cursorChars / 4) * 3 - 23 - 16 - 2;
    const longest = seal({ ...use, position: "a".repeat(room) });
    assert.equal(longest.length, limits.cursorChars);
    assert.equal(open(longest, use), "a".repeat(room));
  });

  for (const [what, options, message] of [
    ["a short secret", { key: "short" }, /5 bytes; it needs at least 32\. Make a secret with/],
    ["a short secret among others", { key: [key, "short"] }, /5 bytes/],
    ["no secret", { key: [] }, /at least one secret/],
    ["no time to live", { ttlMs: 0 }, /how many milliseconds/],
    ["an endless time to live", { ttlMs: Number.POSITIVE_INFINITY }, /how many milliseconds/],
  ] as const) {
    it(`refuses ${what} at start`, () => assert.throws(() => setUp(options), { message }));
  }

  it("takes no position that JSON cannot say", () => {
    assert.throws(() => setUp().seal({ ...use, position: undefined }), {
      name: "AssertionError",
      message: /a value that JSON can represent/,
    });
  });
});

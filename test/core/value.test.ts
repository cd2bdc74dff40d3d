import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { anyJson } from "../../src/core/value/any-json.ts";
import { describeThrown, entriesOf, isError, messageOf, readThrown } from "../../src/core/value/thrown.ts";

const fails = () => {
  throw new TypeError("no code may read it");
};
const throwing = (names: readonly string[]) =>
  Object.defineProperties({}, Object.fromEntries(names.map((name) => [name, { get: fails, enumerable: true }])));

/** What user code may throw or return, each worse than the one before. */
const values: Readonly<Record<string, () => unknown>> = {
  "an error whose message, stack, name and cause throw": () =>
    Object.defineProperties(new Error("a"), {
      ...{ message: { get: fails }, stack: { get: fails }, name: { get: fails }, cause: { get: fails } },
    }),
  "an error whose message is a symbol": () => Object.assign(new Error("a"), { message: Symbol("b"), name: Symbol("c"), stack: 1 }),
  "an object whose message throws": () => throwing(["message"]),
  "an object whose toString throws": () => ({ toString: fails, [Symbol.toPrimitive]: fails }),
  "an object whose toJSON throws": () => ({ toJSON: fails }),
  "an object without a prototype": () => Object.create(null),
  "a proxy that was revoked": () => {
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    return proxy;
  },
  "a proxy of a function that was revoked": () => {
    const { proxy, revoke } = Proxy.revocable(() => 1, {});
    revoke();
    return proxy;
  },
  "a proxy whose every trap throws": () => new Proxy({}, { get: fails, has: fails, ownKeys: fails, getPrototypeOf: fails }),
  "a ring": () => {
    const ring: Record<string, unknown> = {};
    ring.ring = ring;
    return ring;
  },
  "a huge number": () => 2n ** 100_000n,
  "a symbol": () => Symbol("a"),
  nothing: () => undefined,
};

describe("a value of user code is read without a throw:", () => {
  for (const [what, make] of Object.entries(values))
    it(what, () => {
      const value = make();
      assert.equal(typeof isError(value), "boolean");
      assert.equal(typeof readThrown(value).message, "string");
      assert.notEqual(messageOf(value), "");
      assert.notEqual(describeThrown(value), "");
      for (const [key] of entriesOf(value)) assert.equal(typeof key, "string");
      anyJson(value, { room: 1_000 });
    });
});

// What is no token of a service, or one of another call, opens nothing.
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { after, before, describe, it } from "node:test";
import { type App, module, query, signedIn } from "plimsoll";
import { internalCalls } from "plimsoll/remote";
import { z } from "zod";
import { signCall } from "../../../src/remote/token/internal-token.ts";
import { InternalKeys } from "../../../src/remote/token/keys.ts";
import { MemoryDatabase } from "../../../src/testing/conformance/memory-database.ts";
import { DynamicClient } from "../grpc/client.ts";
import { ann, keys, startCallee } from "./two-apps.ts";

const shared = { input: z.object({}), output: z.object({ id: z.string() }), access: signedIn(), budget: "2s" } as const;
const whoAsks = query("orders.who-asks", { ...shared, run: async (_, { actor }) => ({ id: actor.id }) });
const other = query("orders.other", { ...shared, run: async () => ({ id: "other" }) });
const open = query("orders.open", { ...shared, access: "public", run: async () => ({ id: "anyone" }) });
const orders = module("orders", { operations: [whoAsks, other, open] });

const own = new InternalKeys(keys, "a test");
const foreign = new InternalKeys([{ id: "2026-11", secret: "Zt7Lw0sXcE5rUbN8hJ2kPdGfA1mYq3v9" }], "a test");
const unknownId = new InternalKeys([{ id: "2020-01", secret: keys[0]!.secret }], "a test");
const call = {
  by: "caller",
  module: "orders",
  operation: "orders.who-asks",
  actor: ann,
  session: undefined,
  tenant: "t-1",
  address: "192.0.2.7",
  criticality: "default",
} as const;
const signed = ({
  with: key = own,
  at = Date.now(),
  ...changed
}: { with?: InternalKeys; at?: number } & Partial<Parameters<typeof signCall>[1]> = {}) =>
  signCall(key, { remainingMs: 2_000, ...call, ...changed }, at);

/** With another payload under the signature of a good one. */
function altered(token: string, change: (claims: Record<string, unknown>) => void): string {
  const [head, payload = "", mac] = token.split(".");
  const claims = JSON.parse(Buffer.from(payload, "base64url").toString()) as Record<string, unknown>;
  change(claims);
  return [head, Buffer.from(JSON.stringify(claims)).toString("base64url"), mac].join(".");
}

/** With a head and a payload of its own, and a mac by our own secret. */
function made(head: object, claims: unknown): string {
  const parts = [head, claims].map((part) => Buffer.from(JSON.stringify(part)).toString("base64url")).join(".");
  return `${parts}.${createHmac("sha256", keys[0]!.secret as string)
    .update(parts)
    .digest("base64url")}`;
}
const ownHead = { alg: "HS256", typ: "plimsoll-internal+jwt", kid: "2026-11" };
const claims = JSON.parse(Buffer.from(signed().split(".")[1]!, "base64url").toString()) as Record<string, unknown>;

const invalid = "internal_token_invalid";
const attacks: readonly (readonly [name: string, token: () => string | undefined, type: string])[] = [
  ["no token", () => undefined, "internal_token_missing"],
  ["an empty token", () => "", "internal_token_missing"],
  ["what is no token", () => "abc", invalid],
  ["the secret of another", () => signed({ with: foreign }), invalid],
  ["a key that is not known", () => signed({ with: unknownId }), invalid],
  ["no signature", () => signed().replace(/\.[^.]*$/, "."), invalid],
  ["a part too many", () => `${signed()}.x`, invalid],
  ["another actor under the same signature", () => altered(signed(), (one) => Object.assign(one, { sub: "root" })), invalid],
  ["another tenant under the same signature", () => altered(signed(), (one) => Object.assign(one, { on: "t-2" })), invalid],
  ["the kind system under the same signature", () => altered(signed(), (one) => Object.assign(one, { kind: "system" })), invalid],
  ["a longer life under the same signature", () => altered(signed(), (one) => Object.assign(one, { until: 9e15 })), invalid],
  ["the algorithm none", () => `${Buffer.from('{"alg":"none"}').toString("base64url")}.${signed().split(".")[1]}.`, invalid],
  ["a user's token of the same secret", () => made({ alg: "HS256", typ: "JWT" }, claims), invalid],
  ["a longer life than any call has", () => made(ownHead, { ...claims, until: Date.now() + 3_600_000 }), invalid],
  ["a claim of another type", () => made(ownHead, { ...claims, roles: "customer" }), invalid],
  ["claims that are none", () => made(ownHead, null), invalid],
  ["a token from the future", () => signed({ at: Date.now() + 60_000 }), invalid],
  ["a token longer than any", () => signed().replace(/\./, `.${"a".repeat(9_000)}`), invalid],
  ["a call that is over", () => signed({ at: Date.now() - 60_000 }), "internal_token_expired"],
  ["a call of another module", () => signed({ module: "payments" }), "internal_token_for_other"],
  ["a call of another operation of this module", () => signed({ operation: "orders.other" }), "internal_token_for_other"],
];

describe("a port for services", () => {
  let callee: App & { readonly url: string };
  let client: DynamicClient;
  before(async () => {
    const database = new MemoryDatabase();
    callee = await startCallee([orders], { database: { open: () => database } });
    client = new DynamicClient(
      callee.url,
      [orders].map((one) => ({ ...one, operations: [whoAsks, other, open].map(withRoute) })),
    );
  });
  after(async () => {
    client.close();
    await callee.stop();
  });
  const ask = (token: string | undefined, method = "WhoAsks") =>
    client.unary(`/orders.Orders/${method}`, {}, { headers: token === undefined ? {} : { "plimsoll-internal": token } });

  it("admits what a service has signed for this call", async () => {
    assert.deepEqual(await ask(signed()), { id: "ann" });
    assert.deepEqual(await ask(signed({ operation: "orders.other" }), "Other"), { id: "other" });
  });

  for (const [name, token, type] of attacks)
    it(`refuses ${name}`, async () => {
      const types: (string | undefined)[] = [];
      const off = callee.signals.executed.on(({ fault }) => void types.push(fault?.type));
      await assert.rejects(ask(token()), { code: 16 });
      off();
      assert.deepEqual(types, [type]);
    });

  it("refuses strangers even what is public", () => assert.rejects(ask(undefined, "Open"), { code: 16 }));
});

it("keys that can be guessed, or are not apart, are refused", () => {
  for (const weak of [
    [],
    [{ id: "a", secret: "short" }],
    [{ id: "a", secret: "a".repeat(40) }],
    [{ id: "a b", secret: keys[0]!.secret }],
    [keys[0]!, keys[0]!],
  ])
    assert.throws(() => internalCalls({ keys: weak }), { type: "key_unusable" });
});

it("while keys are rotated, the old one verifies and the new one signs", () => {
  const next = { id: "2026-12", secret: "kPdGfA1mYq3v9Zt7Lw0sXcE5rUbN8hJ2" };
  const both = internalCalls({ keys: [next, keys[0]!] });
  assert.equal(both.remembered(signed())?.actor?.id, "ann");
  assert.equal(both.remembered(signed({ with: new InternalKeys([next, keys[0]!], "a test") }))?.actor?.id, "ann");
  assert.equal(internalCalls({ keys: [next] }).remembered(signed()), undefined);
});

/** The descriptors of a client list what has a route alone. */
function withRoute<O extends { readonly name: string; readonly spec: object }>(operation: O): O {
  return { ...operation, spec: { ...operation.spec, http: `GET /v1/${operation.name}` } };
}

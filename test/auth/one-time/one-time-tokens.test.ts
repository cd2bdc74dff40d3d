import assert from "node:assert/strict";
import { after, before, beforeEach, describe, it } from "node:test";
import { type App, action, claim, command, module, query } from "plimsoll";
import { oneTimeTokens } from "plimsoll/auth";
import { postgres } from "plimsoll/postgres";
import { type TestDatabase, testApp, testDatabase } from "plimsoll/testing";
import { z } from "zod";

const resets = oneTimeTokens("desk.reset", { lifetime: "30m" });
const invitations = oneTimeTokens("desk.invitation", { lifetime: "7d", open: 3 });
const kinds = { resets, invitations };

const Kind = z.enum(["resets", "invitations"]).default("resets");
const Holder = z.object({ subject: z.string(), data: z.record(z.string(), z.unknown()) });
const common = { access: "public", budget: "5s" } as const;
const change = { ...common, idempotent: "natural" } as const;
const data = z.record(z.string(), z.unknown()).optional();

const issue = command("desk.issue", {
  ...{ ...change, input: z.object({ kind: Kind, subject: z.string(), data }), output: z.object({ token: z.string() }) },
  run: async ({ kind, subject, data: more }, scope) => ({
    token: await kinds[kind].issue(scope, { subject, ...(more && { data: more }) }),
  }),
});
/** What commands wait for that are to try a token at the same time, each in a transaction that has begun. */
let together: (() => Promise<void>) | undefined;
const redeem = command("desk.redeem", {
  ...{ ...change, input: z.object({ kind: Kind, token: z.string(), fails: z.boolean().default(false) }), output: Holder.nullable() },
  async run({ kind, token, fails }, scope) {
    await scope.sql`select 1`.exists();
    await together?.();
    const holder = await kinds[kind].redeem(scope, token);
    if (fails) throw new TypeError("it fails after the token was used");
    return holder ?? null;
  },
});
const find = query("desk.find", {
  ...{ ...common, input: z.object({ kind: Kind, token: z.string() }), output: Holder.nullable() },
  run: async ({ kind, token }, scope) => (await kinds[kind].find(scope, token)) ?? null,
});
const endAll = command("desk.end-all", {
  ...{ ...change, input: z.object({ kind: Kind, subject: z.string() }), output: z.object({ ended: z.int() }) },
  run: async ({ kind, subject }, scope) => ({ ended: await kinds[kind].endAllOf(scope, subject) }),
});
/** As an app does for a caller who has not signed in: an action names the tenant. */
const inTenant = action("desk.in-tenant", {
  ...{ ...common, idempotent: "no", input: z.object({ tenant: z.string(), token: z.string() }), output: Holder.nullable() },
  run: async ({ tenant, token }, { call }) => call(redeem, { token }, { tenant }),
});
const issueIn = action("desk.issue-in", {
  ...{ ...common, idempotent: "no", input: z.object({ tenant: z.string(), subject: z.string() }), output: z.object({ token: z.string() }) },
  run: async ({ tenant, subject }, { call }) => call(issue, { subject }, { tenant }),
});
const desk = module("desk", { operations: [issue, redeem, find, endAll, inTenant, issueIn] });

describe("one-time tokens", () => {
  let database: TestDatabase;
  let app: App;
  let stop: () => Promise<void>;
  before(async () => {
    database = await testDatabase({ modules: [desk] });
    const running = await testApp({ modules: [desk], database: postgres({ url: database.url }), tenancy: claim("tid") });
    app = running.app;
    stop = () => running.stop();
  });
  after(async () => {
    await stop?.();
    await database?.drop();
  });
  beforeEach(async () => {
    together = undefined;
    await database.admin("truncate plimsoll.one_time_tokens");
    await database.admin("select plimsoll.set_clock_offset('0')");
  });

  const issued = async (subject: string, more: { kind?: "resets" | "invitations"; data?: Record<string, unknown> } = {}) =>
    (await app.call(issue, { subject, ...more })).token;
  const redeemed = (token: string, kind?: "resets" | "invitations") => app.call(redeem, { token, ...(kind && { kind }) });
  const count = async () => (await database.admin<{ n: number }>("select count(*)::int as n from plimsoll.one_time_tokens"))[0]!.n;
  const later = (interval: string) => database.admin("select plimsoll.set_clock_offset($1::interval)", [interval]);

  it("are good once, and say for whom they were issued", async () => {
    const token = await issued("ann", { data: { email: "new@example.com" } });
    assert.match(token, /^[\w-]{43}$/);
    const holder = { subject: "ann", data: { email: "new@example.com" } };
    assert.deepEqual(await app.call(find, { token }), holder);
    assert.deepEqual(await app.call(find, { token }), holder, "to find it does not use it");
    assert.deepEqual(await redeemed(token), holder);
    assert.deepEqual([await redeemed(token), await app.call(find, { token }), await count()], [null, null, 0]);
  });

  it("are kept as a hash", async () => {
    const token = await issued("ann");
    const [row] = await database.admin<{ text: string }>("select t::text as text from plimsoll.one_time_tokens t");
    assert.ok(!row!.text.includes(token) && !row!.text.includes(Buffer.from(token, "base64url").toString("hex")));
  });

  it("are used by one of many transactions that try at once", async () => {
    const token = await issued("ann");
    const { promise, resolve } = Promise.withResolvers<void>();
    let arrived = 0;
    together = () => {
      if (++arrived === 4) resolve();
      return promise;
    };
    const tries = Array.from({ length: 4 }, () => redeemed(token));
    const won = (await Promise.all(tries)).filter((holder) => holder !== null);
    assert.deepEqual(won, [{ subject: "ann", data: {} }]);
  });

  it("are not used by a transaction that is undone", async () => {
    const token = await issued("ann");
    await assert.rejects(app.call(redeem, { token, fails: true }));
    assert.deepEqual(await redeemed(token), { subject: "ann", data: {} });
  });

  it("are good for one purpose and one tenant", async () => {
    const token = await issued("ann");
    assert.equal(await redeemed(token, "invitations"), null);
    assert.equal(await app.call(inTenant, { tenant: "acme", token }), null);
    const { token: theirs } = await app.call(issueIn, { tenant: "acme", subject: "ann" });
    assert.equal(await redeemed(theirs), null);
    assert.equal(await app.call(inTenant, { tenant: "globex", token: theirs }), null);
    assert.deepEqual(await app.call(inTenant, { tenant: "acme", token: theirs }), { subject: "ann", data: {} });
    assert.deepEqual(
      await redeemed(token),
      { subject: "ann", data: {} },
      "what was refused was not used, and no other tenant has ended it",
    );
  });

  it("expire", async () => {
    const [late, inTime] = [await issued("ann"), await issued("ben")];
    await later("29 minutes 59 seconds");
    assert.notEqual(await redeemed(inTime), null);
    await later("30 minutes");
    assert.deepEqual([await app.call(find, { token: late }), await redeemed(late)], [null, null]);
  });

  it("end when the next one is issued to the subject, and the others stay", async () => {
    const [first, other, invited] = [await issued("ann"), await issued("ben"), await issued("ann", { kind: "invitations" })];
    const second = await issued("ann");
    assert.equal(await redeemed(first), null);
    for (const [token, kind] of [
      [second, "resets"],
      [other, "resets"],
      [invited, "invitations"],
    ] as const)
      assert.notEqual(await redeemed(token, kind), null);
  });

  it("are as many at once as declared, also of issues at the same time", async () => {
    await Promise.all(Array.from({ length: 12 }, () => issued("ann", { kind: "invitations" })));
    await Promise.all(Array.from({ length: 12 }, () => issued("ann")));
    assert.equal(await count(), 4);
    const tokens: string[] = [];
    for (let n = 0; n < 4; n++) {
      await later(`${n} seconds`);
      tokens.push(await issued("ben", { kind: "invitations" }));
    }
    const good = await Promise.all(tokens.map((token) => app.call(find, { token, kind: "invitations" })));
    assert.deepEqual(
      good.map((holder) => holder !== null),
      [false, true, true, true],
    );
  });

  it("end all together", async () => {
    const tokens = [await issued("ann", { kind: "invitations" }), await issued("ann", { kind: "invitations" })];
    assert.deepEqual(await app.call(endAll, { kind: "invitations", subject: "ann" }), { ended: 2 });
    for (const token of tokens) assert.equal(await redeemed(token, "invitations"), null);
  });

  it("are deleted after they have expired, when others are issued", async () => {
    for (let n = 0; n < 50; n++) await issued(`user ${n}`);
    await later("1 hour");
    for (let n = 0; n < 3; n++) await issued("ann");
    assert.equal(await count(), 1);
  });

  it("cannot be read or written by the app's role past the functions", async () => {
    const reading = query("desk.read", {
      ...{ ...common, input: z.object({}), output: z.object({}) },
      run: async (_, { sql }) => sql`select * from plimsoll.one_time_tokens`.many().then(() => ({})),
    });
    await using other = await testApp({ modules: [module("desk", { operations: [reading] })], database: postgres({ url: database.url }) });
    await assert.rejects(other.app.call(reading, {}), (error: Error) => /permission denied/.test(`${error} ${error.cause}`));
  });

  it("look up no text that cannot be a token", async () => {
    const token = await issued("ann");
    for (const wrong of ["", "x", `${token} `, token.slice(1), "A".repeat(5_000), "\0".repeat(43)])
      assert.equal(await redeemed(wrong), null);
    assert.notEqual(await redeemed(token), null);
  });

  it("need a purpose, a subject, data and options within bounds", async () => {
    assert.throws(() => oneTimeTokens(""), { name: "AssertionError" });
    for (const wrong of [{ lifetime: "59s" }, { lifetime: "31d" }, { open: 0 }, { open: 101 }, { open: 1.5 }])
      assert.throws(() => oneTimeTokens("desk.reset", wrong as never), { name: "AssertionError" }, JSON.stringify(wrong));
    await assert.rejects(issued(""));
    await assert.rejects(issued("ann", { data: { text: "a".repeat(4_096) } }));
    assert.equal(await count(), 0);
  });
});

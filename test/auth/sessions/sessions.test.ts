import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { action, claim, command, module, query, signedIn } from "plimsoll";
import { sessions } from "plimsoll/auth";
import { http } from "plimsoll/http";
import { postgres } from "plimsoll/postgres";
import { type TestDatabase, testApp, testDatabase } from "plimsoll/testing";
import { z } from "zod";
import { TestClock } from "../../../src/testing/clock.ts";

const session = sessions({ idle: "30m", absolute: "2h", rotateAfter: "10m" });
const User = z.object({ user: z.string(), roles: z.array(z.string()).default([]) });
const quick = { budget: "5s", access: "public" } as const;

const open = command("desk.open", {
  ...{ ...quick, input: User.extend({ fails: z.boolean().default(false) }), output: z.object({}), idempotent: "no" },
  async run({ user, roles, fails }, scope) {
    await session.start(scope, { id: user, roles, claims: { seen: "today" } });
    if (fails) throw new TypeError("it fails after the session was started");
    return {};
  },
});
/** As an app signs in: an action, which names the tenant. */
const signIn = action("desk.sign-in", {
  ...{ ...quick, input: User, output: z.object({}), idempotent: "no", http: "POST /v1/sign-in" },
  run: async (input, { call }) => call(open, input, { tenant: "acme" }),
});
const directly = command("desk.directly", {
  ...{ ...quick, input: User.extend({ fails: z.boolean().default(false) }), output: z.object({ user: z.string() }) },
  ...{ idempotent: { key: "user" }, http: "POST /v1/directly" },
  async run({ user, fails }, scope) {
    await session.start(scope, { id: user });
    if (fails) throw new TypeError("it fails after the session was started");
    return { user };
  },
});
const signOut = command("desk.sign-out", {
  ...{ ...quick, input: z.object({}), output: z.object({}), idempotent: "natural", http: "POST /v1/sign-out" },
  async run(_, scope) {
    await session.end(scope);
    return {};
  },
});
const endAll = command("desk.end-all", {
  ...{ ...quick, access: signedIn(), input: z.object({ user: z.string(), keepOwn: z.boolean().default(false) }) },
  ...{ output: z.object({ ended: z.int() }), idempotent: "natural", http: "POST /v1/end-all" },
  run: async ({ user, keepOwn }, scope) => ({ ended: await session.endAllOf(scope, user, { keepOwn }) }),
});
const whoAmI = query("desk.me", {
  ...{ budget: "5s", access: signedIn(), input: z.object({}), http: "GET /v1/me" },
  output: z.object({
    id: z.string(),
    tenant: z.string().optional(),
    roles: z.array(z.string()),
    claims: z.record(z.string(), z.unknown()),
  }),
  run: async (_, { actor, tenant }) => ({ id: actor.id, tenant, roles: [...actor.roles], claims: actor.claims }),
});
const hello = query("desk.hello", {
  ...{ ...quick, input: z.object({}), output: z.object({ by: z.string() }) },
  http: { route: "GET /v1/hello", cacheControl: { maxAge: "1m", shared: true } },
  run: async (_, { actor }) => ({ by: actor.kind }),
});
const desk = module("desk", { operations: [open, signIn, directly, signOut, endAll, whoAmI, hello] });

describe("sessions in cookies", () => {
  let database: TestDatabase;
  before(async () => {
    database = await testDatabase({ modules: [desk] });
  });
  after(() => database.drop());

  async function start() {
    const clock = new TestClock({ now: Date.now() });
    await database.admin("truncate plimsoll.sessions");
    await database.admin("select plimsoll.set_clock_offset('0')");
    const running = await testApp({
      ...{ modules: [desk], database: postgres({ url: database.url }), authentication: session, tenancy: claim("tid") },
      ...{ surfaces: [http({ port: false, documents: true })], clock, cursors: { key: "kT8w2ZpQ5vX1mB9rL4sN7cD0yH3jF6gA-cursors" } },
    });
    const own = { "sec-fetch-site": "same-origin" };
    const ask = async (
      line: string,
      { cookie, body, headers = own }: { cookie?: string | undefined; body?: unknown; headers?: Record<string, string> } = {},
    ) => {
      const [method = "", path = ""] = line.split(" ");
      const response = await running.app.fetch(
        new Request(`http://desk${path}`, {
          method,
          headers: {
            ...headers,
            ...(cookie !== undefined && { cookie }),
            ...(method === "POST" && { "content-type": "application/json" }),
          },
          ...(method === "POST" && { body: JSON.stringify(body ?? {}) }),
        }),
      );
      const text = await response.text();
      const set = response.headers.getSetCookie();
      return { status: response.status, headers: response.headers, set, body: text === "" ? undefined : JSON.parse(text) };
    };
    const signedInAs = async (user: string, cookie?: string) => {
      const { status, set } = await ask("POST /v1/sign-in", { body: { user, roles: ["clerk"] }, cookie });
      assert.deepEqual([status, set.length], [204, 1]);
      return set[0]!.split(";")[0]!;
    };
    /** Lets time pass for the database and for the process. */
    let passed = 0;
    const pass = async (ms: number) => {
      passed += ms;
      clock.advance(ms);
      await database.admin("select plimsoll.set_clock_offset($1::interval)", [`${passed} milliseconds`]);
    };
    return { ask, signedInAs, pass, clock, running, [Symbol.asyncDispose]: () => running.stop() };
  }

  it("start with a cookie that scripts cannot read, of which the database keeps the hash", async () => {
    await using desk = await start();
    const { set } = await desk.ask("POST /v1/sign-in", { body: { user: "ann", roles: ["clerk"] } });
    assert.match(set[0]!, /^__Host-session=[\w-]{43}; Path=\/; Max-Age=7200; Secure; HttpOnly; SameSite=Lax$/);
    const cookie = set[0]!.split(";")[0]!;
    const me = await desk.ask("GET /v1/me", { cookie: `other=1; ${cookie}; last=2` });
    const { sid, iat, ...claims } = me.body.claims;
    assert.deepEqual(
      [me.status, me.set, { ...me.body, claims }],
      [200, [], { id: "ann", tenant: "acme", roles: ["clerk"], claims: { seen: "today", tid: "acme" } }],
    );
    assert.ok(/^[\da-f-]{36}$/.test(sid) && Math.abs(iat * 1_000 - Date.now()) < 60_000);
    const [row] = await database.admin<{ text: string }>("select s::text as text from plimsoll.sessions s");
    const secret = cookie.split("=")[1]!;
    assert.ok(!row!.text.includes(secret) && !row!.text.includes(Buffer.from(secret, "base64url").toString("hex")));
  });

  it("are none without a cookie, with one that is made up, and with one that has ended", async () => {
    await using desk = await start();
    const none = await desk.ask("GET /v1/me");
    assert.deepEqual([none.status, none.body.type, none.set], [401, "urn:plimsoll:session_missing", []]);
    assert.equal(none.headers.get("www-authenticate"), 'Cookie cookie-name="__Host-session"');
    for (const value of ["", "x", "A".repeat(43), "A".repeat(5_000), `"${"A".repeat(43)}"`, "%00"]) {
      const cookie = `__Host-session=${value}`;
      assert.equal((await desk.ask("GET /v1/me", { cookie })).status, 401, value.slice(0, 50));
      const open = await desk.ask("GET /v1/hello", { cookie });
      assert.deepEqual([open.status, open.body], [200, { by: "anonymous" }]);
      const cleared = value === "" ? [] : ["__Host-session=; Path=/; Max-Age=0; Secure; HttpOnly; SameSite=Lax"];
      assert.deepEqual(open.set, cleared, value.slice(0, 50));
    }
  });

  it("keep a reply out of caches that others share", async () => {
    await using desk = await start();
    for (const cookie of [undefined, await desk.signedInAs("ann"), `__Host-session=${"A".repeat(43)}`])
      assert.match(String((await desk.ask("GET /v1/hello", { cookie })).headers.get("cache-control")), /private/);
  });

  it("end with a sign-out", async () => {
    await using desk = await start();
    const cookie = await desk.signedInAs("ann");
    const { status, set } = await desk.ask("POST /v1/sign-out", { cookie });
    assert.deepEqual([status, set], [204, ["__Host-session=; Path=/; Max-Age=0; Secure; HttpOnly; SameSite=Lax"]]);
    await desk.pass(1_001);
    assert.equal((await desk.ask("GET /v1/me", { cookie })).status, 401);
  });

  it("end within a second, all of a user, in every process", async () => {
    await using desk = await start();
    await using other = await testApp({
      ...{
        modules: [module("desk", { operations: [whoAmI] })],
        database: postgres({ url: database.url }),
        authentication: session,
        clock: desk.clock,
      },
      ...{ surfaces: [http({ port: false })] },
    });
    const [first, second] = [await desk.signedInAs("ann"), await desk.signedInAs("ann")];
    const ben = await desk.signedInAs("ben");
    const elsewhere = async (cookie: string) => (await other.app.fetch(new Request("http://desk/v1/me", { headers: { cookie } }))).status;
    assert.deepEqual([await elsewhere(first), await elsewhere(second), await elsewhere(ben)], [200, 200, 200]);
    assert.deepEqual((await desk.ask("POST /v1/end-all", { cookie: first, body: { user: "ann", keepOwn: true } })).body, { ended: 1 });
    await desk.pass(1_001);
    assert.deepEqual([await elsewhere(first), await elsewhere(second), await elsewhere(ben)], [200, 401, 200]);
    assert.deepEqual((await desk.ask("POST /v1/end-all", { cookie: first, body: { user: "ann" } })).body, { ended: 1 });
    await desk.pass(1_001);
    assert.deepEqual([await elsewhere(first), await elsewhere(second), await elsewhere(ben)], [401, 401, 200]);
  });

  it("cost one look-up a second, however many requests come", async () => {
    await using desk = await start();
    const cookie = await desk.signedInAs("ann");
    const looked = () => desk.running.app.loadLines.list().find(({ name }) => name === "sessions being looked up")!.admitted;
    const before = looked();
    await Promise.all(Array.from({ length: 20 }, () => desk.ask("GET /v1/me", { cookie })));
    for (let n = 0; n < 20; n++) await desk.ask("GET /v1/me", { cookie });
    assert.equal(looked() - before, 1);
    await desk.pass(1_000);
    await desk.ask("GET /v1/me", { cookie });
    assert.equal(looked() - before, 2);
  });

  it("last as long as they are used, and not longer than declared", async () => {
    await using desk = await start();
    let cookie = await desk.signedInAs("ann");
    const idle = await desk.signedInAs("ben");
    for (let minutes = 0; minutes < 115; minutes += 23) {
      const me = await desk.ask("GET /v1/me", { cookie });
      assert.equal(me.status, 200, `after ${minutes} minutes`);
      cookie = me.set[0]?.split(";")[0] ?? cookie;
      await desk.pass(23 * 60_000);
      if (minutes === 23) assert.equal((await desk.ask("GET /v1/me", { cookie: idle })).status, 401);
    }
    assert.equal((await desk.ask("GET /v1/me", { cookie })).status, 200);
    await desk.pass(5 * 60_000 + 1);
    assert.equal((await desk.ask("GET /v1/me", { cookie })).status, 401, "after two hours");
  });

  it("get another token while they are used, and the old one ends once the new one was used", async () => {
    await using desk = await start();
    const old = await desk.signedInAs("ann");
    await desk.pass(10 * 60_000);
    const renewed = await Promise.all(Array.from({ length: 5 }, () => desk.ask("GET /v1/me", { cookie: old })));
    const cookies = new Set(renewed.map(({ set }) => set[0]?.split(";")[0]));
    assert.equal(cookies.size, 1, "requests at once get the same one");
    const [cookie] = [...cookies];
    assert.ok(cookie !== undefined && cookie !== old);
    await desk.pass(2_000);
    assert.equal((await desk.ask("GET /v1/me", { cookie: old })).status, 200, "it may be on its way");
    assert.equal((await desk.ask("GET /v1/me", { cookie })).status, 200);
    await desk.pass(29_000);
    assert.equal((await desk.ask("GET /v1/me", { cookie: old })).status, 200);
    await desk.pass(2_000);
    assert.equal((await desk.ask("GET /v1/me", { cookie: old })).status, 401);
    assert.equal((await desk.ask("GET /v1/me", { cookie })).status, 200);
  });

  it("survive a response with a new token that was lost", async () => {
    await using desk = await start();
    const old = await desk.signedInAs("ann");
    await desk.pass(10 * 60_000);
    const lost = (await desk.ask("GET /v1/me", { cookie: old })).set[0]!.split(";")[0]!;
    await desk.pass(60_000);
    const again = await desk.ask("GET /v1/me", { cookie: old });
    assert.equal(again.status, 200);
    const cookie = again.set[0]!.split(";")[0]!;
    await desk.pass(2_000);
    assert.equal((await desk.ask("GET /v1/me", { cookie: lost })).status, 401, "only the last one is valid");
    assert.equal((await desk.ask("GET /v1/me", { cookie })).status, 200);
  });

  it("are others after a sign-in: the one that came with it ends", async () => {
    await using desk = await start();
    const before = await desk.signedInAs("ann");
    const cookie = await desk.signedInAs("ann", before);
    assert.notEqual(cookie, before);
    await desk.pass(1_001);
    assert.deepEqual(
      [(await desk.ask("GET /v1/me", { cookie: before })).status, (await desk.ask("GET /v1/me", { cookie })).status],
      [401, 200],
    );
  });

  it("start only with the transaction that starts them", async () => {
    await using desk = await start();
    const failed = await desk.ask("POST /v1/directly", { body: { user: "ann", fails: true }, headers: { "idempotency-key": "k1" } });
    assert.deepEqual([failed.status, failed.set], [500, []]);
    const [{ n }] = (await database.admin<{ n: number }>("select count(*)::int as n from plimsoll.sessions")) as [{ n: number }];
    assert.equal(n, 0);
  });

  it("are in the reply that a key repeats, and in no record in the clear", async () => {
    await using desk = await start();
    const send = () => desk.ask("POST /v1/directly", { body: { user: "ann" }, headers: { "idempotency-key": "k2" } });
    const [first, again] = [await send(), await send()];
    assert.deepEqual([first.status, again.status, again.headers.get("idempotency-replayed")], [200, 200, "true"]);
    assert.equal(again.set[0], first.set[0]);
    assert.equal(again.set.length, 1);
    const cookie = first.set[0]!.split(";")[0]!;
    assert.equal((await desk.ask("GET /v1/me", { cookie })).status, 200);
    const records = await database.admin<{ text: string }>("select i::text as text from plimsoll.idempotency i");
    assert.ok(records.length > 0 && records.every(({ text }) => !text.includes(cookie.split("=")[1]!)));
  });

  it("of a user are at most a hundred, and those that have expired are deleted", async () => {
    await using desk = await start();
    const oldest = await desk.signedInAs("ann");
    await database.admin(
      "insert into plimsoll.sessions select gen_random_uuid(), sha256(n::text::bytea), null, null, 'ann', 'acme', '{}', '{}', plimsoll.now() + n * interval '1 ms', plimsoll.now(), '1 hour', plimsoll.now() + interval '1 hour', plimsoll.now() + interval '1 hour' from generate_series(1, 99) n",
    );
    assert.equal((await desk.ask("GET /v1/me", { cookie: oldest })).status, 200);
    await desk.signedInAs("ann");
    await desk.pass(1_001);
    assert.equal((await desk.ask("GET /v1/me", { cookie: oldest })).status, 401);
    const count = async () => (await database.admin<{ n: number }>("select count(*)::int as n from plimsoll.sessions"))[0]!.n;
    assert.equal(await count(), 100);
    await desk.pass(3 * 3_600_000);
    for (let n = 0; n < 6; n++) await desk.signedInAs("ben");
    assert.equal(await count(), 6);
  });

  it("stand in the OpenAPI document", async () => {
    await using desk = await start();
    const { body } = await desk.ask("GET /openapi.json");
    assert.deepEqual(body.components.securitySchemes.session, {
      ...{
        type: "apiKey",
        in: "cookie",
        name: "__Host-session",
        description:
          "The session of a browser, which a sign-in starts. Any response may set the cookie to a new token. The tenant comes from the claim tid.",
      },
    });
    assert.deepEqual(body.paths["/v1/me"].get.security, [{ session: [] }]);
  });

  it("need a database, and options within bounds", () => {
    for (const wrong of [
      { cookie: "session" },
      { idle: "59s" },
      { idle: "2h", absolute: "1h" },
      { rotateAfter: "1s" },
      { rememberFor: "2s" },
      { origins: ["app.example.com"] },
    ])
      assert.throws(() => sessions(wrong as never), { name: "AssertionError" }, JSON.stringify(wrong));
    return assert.rejects(async () => testApp({ modules: [desk], authentication: session }), { type: "sessions_unavailable" });
  });
});

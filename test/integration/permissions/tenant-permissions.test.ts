import assert from "node:assert/strict";
import { after, before, beforeEach, describe, it } from "node:test";
import { type App, action, claim, createApp, module, permission, tenantPermissions } from "plimsoll";
import { postgres } from "plimsoll/postgres";
import { accessTable, FaultProxy, TestClock, type TestDatabase, testDatabase } from "plimsoll/testing";
import { z } from "zod";
import { begin, decide, desk, items, modules, permissions, work } from "./desk.ts";

describe("permissions per tenant", () => {
  const clock = new TestClock();
  let database: TestDatabase;
  let app: App;
  before(async () => {
    database = await testDatabase({ modules });
    app = desk({ database, clock });
    await app.start();
  });
  after(async () => {
    await app.stop();
    await database.drop();
  });
  beforeEach(async () => {
    await decide(database, "acme", { clerk: ["reports.read"], boss: ["reports.read", "margins.read", "orders.refund"] });
    await decide(database, "globex", { clerk: ["orders.refund"] });
    clock.advance(1_000);
  });

  const send = (target: string, token: string, { headers = {}, of = app }: { headers?: Record<string, string>; of?: App } = {}) => {
    const [method = "", path = ""] = target.split(" ");
    const authorization = `Bearer ${token}`;
    const body = method === "POST" ? { body: "{}" } : {};
    return fetch(new URL(path, of.urls.surfaces[0]), {
      ...{ method, ...body, headers: { authorization, "content-type": "application/json", ...headers } },
    });
  };
  const ask = async (...given: Parameters<typeof send>): Promise<string> => {
    const response = await send(...given);
    const { type, margin } = JSON.parse((await response.text()) || "{}") as { readonly type?: string; readonly margin?: number };
    return [response.status, type?.replace("urn:plimsoll:", ""), margin].filter((part) => part !== undefined).join(" ");
  };
  const key = () => ({ headers: { "idempotency-key": crypto.randomUUID() } });

  it("are those of the tenant of the caller; a tenant without a map has the defaults", async () => {
    assert.equal(await ask("GET /report", "ann@acme+clerk"), "200");
    assert.equal(await ask("POST /refund", "ann@acme+clerk", key()), "403 permission_denied");
    assert.equal(await ask("GET /report", "bob@globex+clerk"), "403 permission_denied");
    assert.equal(await ask("POST /refund", "bob@globex+clerk", key()), "200");
    assert.equal(await ask("GET /report", "cat@other+clerk"), "200");
    assert.equal(await ask("POST /refund", "cat@other+clerk", key()), "403 permission_denied");
    assert.equal(await ask("GET /report", "bob@globex+boss"), "403 permission_denied", "a role that only another tenant has");
    assert.equal(await ask("GET /report", "bob@globex"), "403 permission_denied", "no role");
  });

  it("change within their age, also for fields, cached values and repeated replies", async () => {
    const refund = key();
    assert.equal(await ask("GET /report", "ann@acme+boss"), "200 3");
    assert.equal(await ask("GET /report", "ann@acme+clerk"), "200");
    assert.equal(await ask("POST /refund", "ann@acme+boss", refund), "200 4");
    await decide(database, "acme", { clerk: ["reports.read", "margins.read"], boss: ["orders.refund"] });
    clock.advance(1_000);
    assert.equal(await ask("GET /report", "ann@acme+boss"), "403 permission_denied", "though the value is in the cache");
    assert.equal(await ask("GET /report", "ann@acme+clerk"), "200 3");
    assert.equal(await ask("POST /refund", "ann@acme+boss", refund), "200", "the repeated reply without the field");
    await decide(database, "acme", { boss: [] });
    clock.advance(1_000);
    assert.equal(await ask("POST /refund", "ann@acme+boss", refund), "403 permission_denied");
  });

  it("decide for an operation that another calls", async () => {
    assert.equal(await ask("POST /through", "ann@acme+boss"), "204");
    assert.equal(await ask("POST /through", "ann@acme+clerk"), "403 permission_denied");
    assert.equal(await ask("POST /through", "bob@globex+clerk"), "204");
  });

  it("decide for each item of a stream that is open", async () => {
    const { body } = await send("GET /watch", "ann@acme+boss", { headers: { accept: "application/x-ndjson" } });
    assert.ok(body);
    const reader = body.pipeThrough(new TextDecoderStream()).getReader();
    const next = async () => JSON.parse((await reader.read()).value ?? "null");
    assert.deepEqual(await next(), { id: "s", loads: 0, margin: 5 });
    await decide(database, "acme", { boss: ["reports.read"] });
    clock.advance(1_000);
    items.shift()?.resolve();
    assert.deepEqual(await next(), { id: "s", loads: 1 });
    await reader.cancel();
    items.length = 0;
  });

  it("are not asked of a task, which runs as the system", async () => {
    await decide(database, "acme", { boss: ["orders.refund"] });
    const done = app.signals.executed.next(({ operation }) => operation === work.name);
    await app.call(begin, {}, { actor: { id: "ann", kind: "user", roles: ["boss"], tenant: "acme", claims: { tid: "acme" } } });
    // The worker looks for tasks in the time of the app.
    const looking = setInterval(() => clock.advance(100), 10);
    const { outcome, tenant } = await done.finally(() => clearInterval(looking));
    assert.deepEqual([outcome, tenant], ["ok", "acme"]);
  });

  it("stand in the table of access as such", () => {
    const line = (name: string) =>
      accessTable(app)
        .split("\n")
        .find((row) => row.startsWith(name)) ?? "";
    assert.match(line("t.report"), /permission reports\.read \(per tenant\); margin: permission margins\.read \(per tenant\)$/);
    assert.match(line("t.hello"), /role clerk$/);
  });

  it("are unavailable while the database is away, to those who need one", async () => {
    const { hostname: host, port } = new URL(database.url);
    await using network = new FaultProxy({ host, port: Number(port) });
    await network.start();
    const other = desk({ database: postgres({ url: network.through(database.url) }), permissions: permissions("1s") });
    await other.start();
    try {
      const report = () => ask("GET /report", "ann@acme+clerk", { of: other });
      assert.equal(await report(), "200");
      network.down();
      let outcome = await report();
      // Until what is known is too old.
      while (outcome === "200") outcome = await report();
      assert.equal(outcome, "503 permissions_unavailable");
      assert.equal(await ask("POST /hello", "ann@acme+clerk", { of: other }), "204");
      assert.equal(await ask("GET /report", "ann@acme", { of: other }), "403 permission_denied");
      network.up();
      while (outcome !== "200") outcome = await report();
    } finally {
      await other.stop();
    }
  });
});

describe("permissions per tenant that cannot be", () => {
  const operations = [
    action("t.a", {
      ...{ input: z.object({}), output: z.object({}), access: permission("a"), idempotent: "natural", budget: "1s" },
      run: async () => ({}),
    }),
  ];
  const load = async () => undefined;
  const database = postgres({ url: "postgres://none@127.0.0.1:1/none" });
  for (const [what, spec, problem] of [
    ["without a database", { permissions: tenantPermissions({ load }), tenancy: claim("tid") }, /the app has none\. Add a database/],
    ["without tenants", { permissions: tenantPermissions({ load }), database }, /The app has no tenants/],
    [
      "too short an age",
      { permissions: tenantPermissions({ load, maxAge: "99ms" }), database, tenancy: claim("tid") },
      /is 99ms\. Write "100ms"/,
    ],
    ["too long an age", { permissions: tenantPermissions({ load, maxAge: "11m" }), database, tenancy: claim("tid") }, /is 11m/],
    ["no load", { permissions: tenantPermissions({ load: undefined as never }), database, tenancy: claim("tid") }, /has no load/],
    [
      "defaults that are no lists",
      { permissions: tenantPermissions({ load, defaults: { x: "a" as never } }), database, tenancy: claim("tid") },
      /permissions\.defaults\.x: It is not a list/,
    ],
  ] as const)
    it(`${what}: the app is not made`, () =>
      assert.throws(() => createApp({ modules: [module("t", { operations })], ...spec }), { type: "app_invalid", message: problem }));
});

import assert from "node:assert/strict";
import { after, afterEach, before, describe, it } from "node:test";
import {
  type Actor,
  claim,
  command,
  discard,
  exponential,
  module,
  query,
  schedule,
  signedIn,
  type TaskScope,
  type Tenancy,
  task,
} from "plimsoll";
import { type TestApp, type TestDatabase, testActor, testApp, testDatabase } from "plimsoll/testing";
import { z } from "zod";
import { moveTime } from "../books/books.ts";
import { allDone, untilStored } from "../books/task-tables.ts";

const none = z.object({});
/** What the task of the next test does, and what was seen. */
let body: (scope: TaskScope) => unknown = () => undefined;
let saw: unknown[] = [];

const who = query("tenants.who", {
  ...{ input: none, output: z.object({ tenant: z.string().nullable() }), access: "public", budget: "5s" },
  run: async (_, { sql }) => sql<{ tenant: string | null }>`select plimsoll.tenant() as tenant`.one(),
});
const retry = { attempts: 2, backoff: exponential("1ms", { max: "1ms", jitter: "none" }) };
const work = task("tenants.work", { input: none, budget: "10s", retry, run: async (_, scope) => body(scope) });
const child = task("tenants.child", { input: none, budget: "10s", run: async (_, scope) => void saw.push(await seenBy(scope)) });
const begin = command("tenants.begin", {
  ...{
    input: z.object({ child: z.boolean().optional(), tenant: z.string().optional() }),
    output: z.object({ tenant: z.string().nullable() }),
  },
  ...{ access: "public", idempotent: "no", budget: "10s" },
  async run({ child: isChild = false, tenant }, scope) {
    await scope.start(isChild ? child : work, {}, tenant === undefined ? {} : ({ tenant } as object));
    return { tenant: scope.tenant ?? null };
  },
});
const mine = command("tenants.mine", {
  ...{ input: none, output: none, access: signedIn(), idempotent: "key", budget: "10s" },
  run: async () => ({}),
});
const often = schedule("tenants.often", { cron: "* * * * * *", task: child, input: {}, tenant: "acme" });
const operations = [who, work, child, begin, mine];
const modules = [module("tenants", { operations })];

/** The tenant as the scope says it, and as the transaction of a query has it for row-level security. */
async function seenBy(scope: Pick<TaskScope, "tenant" | "call">) {
  return [scope.tenant, (await scope.call(who, {})).tenant];
}

const tenancies: { readonly name: string; readonly tenancy: Tenancy; readonly actor: Actor }[] = [
  { name: "a claim of another name", tenancy: claim("org"), actor: testActor({ claims: { org: "acme" } }) },
  {
    name: "a rule of the app",
    tenancy: { description: "a role", tenantOf: ({ roles }) => roles.find((role) => role.startsWith("of-"))?.slice(3) },
    actor: testActor({ roles: ["of-acme"] }),
  },
  { name: "the claim tid (as before)", tenancy: claim("tid"), actor: testActor({ claims: { tid: "acme" } }) },
];

describe("a task's tenant", () => {
  let database: TestDatabase;
  let app: TestApp;
  before(async () => {
    database = await testDatabase({ modules });
  });
  afterEach(async () => {
    await moveTime(database, "0");
    await app?.stop();
    body = () => undefined;
    saw = [];
  });
  after(() => database.drop());
  const open = async (tenancy: Tenancy = claim("org"), actor: Actor = testActor({ claims: { org: "acme" } }), more: object = {}) => {
    app = await testApp({ modules, database, tenancy, actor, ...more });
    return app;
  };
  const done = () => allDone(database);

  for (const { name, tenancy, actor } of tenancies)
    it(`is that of the request that started it: ${name}`, async () => {
      await open(tenancy, actor);
      const ended = app.executed(work);
      body = async (scope) => {
        saw.push(await seenBy(scope));
        await scope.commit(async ({ sql }) => saw.push((await sql<{ t: string }>`select plimsoll.tenant() as t`.one()).t));
      };
      assert.equal((await app.call(begin, {})).tenant, "acme");
      assert.equal((await ended).tenant, "acme");
      await done();
      assert.deepEqual(saw, [["acme", "acme"], "acme"]);
    });

  it("is the same for a task that a task starts", async () => {
    await open();
    body = (scope) => scope.start(child, {});
    await app.call(begin, {});
    await done();
    assert.deepEqual(saw, [["acme", "acme"]]);
  });

  it("is the same for every attempt, and for a dead letter that is requeued", async () => {
    await open();
    body = async (scope) => {
      saw.push([scope.attempt, ...(await seenBy(scope))]);
      throw scope.attempt === 1 ? new RangeError("again") : discard("enough");
    };
    await app.call(begin, {});
    await untilStored(database, "deadLetters");
    body = async (scope) => void saw.push(await seenBy(scope));
    assert.equal(await app.app.tasks.requeue({}), 1);
    await done();
    assert.deepEqual(saw, [
      [1, "acme", "acme"],
      [2, "acme", "acme"],
      ["acme", "acme"],
    ]);
  });

  it("is the one that the app named", async () => {
    await open();
    await app.app.tasks.start(child, {}, { tenant: "acme" });
    await app.app.tasks.startMany(child, [{}], { tenant: "globex" });
    await done();
    assert.deepEqual(saw.toSorted(), [
      ["acme", "acme"],
      ["globex", "globex"],
    ]);
  });

  it("is that of the schedule", async () => {
    await open(claim("org"), testActor({}), { modules: [module("tenants", { operations, schedules: [often] })] });
    const { tenant } = await app.executed(child);
    assert.equal(tenant, "acme");
  });

  it("is that of the call that named one, where its caller has none", async () => {
    await open();
    body = async ({ call }) => void saw.push((await call(begin, { child: true }, { tenant: "acme" })).tenant);
    await app.app.tasks.start(work, {});
    await done();
    assert.deepEqual(saw, ["acme", ["acme", "acme"]]);
  });

  it("keeps the keys of the commands that it calls apart", async () => {
    await open();
    body = async ({ call, tenant }) => {
      await call(mine, {}, { key: "one" });
      saw.push(tenant);
    };
    for (const tenant of ["acme", "globex"]) await app.app.tasks.start(work, {}, { tenant });
    await done();
    assert.deepEqual(saw.toSorted(), ["acme", "globex"]);
    const [row] = await database.admin<{ n: number }>("select count(*)::integer as n from plimsoll.idempotency");
    assert.equal(row?.n, 2);
  });

  it("may be named by work of the system that has none", async () => {
    await open();
    body = async ({ start }) => {
      for (const tenant of ["acme", "globex"]) await start(child, {}, { tenant, key: `close-${tenant}` });
    };
    await app.app.tasks.start(work, {});
    await done();
    assert.deepEqual(saw.toSorted(), [
      ["acme", "acme"],
      ["globex", "globex"],
    ]);
  });

  it("cannot be named by what runs for another, nor by a caller, signed in or not", async () => {
    await open();
    const refused = { code: "permission_denied", type: "other_tenant" };
    const typeOf = (work: Promise<unknown>) =>
      work.then(
        () => "started",
        (error: { type?: string }) => error.type,
      );
    assert.equal(await typeOf(app.call(begin, { tenant: "globex" })), refused.type);
    assert.equal(await typeOf(app.call(begin, { tenant: "globex" }, { actor: testActor({}) })), refused.type);
    assert.equal(await typeOf(app.call(begin, { tenant: "" })), refused.type);
    body = async ({ start }) => void saw.push(await typeOf(start(child, {}, { tenant: "globex" })));
    await app.app.tasks.start(work, {}, { tenant: "acme" });
    await done();
    assert.deepEqual(saw, [refused.type]);
    saw = [];
    assert.equal(await typeOf(app.call(begin, { child: true, tenant: "acme" })), "started");
    await done();
    assert.deepEqual(saw, [["acme", "acme"]]);
  });
});

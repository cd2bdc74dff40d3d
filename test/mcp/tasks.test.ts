// A call that starts a durable task, as a task of MCP.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { command, createApp, fail, fault, module, query, signedIn, task } from "plimsoll";
import { http } from "plimsoll/http";
import { mcp } from "plimsoll/mcp";
import { type TestApp, type TestDatabase, testApp, testDatabase } from "plimsoll/testing";
import { z } from "zod";
import { MemoryDatabase } from "../../src/testing/conformance/memory-database.ts";
import { run } from "./app.ts";
import { from } from "./ask.ts";
import { ann, authentication, bob } from "./operations.ts";

const Gone = fault("gone", { code: "not_found", message: "There is not such a report." });
const Over = fault("over", { code: "failed_precondition", message: "It has ended." });
const ById = z.object({ reportId: z.uuid() });
const Status = z.enum(["working", "completed", "failed", "cancelled"]);
const Report = z.object({ status: Status, pages: z.int().nullable() });

const write = task("reports.write", {
  ...{ input: z.object({ reportId: z.uuid(), pages: z.int() }), budget: "5s" },
  run: ({ reportId, pages }, { commit }) =>
    commit(({ sql }) => {
      const status = pages < 0 ? "failed" : "completed";
      return sql`update reports.reports set status = ${status}, pages = ${pages} where id = ${reportId} and status = 'working'`.run();
    }),
});
const get = query("reports.get", {
  ...{ input: ById, output: Report, access: signedIn(), budget: "5s", faults: [Gone] },
  run: async ({ reportId }, { sql, actor }) => {
    const found = await sql(Report)`select status, pages from reports.reports where id = ${reportId} and owner_id = ${actor.id}`.maybe();
    return found ?? fail(Gone, {});
  },
});
const cancel = command("reports.cancel", {
  ...{ input: ById, output: z.object({}), access: signedIn(), budget: "5s", idempotent: "natural", faults: [Over] },
  run: async ({ reportId }, { sql }) => {
    const done = await sql`update reports.reports set status = 'cancelled' where id = ${reportId} and status = 'working'`.run();
    return done === 0 ? fail(Over, {}) : {};
  },
});
const begin = command("reports.begin", {
  ...{ input: z.object({ pages: z.int() }), output: ById, access: signedIn(), budget: "5s", idempotent: "no" },
  mcp: { destructive: false, task: { reads: get, cancels: cancel } },
  run: async ({ pages }, { sql, start, actor, newId }) => {
    const reportId = newId();
    await sql`insert into reports.reports (id, owner_id) values (${reportId}, ${actor.id})`.run();
    await start(write, { reportId, pages });
    return { reportId };
  },
});
const reports = module("reports", {
  ...{ schema: "reports", migrations: new URL("./reports/", import.meta.url), operations: [write, get, cancel, begin] },
});

const extension = "io.modelcontextprotocol/tasks";
const capabilities = { extensions: { [extension]: {} } };

describe("a call that starts durable work", () => {
  let database: TestDatabase;
  let app: TestApp;
  before(async () => {
    database = await testDatabase({ modules: [reports] });
    // It works only where a test says so: otherwise a report may be written before its test has read or cancelled it.
    app = await testApp({ modules: [reports], database, surfaces: [http({ port: false }), mcp()], authentication, roles: ["serve"] });
  });
  after(async () => {
    await app?.stop();
    await database.drop();
  });

  const ask = (method: string, params: object, asking: object = { headers: ann, capabilities }) =>
    from(app.app).modern(method, { ...params }, asking);
  const call = (pages: number, asking?: object) => ask("tools/call", { name: "reports.begin", arguments: { pages } }, asking);
  const work = async () => {
    await using worker = await testApp({ modules: [reports], database, roles: ["worker"] });
    await worker.runUntilIdle();
  };
  const read = async (taskId: string) => {
    const { result, error } = await ask("tasks/get", { taskId });
    assert.equal(error, undefined, JSON.stringify(error));
    return result;
  };

  it("is a task for clients that take tasks, and a result for others", async () => {
    const { result } = await call(3);
    assert.deepEqual([result.resultType, result.status, result.ttlMs > 0, result.pollIntervalMs > 0], ["task", "working", true, true]);
    assert.ok(!Number.isNaN(Date.parse(result.createdAt)));
    const other = await call(3, { headers: ann });
    assert.deepEqual([other.result.resultType, Object.keys(other.result.structuredContent)], ["complete", ["reportId"]]);
    assert.deepEqual((await ask("server/discover", {})).result.capabilities.extensions, { [extension]: {} });
  });

  it("is read by its id until it has ended, with its result", async () => {
    const { taskId } = (await call(7)).result;
    const working = await read(taskId);
    assert.deepEqual([working.resultType, working.taskId, working.status, working.result], ["complete", taskId, "working", undefined]);
    await work();
    const ended = await read(taskId);
    assert.equal(ended.status, "completed");
    assert.deepEqual(ended.result.structuredContent, { status: "completed", pages: 7 });
    assert.deepEqual([ended.result.isError, ended.result.content.length], [false, 1]);
  });

  it("has ended with an error of the tool where the work failed", async () => {
    const { taskId } = (await call(-1)).result;
    await work();
    const { status, result } = await read(taskId);
    assert.deepEqual([status, result.isError], ["completed", true]);
  });

  it("is cancelled, once or twice", async () => {
    const { taskId } = (await call(1)).result;
    for (const _ of [1, 2]) assert.equal((await ask("tasks/cancel", { taskId })).result.resultType, "complete");
    await work();
    assert.equal((await read(taskId)).status, "cancelled");
    assert.equal((await ask("tasks/update", { taskId, inputResponses: {} })).result.resultType, "complete");
  });

  it("is nothing to another caller, to a client that takes no tasks, and under another id", async () => {
    const { taskId } = (await call(1)).result;
    for (const method of ["tasks/get", "tasks/cancel", "tasks/update"]) {
      assert.equal((await ask(method, { taskId }, { headers: bob, capabilities })).error.code, -32_602, method);
      assert.equal((await ask(method, { taskId: "x" })).error.code, -32_602, method);
      const plain = await ask(method, { taskId }, { headers: ann });
      assert.deepEqual([plain.status, plain.error.code], [400, -32_021], method);
    }
    for (const method of ["tasks/result", "tasks/list"]) assert.equal((await ask(method, { taskId })).error.code, -32_601);
  });
});

it("counts once at the rate of its caller", async () => {
  const reads = query("suite.reads", { ...other, output: z.object({ status: Status }), run: async () => ({ status: "working" as const }) });
  const starts = command("suite.starts", { ...other, idempotent: "no", mcp: { task: { reads } }, run: async () => ({}) });
  await using limited = await run([reads, starts], { spec: { rateLimit: { perSecond: 0.001, burst: 2 } } });
  for (const resultType of ["task", "task"]) {
    const { result } = await from(limited.app).modern("tools/call", { name: "suite.starts" }, { headers: ann, capabilities });
    assert.equal(result.resultType, resultType);
  }
});

const other = { input: z.object({}), output: z.object({}), access: signedIn(), budget: "1s" } as const;
for (const [what, more, says] of [
  ["what the app does not have", { reads: { name: "suite.none", output: {} } }, /not an operation of this app/],
  ["what has no status", { reads: { name: "suite.plain", output: {} } }, /needs status/],
  ["what needs more than its output", { reads: { name: "suite.by-id", output: {} } }, /needs reportId/],
  [
    "a cancellation that may not come twice",
    { reads: { name: "suite.plain", output: {} }, cancels: { name: "suite.keyed", output: {} } },
    /not natural/,
  ],
] as const)
  it(`is refused at the start where its task reads or cancels by ${what}`, () => {
    const operations = [
      query("suite.plain", { ...other, run: async () => ({}) }),
      query("suite.by-id", {
        ...other,
        input: ById,
        output: z.object({ status: Status }),
        run: async () => ({ status: "working" as const }),
      }),
      command("suite.keyed", { ...other, idempotent: "key", run: async () => ({}) }),
      command("suite.begin", { ...other, idempotent: "no", mcp: { task: more }, run: async () => ({}) }),
    ];
    const make = () =>
      createApp({
        modules: [module("suite", { operations })],
        database: { open: () => new MemoryDatabase() },
        surfaces: [http({ port: false }), mcp()],
      });
    assert.throws(make, says);
  });

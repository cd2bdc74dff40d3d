import assert from "node:assert/strict";
import { after, afterEach, before, describe, it } from "node:test";
import { exponential, module, schedule, task } from "plimsoll";
import { type TestDatabase, testApp, testDatabase } from "plimsoll/testing";
import { z } from "zod";
import { emptyTasks, stored, untilCount } from "../books/task-tables.ts";

// What a schema makes is made once, when the task is started: every attempt is given the same.

let made = 0;
const make = () => `made ${++made}`;
const retry = { attempts: 3, backoff: exponential("1ms", { max: "1ms", jitter: "none" }) };

/** A task that fails until its last attempt, and what each attempt was given. */
function recorder<S extends z.ZodType<object, object>>(input: S, name = "notes.record") {
  const given: unknown[] = [];
  const record = task(name, {
    input: input as unknown as z.ZodObject,
    budget: "10s",
    retry,
    run: async (value, { attempt }) => {
      given.push(structuredClone(value));
      if (attempt < retry.attempts) throw new RangeError("asked to fail");
    },
  });
  return { record, given, app: module("notes", { operations: [record] }) };
}

const schemas: Readonly<Record<string, { readonly schema: z.ZodType<object, object>; readonly sent: object }>> = {
  "a default": { schema: z.object({ at: z.string().default(make) }), sent: {} },
  "a prefault": { schema: z.object({ at: z.string().prefault(make) }), sent: {} },
  "a caught value": { schema: z.object({ at: z.string().max(3).catch(make) }), sent: { at: "too long" } },
  "a transformation": { schema: z.object({ at: z.string().transform(make) }), sent: { at: "x" } },
  "a transformation of the whole": { schema: z.object({ at: z.string() }).transform((o) => ({ ...o, id: make() })), sent: { at: "x" } },
  "a default that is transformed": {
    schema: z.object({
      at: z
        .string()
        .default(make)
        .transform((text) => `<${text}>`),
    }),
    sent: {},
  },
  "a time beside what is no valid input once it is parsed": {
    schema: z.object({
      size: z.string().transform((text) => text.length),
      at: z.iso
        .datetime()
        .default(() => new Date(++made).toISOString())
        .transform((text) => new Date(text)),
    }),
    sent: { size: "four" },
  },
  "a number and a big one": {
    schema: z.object({
      n: z.number().default(() => ++made),
      big: z
        .string()
        .default(() => String(++made))
        .transform(BigInt),
    }),
    sent: {},
  },
  "a default inside of lists": {
    schema: z.object({ lines: z.array(z.object({ id: z.string().default(make), of: z.array(z.string().transform(make)) })) }),
    sent: { lines: [{ of: ["a", "b"] }, { id: "kept", of: [] }] },
  },
};

describe("every attempt of a task is given what its schema made at the start:", () => {
  let database: TestDatabase;
  before(async () => {
    database = await testDatabase({ modules: [] });
  });
  afterEach(async () => {
    await emptyTasks(database);
  });
  after(() => database.drop());

  for (const [what, { schema, sent }] of Object.entries(schemas))
    it(what, async () => {
      const { record, given, app } = recorder(schema);
      await using worker = await testApp({ modules: [app], database }).catch((error) => assert.fail(error.message));
      const done = worker.signals.executed;
      const ended = new Promise<void>((resolve) => void done.on(({ outcome, kind }) => kind === "task" && outcome === "ok" && resolve()));
      await worker.app.tasks.start(record, sent as Record<string, unknown>);
      await ended;
      assert.equal(given.length, retry.attempts);
      for (const value of given) assert.deepEqual(value, given[0]);
      assert.deepEqual(Object.keys(given[0] as object).sort(), Object.keys(schema.parse(sent)).sort());
    });

  it("also where others than those that start it run it, after a deploy that added a field and left one out", async () => {
    const old = recorder(z.object({ at: z.string().default(make), gone: z.string().optional() }));
    await using starter = await testApp({ modules: [old.app], database, roles: ["serve"] });
    await starter.app.tasks.start(old.record, { gone: "soon" });
    const grown = recorder(z.object({ at: z.string().default(make), gift: z.boolean().default(false) }));
    const before = made;
    await using worker = await testApp({ modules: [grown.app], database, roles: ["worker"] });
    const ended = new Promise<void>((resolve) => void worker.signals.executed.on(({ outcome }) => outcome === "ok" && resolve()));
    await ended;
    assert.deepEqual(grown.given, Array(retry.attempts).fill({ at: `made ${before}`, gift: false }));
  });

  it("and is kept as it was sent where the schema makes nothing (as before)", async () => {
    const { record, app } = recorder(z.object({ at: z.iso.datetime(), n: z.int().optional() }));
    await using starter = await testApp({ modules: [app], database, roles: ["serve"] });
    await starter.app.tasks.start(record, { at: "2026-01-01T00:00:00.000Z" });
    assert.deepEqual(await stored(database, "tasks", { columns: ["input"] }), [{ input: '{"at":"2026-01-01T00:00:00.000Z"}' }]);
  });

  it("and an occurrence of a schedule is not taken by a caller's key of the same text", async () => {
    const { record, app } = recorder(z.object({}));
    const scheduled = module("notes", {
      ...app,
      schedules: [schedule("notes.hourly", { cron: "0 * * * *", task: record, input: {}, missed: "all" })],
    });
    await using starter = await testApp({ modules: [app], database, roles: ["serve"] });
    const [row] = await database.admin<{ ms: string }>("select (plimsoll.now_ms() / 3600000 + 1) * 3600000 as ms");
    const occurrence = new Date(Number(row!.ms));
    await starter.app.tasks.pause("default");
    await starter.app.tasks.start(record, {}, { key: `schedule:notes.hourly:${occurrence.toISOString()}` });
    // The first one makes the schedule known; by the time of the second its occurrence has passed.
    await testApp({ modules: [scheduled], database, roles: ["worker"] }).then((worker) => worker.stop());
    await database.admin("select plimsoll.set_clock_offset(to_timestamp($1::float8 / 1000 + 1) - statement_timestamp())", [
      occurrence.getTime(),
    ]);
    await using _worker = await testApp({ modules: [scheduled], database, roles: ["worker"] });
    await untilCount(database, "tasks", { count: 2 });
    await database.admin("select plimsoll.set_clock_offset('0')");
    await starter.app.tasks.resume("default");
  });
});

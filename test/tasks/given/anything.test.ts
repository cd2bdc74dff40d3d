import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { command, fault, module, schedule, task } from "plimsoll";
import { type TestApp, type TestDatabase, testActor, testApp, testDatabase } from "plimsoll/testing";
import { z } from "zod";
import { fail } from "../../../src/core/fault.ts";
import { crashesOf } from "../../crashes.ts";
import { shown } from "../books/books.ts";
import { allDone, emptyPart, firstStored, untilCount } from "../books/task-tables.ts";

/** A test says what to throw. */
let given: unknown;
const given1 = { input: z.object({}), budget: "5s", retry: { attempts: 1 } } as const;
const throws = task("any.throws", {
  ...given1,
  run: async () => {
    throw given;
  },
});
let ran: unknown[] = [];
const optional = task("any.optional", {
  ...given1,
  input: z.object({ name: z.string() }).optional(),
  run: async (input) => void ran.push(input),
});
const preset = task("any.preset", {
  ...given1,
  input: z.object({ at: z.number() }).default(() => ({ at: Math.random() })),
  run: async (input) => void ran.push(input),
});
const Asked = fault("asked", { code: "failed_precondition", details: z.unknown(), message: "It was asked to." });
const refuses = command("any.refuses", {
  ...{ input: z.object({ who: z.string() }), output: z.object({}), access: "public", idempotent: { key: "who" }, budget: "5s" },
  faults: [Asked],
  run: async () => fail(Asked, given),
});
const operations = [throws, optional, preset, refuses];
const modules = [module("any", { operations })];
/** Its input is left out. */
const never = schedule("any.never", { cron: "0 0 29 2 *", task: optional, input: undefined });

const no = () => {
  throw new TypeError("no");
};
const revoked = () => {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
};
const brokenError = (field: string) => Object.defineProperty(new Error("e"), field, { get: no });
const cycle: Record<string, unknown> = {};
cycle.self = cycle;

describe("what a task throws, and is given", () => {
  let database: TestDatabase;
  let app: TestApp;
  before(async () => {
    database = await testDatabase({ modules });
    app = await testApp({ modules, database, actor: testActor({}) });
  });
  after(async () => {
    await app.stop();
    await database.drop();
  });

  const thrown: { readonly name: string; readonly make: () => unknown; readonly says: RegExp }[] = [
    { name: "nothing", make: () => undefined, says: /^undefined was thrown/ },
    { name: "null", make: () => null, says: /^null was thrown/ },
    { name: "a text", make: () => "the shelf is empty", says: /^the shelf is empty was thrown/ },
    { name: "a number", make: () => 42, says: /^42 was thrown/ },
    { name: "a symbol", make: () => Symbol("s"), says: /^Symbol\(s\) was thrown/ },
    { name: "an object", make: () => ({ code: 7, password: "hunter2" }), says: /^an object with the keys code, password was thrown/ },
    { name: "an object with a message", make: () => ({ message: "the shelf is empty" }), says: /^the shelf is empty was thrown/ },
    { name: "an object whose toString throws", make: () => ({ toString: no }), says: /^something that cannot be read was thrown/ },
    { name: "a revoked Proxy", make: revoked, says: /^something that cannot be read was thrown/ },
    { name: "a function", make: () => no, says: /^a function no was thrown/ },
    { name: "an error whose message throws", make: () => brokenError("message"), says: /^Error: something that cannot be read/ },
    {
      name: "an error whose message is a symbol",
      make: () => Object.defineProperty(new Error("e"), "message", { value: Symbol("m") }),
      says: /^Error: Symbol\(m\)/,
    },
    { name: "an error (as before)", make: () => new RangeError("too far"), says: /^RangeError: too far$/ },
  ];
  for (const { name, make, says } of thrown)
    it(`its dead letter says so: ${name}`, async (t) => {
      const crashed = Promise.withResolvers<unknown>();
      crashesOf(t, () => crashed.resolve("the process would have ended"));
      await emptyPart(database, "deadLetters");
      given = make();
      await app.app.tasks.start(throws, {});
      const letter = firstStored<{ reason: string }>(database, "deadLetters", { columns: ["reason"] });
      const reason = await Promise.race([letter.then((row) => row.reason), crashed.promise]);
      assert.match(String(reason), says);
    });

  it("an optional input may be left out, with a key as well", async () => {
    ran = [];
    for (const options of [{}, { key: "k" }, { delay: 1 }])
      await assert.doesNotReject(async () => app.app.tasks.start(optional, undefined, options));
    await allDone(database);
    assert.deepEqual(ran, [undefined, undefined, undefined]);
    await assert.doesNotReject(async () => app.app.tasks.startMany(optional, [undefined, { name: "n" }]));
    await untilCount(database, "tasks", { count: 0 });
    assert.deepEqual(new Set(ran.slice(3)), new Set([undefined, { name: "n" }]));
  });

  it("a schedule may leave an optional input out", async () => {
    const own = { ...module("any", { operations }), schedules: [never] };
    await assert.doesNotReject(async () => (await testApp({ modules: [own], database })).stop());
  });

  it("an input that the schema makes up is the one that was made at the start", async () => {
    ran = [];
    await assert.doesNotReject(async () => app.app.tasks.start(preset, undefined));
    await untilCount(database, "tasks", { count: 0 });
    assert.equal(typeof (ran[0] as { at: number }).at, "number");
  });

  it("a keyed command whose details have no JSON form ends as a bug, and holds no connection", async () => {
    for (const [n, value] of [cycle, { big: 1n }, Object.defineProperty({}, "broken", { get: no, enumerable: true })].entries()) {
      given = value;
      for (let i = 0; i < 2; i++) {
        const type = await app.call(refuses, { who: "me" }, { key: `k${n}` }).then(
          () => "ok",
          (error: { type?: string }) => error.type,
        );
        assert.equal(type, "invalid_output");
      }
    }
    await shown(
      database,
      "select where not exists (select from pg_stat_activity where datname = current_database() and state = 'idle in transaction')",
    );
  });
});

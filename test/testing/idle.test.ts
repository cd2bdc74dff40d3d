import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { exponential, module, query, schedule, type TaskScope, task } from "plimsoll";
import { type TestApp, type TestAppSpec, TestClock, type TestDatabase, testApp, testDatabase } from "plimsoll/testing";
import { z } from "zod";
import { systemClock } from "../../src/core/clock.ts";

const Input = z.object({ left: z.int() });
let body: (input: z.infer<typeof Input>, scope: TaskScope) => Promise<unknown> = async () => undefined;
const step = task("walks.step", {
  input: Input,
  budget: "30s",
  retry: { attempts: 3, backoff: exponential("1h", { max: "1h", jitter: "none" }) },
  run: async (input, scope) => void (await body(input, scope)),
});
const tired = task("walks.tired", {
  input: Input,
  budget: "30s",
  queue: "tired",
  run: async (input, scope) => void (await body(input, scope)),
});
const daily = schedule("walks.daily", { cron: "0 6 * * *", task: step, input: () => ({ left: 0 }) });
const rest = query("walks.rest", { input: z.object({}), output: z.object({}), access: "public", budget: "1s", run: async () => ({}) });
const walks = module("walks", { operations: [step, tired, rest] });

interface Idling {
  runUntilIdle(options?: { readonly ahead?: string; readonly attempts?: number; readonly within?: string }): Promise<number>;
}

/** What the app runs until it is idle by. */
function idling(app: TestApp): Idling {
  assert.ok("runUntilIdle" in app, "a test app runs what is due until it is idle");
  return app as unknown as Idling;
}

describe("a test app runs until it is idle", () => {
  let database: TestDatabase;
  before(async () => {
    database = await testDatabase({ modules: [walks] });
  });
  after(() => database.drop());
  const open = (spec: Partial<TestAppSpec> = {}) => testApp({ modules: [walks], database, ...spec });

  it("what is due, and what that starts", async () => {
    await using app = await open();
    const ran: number[] = [];
    body = async ({ left }, { start }) => {
      ran.push(left);
      if (left > 0) await start(step, { left: left - 1 });
    };
    await app.app.tasks.start(step, { left: 4 });
    const counted = await idling(app).runUntilIdle();
    assert.deepEqual(ran, [4, 3, 2, 1, 0]);
    // The worker may have run the first one before it was asked: it is counted if it ends afterwards.
    assert.ok(counted === 4 || counted === 5, `${counted} attempts`);
    assert.equal(await idling(app).runUntilIdle(), 0);
  });

  it("leaves a retry for later, and goes on to it when it is asked to", async () => {
    await using app = await open();
    const attempts: number[] = [];
    body = async (_input, { attempt }) => {
      attempts.push(attempt);
      if (attempt < 3) throw new RangeError("meant to fail");
    };
    await app.app.tasks.start(step, { left: 0 });
    await idling(app).runUntilIdle();
    assert.deepEqual(attempts, [1]);
    await idling(app).runUntilIdle({ ahead: "30m" });
    assert.deepEqual(attempts, [1]);
    await idling(app).runUntilIdle({ ahead: "3h" });
    assert.deepEqual(attempts, [1, 2, 3]);
  });

  it("fires the occurrences of a schedule on the way, also by a clock that stands still", async () => {
    const clock = new TestClock({ now: systemClock.now() });
    const scheduled = module("walks", { operations: [step, tired, rest], schedules: [daily] });
    await using app = await open({ modules: [scheduled], clock });
    const before = clock.now();
    let occurrences = 0;
    body = async () => void occurrences++;
    await idling(app).runUntilIdle({ ahead: "3d" });
    assert.equal(occurrences, 3);
    assert.ok(clock.now() - before > 2 * 86_400_000, "its wall time goes with the database's");
  });

  it("says what goes on without an end", async () => {
    await using app = await open();
    const idle = idling(app);
    let isOver = false;
    body = async ({ left }, { start }) => {
      if (!isOver) await start(step, { left });
    };
    await app.app.tasks.start(step, { left: 0 });
    await assert.rejects(
      idle.runUntilIdle({ attempts: 20 }),
      ({ type, message }: { type: string; message: string }) => type === "never_idle" && /walks\.step \d+ times/.test(message),
    );
    isOver = true;
    await idle.runUntilIdle();
  });

  it("says where nothing ends", async () => {
    await using app = await open();
    const idle = idling(app);
    const { promise, resolve } = Promise.withResolvers<void>();
    const begun = Promise.withResolvers<void>();
    body = () => {
      begun.resolve();
      return promise;
    };
    await app.app.tasks.start(tired, { left: 0 });
    await begun.promise;
    await assert.rejects(
      idle.runUntilIdle({ within: "100ms" }),
      ({ type, message }: { type: string; message: string }) =>
        type === "wait_limit" && message.includes("in the queue tired 1 run and 0 wait"),
    );
    resolve();
    assert.equal(await idle.runUntilIdle(), 1);
  });

  it("passes over a queue that is paused", async () => {
    await using app = await open();
    body = async () => undefined;
    await app.app.tasks.pause("tired");
    await app.app.tasks.start(tired, { left: 0 });
    assert.equal(await idling(app).runUntilIdle(), 0);
    await app.app.tasks.resume("tired");
    assert.equal(await idling(app).runUntilIdle(), 1);
  });

  it("refuses where it runs no tasks", async () => {
    await using app = await open({ roles: ["serve"] });
    await assert.rejects(idling(app).runUntilIdle(), { type: "tasks_not_run" });
  });
});

describe("a wait of a test ends", () => {
  const spec = { modules: [walks], waitLimit: "50ms" } as TestAppSpec;
  const { setTimeout: realTimeout } = globalThis;
  /** Far beyond the limit: only what never ends loses this race. By the machine's time, also where the test owns time. */
  const orNever = (wait: Promise<unknown>) =>
    Promise.race([
      wait.catch((error: { message: string }) => error.message),
      new Promise((resolve) => realTimeout(resolve, 5_000, "it waits for ever")),
    ]);

  it("with the operation that it was for, and the last that came", async (t) => {
    await using database = await testDatabase({ modules: [walks] });
    await using app = await testApp({ ...spec, database });
    // The limit is of the machine's time, which passes only after the call.
    t.mock.timers.enable({ apis: ["setTimeout"] });
    const wait = orNever(app.executed(step));
    await app.call(rest, {});
    t.mock.timers.tick(50);
    t.mock.timers.reset();
    assert.match(
      String(await wait),
      /Waited 50ms for "executed" where the operation is walks\.step: 1 other events came, the last one walks\.rest ok/,
    );
  });

  it("with the test that it was given, of signals of tasks too", async () => {
    await using database = await testDatabase({ modules: [walks] });
    await using app = await testApp({ ...spec, database });
    const wait = app.app.tasks.signals.ended.next((end) => end.task === "walks.nothing");
    assert.match(String(await orNever(wait)), /Waited 50ms for "taskEnded" where .*walks\.nothing.*: no event came/);
  });

  it("by its own signal where it has one (as before)", async () => {
    await using database = await testDatabase({ modules: [walks] });
    await using app = await testApp({ ...spec, database });
    const leaving = new AbortController();
    const wait = app.signals.logged.next(() => true, leaving.signal);
    leaving.abort(new RangeError("left"));
    await assert.rejects(wait, RangeError);
  });
});

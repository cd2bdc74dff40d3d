import assert from "node:assert/strict";
import { after, afterEach, before, describe, it } from "node:test";
import { discard, exponential, snooze } from "plimsoll";
import type { TestApp, TestDatabase } from "plimsoll/testing";
import { runtimeOf } from "../../src/app/app.ts";
import { type Code, codes } from "../../src/core/code.ts";
import { Fault } from "../../src/core/fault.ts";
import { limits } from "../../src/core/limits.ts";
import type { TaskDefinition } from "../../src/tasks/definition.ts";
import { outcomeOf } from "../../src/tasks/outcome.ts";
import { bodies, booksApp, booksDatabase, brief, evenClock, hasty, idle, moveTime, post, twice } from "./books/books.ts";
import { allDone, countStored, emptyTasks, triggerOn, untilCount, untilStored } from "./books/task-tables.ts";

const failing = (code: Code, more: object = {}) => new Fault({ code, type: "test", message: "Asked to fail.", ...more });
const definition = { attempts: 5, backoff: exponential("1s", { max: "10s" }), ttlMs: 1_000 } as TaskDefinition;
const decide = (fault: Fault | undefined, { attempt = 1, waitedMs = 0, random = 0.5 } = {}) =>
  outcomeOf(definition, { fault, attempt, waitedMs, random: () => random });

describe("the outcome of a task", () => {
  describe("by the code of its fault", () => {
    // Each row of the table of codes; what is not here must not be forgotten.
    const table: Record<Code, unknown> = {
      invalid_argument: { kind: "dead_lettered" },
      failed_precondition: { kind: "dead_lettered" },
      unauthenticated: { kind: "dead_lettered" },
      permission_denied: { kind: "dead_lettered" },
      not_found: { kind: "dead_lettered" },
      already_exists: { kind: "dead_lettered" },
      aborted: { kind: "retried", delayMs: 0, spent: true },
      resource_exhausted: { kind: "retried", delayMs: 750, spent: true },
      cancelled: { kind: "retried", delayMs: 0, spent: false },
      deadline_exceeded: { kind: "retried", delayMs: 750, spent: true },
      unavailable: { kind: "retried", delayMs: 750, spent: true },
      unimplemented: { kind: "dead_lettered" },
      internal: { kind: "retried", delayMs: 750, spent: true },
    };
    for (const [code, expected] of Object.entries(table)) it(code, () => assert.deepEqual(decide(failing(code as Code)), expected));

    it("for all codes there are", () => assert.deepEqual(Object.keys(table).toSorted(), Object.keys(codes).toSorted()));
  });

  const rows: readonly [string, unknown, unknown][] = [
    ["done is done", decide(undefined, { attempt: 9, waitedMs: 1e9 }), { kind: "completed" }],
    ["waits grow", decide(failing("internal"), { attempt: 3 }), { kind: "retried", delayMs: 3_000, spent: true }],
    ["up to a bound", decide(failing("internal"), { attempt: 4, random: 0.999 }), { kind: "retried", delayMs: 7_996, spent: true }],
    ["randomness is all that differs", decide(failing("internal"), { random: 0 }), { kind: "retried", delayMs: 500, spent: true }],
    [
      "no sooner than it is asked to",
      decide(failing("unavailable", { retryAfterMs: 60_000 })),
      { kind: "retried", delayMs: 60_000, spent: true },
    ],
    [
      "at most a month later",
      decide(failing("unavailable", { retryAfterMs: Infinity })),
      { kind: "retried", delayMs: 2_592_000_000, spent: true },
    ],
    ["the last attempt", decide(failing("internal"), { attempt: 5 }), { kind: "dead_lettered" }],
    ["a time to live that is over", decide(failing("internal"), { waitedMs: 1_000 }), { kind: "dead_lettered" }],
    ["three conflicts at once", decide(failing("aborted"), { attempt: 3 }), { kind: "retried", delayMs: 0, spent: true }],
    ["and no fourth", decide(failing("aborted"), { attempt: 4 }), { kind: "retried", delayMs: 6_000, spent: true }],
    ["a conflict on the last attempt", decide(failing("aborted"), { attempt: 5 }), { kind: "dead_lettered" }],
    ["a lease that is lost", decide(failing("aborted", { type: "lease_lost" })), { kind: "lost" }],
    [
      "a process that stops",
      decide(failing("unavailable", { type: "shutting_down" }), { attempt: 5 }),
      { kind: "retried", delayMs: 0, spent: false },
    ],
    ["snoozing, however often", decide(snooze("5m"), { attempt: 5 }), { kind: "retried", delayMs: 300_000, spent: false }],
    ["giving up", decide(discard("gone")), { kind: "dead_lettered" }],
  ];
  for (const [what, outcome, expected] of rows) it(what, () => assert.deepEqual(outcome, expected));

  describe("on PostgreSQL", () => {
    let database: TestDatabase;
    let starter: TestApp;
    let worker: TestApp;
    before(async () => {
      database = await booksDatabase();
      starter = await booksApp(database, idle);
      worker = await booksApp(database, { roles: ["worker"], clock: evenClock });
    });
    afterEach(async () => {
      bodies.clear();
      await moveTime(database, "0");
      await emptyTasks(database);
    });
    after(async () => {
      await worker.stop();
      await starter.stop();
      await database.drop();
    });
    const firstLetter = async () => (await worker.app.tasks.deadLetters())[0];
    const history = async () => {
      const letter = await firstLetter();
      return (
        (JSON.parse(letter?.context ?? "{}") as { failures?: { attempt: number; code: string; type: string; message: string }[] })
          .failures ?? []
      );
    };

    it("has its attempts, and is a dead letter with its history then", async () => {
      let attempts = 0;
      bodies.set("books.twice", () => {
        throw new RangeError(`the ${++attempts}. time`);
      });
      const { id } = await starter.app.tasks.start(twice, { name: "a" }, { tenant: "acme", actor: "ann" });
      await untilStored(database, "deadLetters", { id });
      const letter = await firstLetter();
      assert.deepEqual([attempts, letter?.attempt, letter?.code, letter?.reason], [2, 2, "internal", "RangeError: the 2. time"]);
      const failures = await history();
      assert.deepEqual(
        failures.map(({ attempt, code, message }) => [attempt, code, message]),
        [
          [1, "internal", "RangeError: the 1. time"],
          [2, "internal", "RangeError: the 2. time"],
        ],
      );
      const { tenant, actor } = JSON.parse(letter?.context ?? "{}") as Record<string, unknown>;
      assert.deepEqual([tenant, actor], ["acme", "ann"]);
      assert.equal(await worker.app.tasks.state(id), "dead_lettered");
    });

    it("keeps a bounded history", async () => {
      bodies.set("books.post", ({ name }, { attempt }) => {
        throw attempt === 25 ? discard("enough") : new RangeError(`${name}${"x".repeat(2_000)}`);
      });
      await starter.app.tasks.start(post, { name: "a" });
      await untilStored(database, "deadLetters");
      const failures = await history();
      assert.deepEqual([failures.length, failures[0]?.attempt, failures.at(-1)?.type], [10, 16, "task_discarded"]);
      assert.ok(failures.every(({ message }) => message.length <= 500));
    });

    it("runs at once again after a conflict, and counts that", async () => {
      const attempts: number[] = [];
      const begun: number[] = [];
      const { clock } = runtimeOf(worker.app);
      bodies.set("books.post", (_input, { attempt }) => {
        attempts.push(attempt);
        begun.push(clock.monotonic());
        if (attempt < 4) throw failing("aborted");
      });
      await starter.app.tasks.start(post, { name: "a" });
      await allDone(database);
      assert.deepEqual(attempts, [1, 2, 3, 4]);
      // Each would wait for a regular look; a machine that is busy delays one of them.
      const pauses = begun.slice(1).map((at, n) => at - begun[n]!);
      assert.ok(pauses.toSorted((a, b) => a - b)[1]! < limits.taskPollMs - 100, `it waited for regular looks: ${pauses}`);
    });

    it("snoozes without counting the attempt, and remembers no failure", async () => {
      const attempts: number[] = [];
      bodies.set("books.twice", (_input, { attempt }) => {
        attempts.push(attempt);
        if (attempts.length < 5) throw snooze("1ms");
        throw new RangeError("at last");
      });
      await starter.app.tasks.start(twice, { name: "a" });
      await untilStored(database, "deadLetters");
      assert.deepEqual(attempts, [1, 1, 1, 1, 1, 2]);
      assert.equal((await history()).length, 2);
    });

    it("is given up at once where it says so, with the reason", async () => {
      bodies.set("books.post", () => {
        throw discard("the order is gone");
      });
      await starter.app.tasks.start(post, { name: "a" });
      await untilStored(database, "deadLetters");
      const letter = await firstLetter();
      assert.deepEqual([letter?.code, letter?.reason, letter?.attempt], ["task_discarded", "the order is gone", 1]);
    });

    it("is not begun once its time to live is over", async () => {
      let runs = 0;
      bodies.set("books.brief", () => void runs++);
      await worker.app.tasks.pause("default");
      const { id } = await starter.app.tasks.start(brief, { name: "a" });
      await moveTime(database, "2 minutes");
      await worker.app.tasks.resume("default");
      await untilStored(database, "deadLetters", { id });
      const letter = await firstLetter();
      assert.deepEqual([runs, letter?.code], [0, "task_expired"]);
      assert.match(letter?.reason ?? "", /time to live of 1m.*ttl/);
    });

    it("counts its time to live from when it is due", async () => {
      let runs = 0;
      bodies.set("books.brief", () => void runs++);
      await starter.app.tasks.start(brief, { name: "a" }, { delay: "1h" });
      const ended = worker.app.tasks.signals.ended.next();
      await moveTime(database, "1 hour");
      await ended;
      assert.equal(runs, 1);
    });

    it("comes again after its deadline, which aborts its signal", async () => {
      const reasons: unknown[] = [];
      bodies.set("books.hasty", async (_input, { signal, attempt }) => {
        if (attempt > 1) throw discard("seen enough");
        await new Promise((resolve) => signal.addEventListener("abort", resolve));
        reasons.push((signal.reason as Fault).code);
      });
      await starter.app.tasks.start(hasty, { name: "a" });
      await untilStored(database, "deadLetters");
      assert.deepEqual(
        [reasons, (await history()).map(({ code }) => code)],
        [["deadline_exceeded"], ["deadline_exceeded", "failed_precondition"]],
      );
    });

    it("is released where it cannot be written, and holds up no other that ended at the same time", async () => {
      const ran: string[] = [];
      bodies.set("books.post", ({ name }) => void ran.push(name));
      const refuses = await triggerOn(database, "tasks", {
        when: "before delete",
        does: "if old.input like '%bad%' then raise exception 'no' using errcode = 'XX001'; end if; return old;",
      });
      const failed = worker.app.tasks.signals.failing.next();
      await starter.app.tasks.startMany(
        post,
        ["1", "2", "bad", "3", "4", "5"].map((name) => ({ name })),
      );
      await failed;
      await untilCount(database, "tasks", { count: 1 });
      assert.deepEqual(ran.slice(0, 6).toSorted(), ["1", "2", "3", "4", "5", "bad"]);
      await refuses[Symbol.asyncDispose]();
      await allDone(database);
      assert.ok(ran.slice(6).every((name) => name === "bad"));
    });

    const texts: readonly (readonly [text: string, also?: string])[] = [
      ["a\0b"],
      ["\ud800"],
      ["\udc00\ud800", " (as before)"],
      ["💥".repeat(300)],
      [`a${"💥".repeat(300)}`, " (as before)"],
      [""],
    ];
    for (const [text, also = ""] of texts)
      it(`is written whatever its failure says: ${JSON.stringify(text.slice(0, 8))}${also}`, async () => {
        bodies.set("books.twice", ({ name }) => {
          if (name === "bad") throw discard(text);
        });
        await Promise.all(["good", "bad", "good"].map((name) => starter.app.tasks.start(twice, { name })));
        await untilStored(database, "deadLetters");
        await allDone(database);
        assert.equal(await countStored(database, "deadLetters"), 1);
      });
  });
});

import assert from "node:assert/strict";
import { after, afterEach, before, describe, it } from "node:test";
import type { SagaScope } from "plimsoll";
import type { TestApp, TestDatabase } from "plimsoll/testing";
import { runtimeOf } from "../../src/app/app.ts";
import { Fault } from "../../src/core/fault.ts";
import { seen } from "../integration/scratch.ts";
import { Locking } from "./trips/locking.ts";
import {
  ann,
  asks,
  bodies,
  book,
  brief,
  emptySagas,
  entries,
  moveTime,
  plan,
  SoldOut,
  travel,
  tripsApp,
  tripsDatabase,
} from "./trips/trips.ts";

describe("a saga", () => {
  let database: TestDatabase;
  let app: TestApp;
  const others: TestApp[] = [];
  /** Another process. */
  const another = async () => {
    const other = await tripsApp(database);
    others.push(other);
    return other;
  };
  before(async () => {
    database = await tripsDatabase();
    app = await tripsApp(database);
  });
  afterEach(async () => {
    bodies.clear();
    await Promise.all(others.splice(0).map((other) => other.stop()));
    await emptySagas(database);
  });
  after(async () => {
    await app.stop();
    await database.drop();
  });

  const begin = (saga: typeof travel, name = "one") => app.app.sagas.start(saga, { name }, { tenant: "acme", actor: "ann" });
  /** Runs a saga to its end, and returns what its body returned. */
  const finish = async (saga: typeof travel, name?: string): Promise<unknown> =>
    app.app.sagas.result(saga, (await begin(saga, name)).id, { within: "10s" });
  /** Asks again whenever a run has ended, also one that ended while it asked. */
  const until = async (holds: () => Promise<boolean>) => {
    let ended = Promise.withResolvers<void>();
    const off = app.app.sagas.signals.ended.on(() => ended.resolve());
    while (!(await holds())) {
      await ended.promise;
      ended = Promise.withResolvers();
    }
    off();
  };
  const stepsOf = async (id: string) =>
    Object.fromEntries(((await app.app.sagas.read(id))?.steps ?? []).map(({ name, state, attempt }) => [name, `${state} ${attempt}`]));

  it("runs its steps once, in their order, and returns what its body returned", async () => {
    const ran: unknown[] = [];
    bodies.set("trips.travel", async ({ name }, { step, id, tenant, actor }) => {
      const first = await step("first", async ({ key, attempt }) => {
        ran.push([key === `trips.travel:${id}:first`, attempt]);
        return { at: new Date(0), n: 1 };
      });
      const none = await step("none", async () => undefined);
      return { name, first, none, tenant, actor: [actor.id, actor.kind] };
    });
    assert.deepEqual(await finish(travel), {
      ...{ name: "one", first: { at: "1970-01-01T00:00:00.000Z", n: 1 }, tenant: "acme", actor: ["ann", "system"] },
    });
    assert.deepEqual(ran, [[true, 1]]);
  });

  it("begins no step before the record of the last one is durable", async () => {
    await using other = new Locking(database.adminUrl);
    const ran: string[] = [];
    bodies.set("trips.travel", async (_, { step }) => {
      // Its record waits for the lock.
      await step("first", () => other.lock("plimsoll.saga_steps"));
      await step("second", async () => void ran.push("second"));
    });
    const { id } = await begin(travel);
    await seen(database.adminUrl, "select from pg_locks where relation = 'plimsoll.saga_steps'::regclass and not granted");
    assert.deepEqual(ran, []);
    await other.unlock();
    await app.app.sagas.result(travel, id);
    assert.deepEqual(ran, ["second"]);
  });

  it("starts in the transaction of a command, once for its key", async () => {
    const ran: string[] = [];
    bodies.set("trips.travel", async ({ name }, { step }) => step("only", async () => void ran.push(name)));
    await assert.rejects(app.call(plan, { name: "undone", fails: true }), { code: "internal" });
    const first = await app.call(plan, { name: "one", key: "a" });
    const again = await app.call(plan, { name: "one", key: "a" });
    assert.deepEqual([first.started, again], [true, { id: first.id, started: false }]);
    const plain = await app.call(plan, { name: "two" });
    await app.app.sagas.result(travel, first.id);
    await app.app.sagas.result(travel, plain.id);
    assert.deepEqual(ran.toSorted(), ["one", "two"]);
    await assert.rejects(app.app.sagas.start(travel, { name: "other" }, { key: "a", tenant: "acme" }), { type: "saga_key_mismatch" });
  });

  it("records a command with its effects, and tells its faults apart", async () => {
    bodies.set("trips.travel", async ({ name }, { call }) => {
      const { n } = await call("book", book, { name });
      return call("more", book, { name: "sold out" }).catch((error) => [n > 0, error instanceof SoldOut, error.details]);
    });
    const { id } = await begin(travel);
    assert.deepEqual(await app.app.sagas.result(travel, id), [true, true, { what: "sold out" }]);
    assert.deepEqual(await entries(database), ["one"]);
    assert.deepEqual(await stepsOf(id), { book: "done 1", more: "failed 1" });
  });

  it("undoes its steps in reverse, by the key of each, also one that may have happened", async () => {
    const undone: unknown[] = [];
    const undo = async ({ key, output }: { key: string; output: unknown }) => void undone.push([key.split(":").at(-1), output]);
    bodies.set("trips.travel", async (_, { step, call }) => {
      await step("hotel", { run: async () => "h1", undo });
      await call("seat", {
        operation: book,
        input: { name: "seat" },
        undo: ({ commit }) => commit(({ call: inside }) => inside(book, { name: "no seat" })),
      });
      await step("declined", { run: async () => Promise.reject(new Fault({ code: "not_found", message: "none" })), undo }).catch(() => 0);
      await step("flight", { run: async () => Promise.reject(new Fault({ code: "unavailable", message: "away" })), undo });
    });
    const { id } = await begin(travel);
    await assert.rejects(app.app.sagas.result(travel, id), { code: "unavailable", message: "away" });
    assert.deepEqual(undone, [
      ["flight", undefined],
      ["hotel", "h1"],
    ]);
    assert.deepEqual(await entries(database), ["seat", "no seat"]);
    assert.deepEqual(await stepsOf(id), { hotel: "undone 1", seat: "undone 1", declined: "failed 1", flight: "undone 1" });
    assert.equal((await app.app.sagas.read(id))?.state, "undone");
  });

  it("retries a step by its fault's code, with the number of the attempt", async () => {
    const attempts: number[] = [];
    bodies.set("trips.travel", async (_, { step }) =>
      step("call", async ({ attempt }) => {
        attempts.push(attempt);
        if (attempt < 3) throw new RangeError(`attempt ${attempt}`);
        return attempt;
      }),
    );
    assert.equal(await finish(travel), 3);
    assert.deepEqual(attempts, [1, 2, 3]);
  });

  it("sleeps in no process, and goes on in another", async () => {
    const ran: string[] = [];
    bodies.set("trips.travel", async (_, { step, sleep }) => {
      await step("before", async () => void ran.push("before"));
      await sleep("rest", "10m");
      await step("after", async () => void ran.push("after"));
      return "rested";
    });
    const parked = app.app.sagas.signals.ended.next();
    const { id } = await begin(travel);
    assert.equal((await parked).state, "sleeping");
    assert.equal((await app.app.sagas.read(id))?.state, "sleeping");
    await app.stop();
    await moveTime(database, "601 seconds");
    app = await tripsApp(database);
    assert.equal(await app.app.sagas.result(travel, id), "rested");
    await moveTime(database, "0");
    assert.deepEqual(ran, ["before", "after"]);
  });

  it("undoes what it has done when its deadline has passed", async () => {
    const undone: string[] = [];
    bodies.set("trips.brief", async (_, { step, sleep }) => {
      await step("hotel", { run: async () => 1, undo: async () => void undone.push("hotel") });
      await sleep("long", "1h");
    });
    await assert.rejects(finish(brief), { type: "saga_deadline" });
    assert.deepEqual(undone, ["hotel"]);
  });

  const fails =
    (fault: () => unknown) =>
    async (_: unknown, { step }: SagaScope) => {
      await step("hotel", { run: async () => 1, undo: async () => undefined });
      return step("charge", async () => Promise.reject(fault()));
    };
  const bug = () => new RangeError("a bug");

  it("asks a person, who has it retried, skipped, undone or failed", async () => {
    const { sagas } = app.app;
    const ended = async (id: string) => sagas.result(asks, id).catch((error: Fault) => `${error.code} ${error.message}`);
    const suspend = async () => {
      const seen = sagas.signals.ended.next();
      const { id } = await begin(asks);
      let last = await seen;
      while (last.state !== "suspended") last = await sagas.signals.ended.next();
      return id;
    };
    bodies.set("trips.asks", fails(bug));
    const [skipped, undone, failed, retried] = [await suspend(), await suspend(), await suspend(), await suspend()];
    const reading = await sagas.read(retried);
    assert.equal(reading?.state, "suspended");
    assert.match(reading?.fault ?? "", /"step":"charge"/);
    assert.equal(await sagas.skip(skipped, "charged by hand", { paid: 1 }), true);
    assert.deepEqual(await ended(skipped), { paid: 1 });
    assert.equal(await sagas.undo(undone, "not wanted"), true);
    assert.match(String(await ended(undone)), /^internal RangeError: a bug/);
    assert.equal((await sagas.read(undone))?.state, "undone");
    assert.equal(await sagas.fail(failed, "done by hand"), true);
    assert.match(String(await ended(failed)), /^internal/);
    assert.equal((await sagas.read(failed))?.state, "failed");
    bodies.set("trips.asks", async (_, { step }) => {
      await step("hotel", { run: async () => 1, undo: async () => undefined });
      return step("charge", async () => "charged");
    });
    assert.equal(await sagas.retry(retried, "fixed"), true);
    assert.equal(await ended(retried), "charged");
    assert.equal(await sagas.retry(retried, "again"), false, "it has ended");
  });

  it("is suspended by an undo that fails, and by a bug of its body, and holds nothing else up", async () => {
    const { sagas } = app.app;
    let broken = true;
    bodies.set("trips.travel", async ({ name }, { step }) => {
      if (name === "fine") return name;
      await step("hotel", {
        run: async () => 1,
        undo: async () => {
          if (broken) throw new Fault({ code: "not_found", message: "no such booking" });
        },
      });
      if (name === "bug") throw new TypeError("undefined is not a function");
      return step("flight", async () => Promise.reject(new Fault({ code: "not_found", message: "no flight" })));
    });
    const ids = new Map<string, string>();
    for (const name of ["undo", "bug", "fine"]) ids.set(name, (await begin(travel, name)).id);
    assert.equal(await sagas.result(travel, ids.get("fine") ?? ""), "fine");
    await until(async () => (await sagas.list({ state: "suspended" })).length === 2);
    const [undo, body] = [await sagas.read(ids.get("undo") ?? ""), await sagas.read(ids.get("bug") ?? "")];
    assert.match(undo?.fault ?? "", /no such booking.*"step":"hotel"/);
    assert.match(body?.fault ?? "", /TypeError: undefined is not a function/);
    broken = false;
    await sagas.retry(undo?.id ?? "", "the hotel has it again");
    await assert.rejects(sagas.result(travel, undo?.id ?? ""), { message: "no flight" });
  });

  it("begins at most so many steps at once, and each name once", async () => {
    let [running, most] = [0, 0];
    bodies.set("trips.travel", async (_, { step }) => {
      const results = await Promise.all(
        Array.from({ length: 40 }, (_, n) =>
          step(`part-${n}`, async () => {
            most = Math.max(most, ++running);
            await new Promise(setImmediate);
            running--;
            return n;
          }),
        ),
      );
      return results.length;
    });
    assert.equal(await finish(travel), 40);
    assert.equal(most, 16);
    bodies.set("trips.travel", async (_, { step }) => {
      await step("same", async () => 1);
      await step("same", async () => 2);
    });
    const seen = app.app.sagas.signals.ended.next();
    await begin(travel);
    assert.match((await seen).fault ?? "", /saga_step_repeated/);
  });

  it("goes on after its process was lost, and repeats no recorded step", async () => {
    const ran: string[] = [];
    const stuck = Promise.withResolvers<void>();
    const reached = Promise.withResolvers<void>();
    bodies.set("trips.travel", async (_, { step }) => {
      await step("one", async () => void ran.push("one"));
      await step("two", async () => {
        ran.push("two");
        if (ran.length === 2) {
          reached.resolve();
          await stuck.promise;
        }
      });
      return "done";
    });
    const { id } = await begin(travel);
    await reached.promise;
    // As if others had taken its worker for lost.
    await database.admin("delete from plimsoll.saga_workers");
    const second = await another();
    assert.equal(await second.app.sagas.result(travel, id), "done");
    stuck.resolve();
    assert.deepEqual(ran, ["one", "two", "two"]);
  });

  it("is shown at /sagas on the ops port, which decides about it", async () => {
    const ask = async (method: string, url: string, headers: Record<string, string> = { "plimsoll-ops": "yes" }) => {
      const [page] = runtimeOf(app.app).engineOf("saga")?.pages ?? [];
      return page?.answer({ method, url, headers });
    };
    bodies.set("trips.asks", fails(bug));
    const { id } = await begin(asks);
    let last = await app.app.sagas.signals.ended.next();
    while (last.state !== "suspended") last = await app.app.sagas.signals.ended.next();
    const { suspended } = (await ask("GET", "/sagas"))!.body as { suspended: readonly { readonly id: string }[] };
    assert.deepEqual(
      suspended.map((saga) => saga.id),
      [id],
    );
    const shown = (await ask("GET", `/sagas/${id}`))!.body as { saga: { fault: { step: string } }; steps: readonly unknown[] };
    assert.deepEqual([shown.saga.fault.step, shown.steps.length], ["charge", 2]);
    assert.equal((await ask("POST", `/sagas/${id}/skip?reason=by+hand`, {}))?.status, 403);
    assert.equal((await ask("POST", "/sagas/7/skip?reason=by+hand"))?.status, 400);
    assert.equal((await ask("POST", `/sagas/${id}/skip?reason=by+hand&output=%7B`))?.status, 400);
    await assert.rejects(async () => ask("POST", `/sagas/${id}/skip`), { type: "reason_invalid" });
    assert.deepEqual((await ask("POST", `/sagas/${id}/skip?reason=by+hand&output=%7B%22paid%22%3A1%7D`))?.body, { skip: true });
    assert.deepEqual(await app.app.sagas.result(asks, id), { paid: 1 });
  });

  it("is started for later, and refuses an input that does not match", async () => {
    await assert.rejects(app.app.sagas.start(travel, { name: 7 } as never), { code: "invalid_argument" });
    const { id } = await app.app.sagas.start(travel, { name: "later" }, { delay: "1h" });
    assert.equal((await app.app.sagas.read(id))?.state, "ready");
    await assert.rejects(app.app.sagas.result(travel, id, { within: "10ms" }), { type: "saga_not_ended" });
    assert.equal(ann.id, "ann");
  });
});

import assert from "node:assert/strict";
import { after, afterEach, before, describe, it } from "node:test";
import type { TestApp, TestDatabase } from "plimsoll/testing";
import { limits } from "../../src/core/limits.ts";
import { seen } from "../integration/scratch.ts";
import { asks, bodies, emptySagas, moveTime, plan, SoldOut, travel, tripsApp, tripsDatabase } from "./trips/trips.ts";

describe("the bounds of a saga", () => {
  let database: TestDatabase;
  let app: TestApp;
  const others: TestApp[] = [];
  /** Another process: its upkeep looks at once. */
  const another = async (spec: Parameters<typeof tripsApp>[1] = {}) => {
    const other = await tripsApp(database, spec);
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
    await moveTime(database, "0");
    await emptySagas(database);
  });
  after(async () => {
    await app.stop();
    await database.drop();
  });

  const begin = (saga: typeof travel, name = "one") => app.app.sagas.start(saga, { name }, { tenant: "acme", actor: "ann" });
  /** The next end of a run of this saga in this state, with its fault. */
  const ended = async (id: string, state: string) => {
    const end = await app.app.sagas.signals.ended.next((one) => one.id === id && one.state === state);
    return (JSON.parse(end.fault ?? "{}") as { type?: string; details?: unknown }) ?? {};
  };
  /** A saga whose journal has its signal and so many steps, `part-0` and on, each with an output of so many bytes. Its body asks for one more than `steps`. */
  const filled = async ({ steps, output, more }: { readonly steps: number; readonly output: string; readonly more: number }) => {
    const ran: number[] = [];
    bodies.set("trips.travel", async (_, { signal, step }) => {
      await signal("go");
      for (let n = 0; n < steps + more; n++) await step(`part-${n}`, async () => void ran.push(n));
    });
    const waits = app.app.sagas.signals.ended.next(({ state }) => state === "waiting");
    const { id } = await begin(travel);
    await waits;
    await database.admin(
      `insert into plimsoll.saga_steps (saga, name, kind, state, attempt, output, at)
      select $1, 'part-' || n, 'step', 'done', 1, $2, plimsoll.now_ms() from generate_series(0, $3::integer - 1) n`,
      [id, JSON.stringify(output), steps],
    );
    return { id, ran };
  };

  it("are the steps of its journal: what needs one more is suspended, and says what to do", async () => {
    const { id, ran } = await filled({ steps: limits.sagaSteps - 2, output: "", more: 2 });
    const suspended = ended(id, "suspended");
    await app.app.sagas.signal(travel, id, { name: "go" });
    assert.deepEqual(await suspended.then(({ type, details }) => [type, details]), [
      "saga_journal_full",
      { limit: "saga steps", value: limits.sagaSteps },
    ]);
    assert.deepEqual(ran, [limits.sagaSteps - 2], "the last one that has room runs");
    assert.equal((await app.app.sagas.read(id))?.steps.length, limits.sagaSteps);
  });

  for (const [what, letter, bytes] of [
    ["", "a", 1],
    [", not its characters", "€", 3],
  ] as const)
    it(`are the bytes of its journal${what}`, async () => {
      const each = 131_000;
      const signalBytes = '{"got" : null}'.length;
      const steps = Math.floor(limits.sagaJournalBytes / each);
      // One byte short of full, and full.
      for (const [short, parts] of [
        [1, [steps]],
        [0, []],
      ] as const) {
        const output = letter.repeat(Math.floor((each - 2) / bytes));
        const fill = Buffer.byteLength(JSON.stringify(output));
        const { id, ran } = await filled({ steps, output, more: 1 });
        const missing = limits.sagaJournalBytes - fill * steps - signalBytes - short;
        await database.admin(
          "update plimsoll.saga_steps set output = output || repeat(' ', $2::integer) where saga = $1 and name = 'part-0'",
          [id, missing],
        );
        const end = ended(id, short === 0 ? "suspended" : "completed");
        await app.app.sagas.signal(travel, id, { name: "go" });
        assert.equal((await end).type, short === 0 ? "saga_journal_full" : undefined);
        assert.deepEqual(ran, parts);
      }
    });

  it("are the bytes of its input and of what a step returns, and the characters of a name", async () => {
    const around = JSON.stringify({ name: "" }).length;
    const text = (bytes: number) => "€".repeat(Math.floor(bytes / 3)) + "a".repeat(bytes % 3);
    bodies.set("trips.travel", async () => "began");
    const fits = await begin(travel, text(limits.sagaInputBytes - around));
    assert.equal(await app.app.sagas.result(travel, fits.id), "began");
    await assert.rejects(begin(travel, text(limits.sagaInputBytes - around + 1)), { type: "saga_too_large" });
    const stopsAs = async (body: Parameters<typeof bodies.set>[1]) => {
      bodies.set("trips.travel", body);
      const end = app.app.sagas.signals.ended.next(({ state }) => state === "suspended" || state === "completed");
      await begin(travel);
      return (JSON.parse((await end).fault ?? "{}") as { type?: string }).type;
    };
    assert.equal(await stopsAs((_, { step }) => step("fits", async () => text(limits.sagaOutputBytes - 2))), undefined);
    assert.equal(await stopsAs((_, { step }) => step("large", async () => text(limits.sagaOutputBytes - 1))), "saga_output_too_large");
    assert.equal(await stopsAs((_, { step }) => step("n".repeat(limits.sagaStepChars), async () => 1)), undefined);
    assert.equal(await stopsAs((_, { step }) => step("n".repeat(limits.sagaStepChars + 1), async () => 1)), "saga_step_invalid");
  });

  it("are the signals that wait for it", async () => {
    const goes = Promise.withResolvers<void>();
    bodies.set("trips.travel", async (_, { step, signal }) => {
      await step("holds", () => goes.promise);
      return signal("last");
    });
    const { id } = await begin(travel);
    await database.admin(
      "insert into plimsoll.saga_signals (saga, name, payload, at) select $1, 'other', 'null', 0 from generate_series(2, $2::integer) n",
      [id, limits.sagaSignals],
    );
    await app.app.sagas.signal(travel, id, { name: "last", payload: "taken" });
    await assert.rejects(app.app.sagas.signal(travel, id, { name: "last" }), { type: "saga_signals_full" });
    goes.resolve();
    assert.equal(await app.app.sagas.result(travel, id), "taken");
  });

  it("is how long it is kept once it has ended, with all that is of it: not longer, not shorter, and not what a person has to decide about", async () => {
    let sent = Promise.withResolvers<void>();
    bodies.set("trips.travel", async ({ name }, { step, signal }) => {
      await signal("go");
      return step("work", async () => {
        await sent.promise;
        return name;
      });
    });
    const goes = async (name: string) => {
      sent = Promise.withResolvers();
      const { id } = await app.call(plan, { name, key: name });
      // The second one waits for a step that never comes.
      for (const payload of [1, 2]) await app.app.sagas.signal(travel, id, { name: "go", payload });
      sent.resolve();
      assert.equal(await app.app.sagas.result(travel, id), name);
      return id;
    };
    bodies.set("trips.asks", async (_, { step }) => step("fails", () => Promise.reject(new SoldOut({ what: "it" }))));
    const stops = app.app.sagas.signals.ended.next(({ state }) => state === "suspended");
    const { id: asked } = await begin(asks);
    await stops;
    const failing = app.app.sagas.signals.ended.next(({ state }) => state === "suspended");
    const { id: failed } = await begin(asks);
    await failing;
    await app.app.sagas.fail(failed, "it is not worth it");
    const early = await goes("early");
    await moveTime(database, "2 hours");
    const late = await goes("late");
    await moveTime(database, `${limits.sagaRetentionMs + 3_600_000} milliseconds`);
    await another();
    const of = (table: string, id: string) => database.admin(`select 1 from plimsoll.${table} where saga = $1`, [id]);
    await seen(database.adminUrl, "select from (select count(*) as n from plimsoll.sagas where id = any ($1)) c where n = 0", [
      [early, failed],
    ]);
    for (const table of ["saga_steps", "saga_signals", "saga_decisions"])
      for (const id of [early, failed]) assert.deepEqual(await of(table, id), [], table);
    await assert.rejects(app.app.sagas.result(travel, early), { type: "saga_unknown" });
    assert.equal((await app.app.sagas.read(asked))?.state, "suspended");
    assert.equal((await app.app.sagas.read(late))?.steps.length, 2);
    assert.deepEqual((await of("saga_signals", late)).length, 1);
    assert.deepEqual(
      [(await app.call(plan, { name: "late", key: "late" })).started, (await app.call(plan, { name: "early", key: "early" })).started],
      [false, true],
      "its key is free",
    );
  });

  it("is what an app says, and many are deleted in bounded turns", async () => {
    const many = limits.sagaExpiryTurn + 1;
    const insert = (ago: string, count: number) =>
      database.admin(
        `insert into plimsoll.sagas (id, name, version, state, deadline, started, ended, input, epoch, xid)
        select gen_random_uuid(), 'trips.travel', 1, 'completed', 0, 0, plimsoll.now_ms() - extract(epoch from $1::interval) * 1000, '{}', 0, '0' from generate_series(1, $2::integer)`,
        [ago, count],
      );
    await insert("25 hours", many);
    await insert("23 hours", 3);
    const [{ deleted } = { deleted: 0 }] = await database.admin<{ deleted: number }>(
      "select plimsoll.expire_sagas(86400000, $1) as deleted",
      [limits.sagaExpiryTurn - 10],
    );
    assert.equal(deleted, limits.sagaExpiryTurn - 10);
    await insert("25 hours", limits.sagaExpiryTurn);
    await another({ sagas: { retention: "1d" } });
    await seen(database.adminUrl, "select from (select count(*) as n from plimsoll.sagas) c where n = 3", []);
  });
});

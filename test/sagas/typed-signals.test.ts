import assert from "node:assert/strict";
import { after, before, beforeEach, describe, it } from "node:test";
import fc from "fast-check";
import { command, module, type SagaScope, saga, signedIn } from "plimsoll";
import { type TestApp, type TestDatabase, testActor, testApp, testDatabase } from "plimsoll/testing";
import { z } from "zod";
import type { Fault } from "../../src/core/fault.ts";
import { limits } from "../../src/core/limits.ts";

const Approval = z.object({
  by: z.string().min(1),
  cents: z.int().default(0),
  at: z.iso
    .datetime()
    .transform((text) => new Date(text))
    .optional(),
});
type Signalled = { readonly approved?: z.ZodType; readonly other?: z.ZodType };
type Body = (input: { readonly n: number }, scope: SagaScope) => Promise<unknown>;
const waits: Body = (_, { signal }) => signal("approved");

const declare = (signals: Signalled, spec: { readonly version?: number; readonly earlier?: Record<number, Body> } = {}) =>
  saga("typed.trip", { input: z.object({ n: z.int() }), budget: "1d", run: waits, signals, ...spec });
const trip = saga("typed.trip", {
  input: z.object({ n: z.int() }),
  budget: "1d",
  run: waits,
  signals: { approved: Approval, stopped: z.null() },
});
const approve = command("typed.approve", {
  ...{
    input: z.object({ id: z.string(), payload: z.unknown() }),
    output: z.object({}),
    access: signedIn(),
    budget: "20s",
    idempotent: "no",
  },
  async run({ id, payload }, { signalSaga }) {
    await signalSaga(trip, id, { name: "approved", payload: payload as { by: string } });
    return {};
  },
});

describe("the data of a signal", () => {
  let database: TestDatabase;
  before(async () => {
    database = await testDatabase({ modules: [] });
  });
  beforeEach(() =>
    database.admin(
      "truncate plimsoll.sagas, plimsoll.saga_steps, plimsoll.saga_decisions, plimsoll.saga_signals, plimsoll.saga_signal_keys",
    ),
  );
  after(() => database.drop());

  const start = (code: ReturnType<typeof declare>, more: readonly (typeof approve)[] = []): Promise<TestApp> =>
    testApp({ modules: [module("typed", { operations: [code, ...more] })], database, actor: testActor() });
  /** A saga that waits for its signal. */
  const begin = async ({ app }: TestApp, code: ReturnType<typeof declare> = trip) => {
    const waiting = app.sagas.signals.ended.next(({ state }) => state === "waiting");
    const { id } = await app.sagas.start(code, { n: 1 });
    await waiting;
    return id;
  };
  const stored = async () => (await database.admin("select name from plimsoll.saga_signals")).length;

  it("is refused before it is stored, with the fields that the schema refuses, from a program and from a command", async () => {
    await using app = await start(trip, [approve]);
    const id = await begin(app);
    const senders = {
      program: (payload: unknown) => app.app.sagas.signal(trip, id, { name: "approved", payload: payload as { by: string } }),
      command: (payload: unknown) => app.call(approve, { id, payload }),
    };
    for (const send of Object.values(senders))
      for (const [payload, pointers] of [
        [{ by: "" }, ["/by"]],
        [{ by: 7, cents: "1" }, ["/by", "/cents"]],
        [null, [""]],
        [undefined, [""]],
      ] as const)
        await assert.rejects(send(payload), (fault: Fault<{ problems: readonly { pointer: string }[] }>) => {
          assert.deepEqual([fault.code, fault.type], ["invalid_argument", "saga_signal_invalid"]);
          assert.deepEqual(
            fault.details?.problems.map(({ pointer }) => pointer),
            pointers,
          );
          for (const pointer of pointers) assert.ok(fault.message.includes(`${pointer || "/"}: `), fault.message);
          return true;
        });
    const name = "refused" as "approved";
    await assert.rejects(app.app.sagas.signal(trip, id, { name, payload: { by: "ann" } }), {
      ...{ code: "invalid_argument", type: "saga_signal_undeclared" },
      message: /typed\.trip declares no signal "refused", but approved, stopped\./,
    });
    assert.equal(await stored(), 0);
    assert.equal((await app.app.sagas.read(id))?.state, "waiting");
  });

  it("is refused where it is larger than the output of a step may be", async () => {
    await using app = await start(trip);
    const id = await begin(app);
    const fits = "a".repeat(limits.sagaOutputBytes - JSON.stringify({ by: "", cents: 0 }).length);
    const send = (by: string) => app.app.sagas.signal(trip, id, { name: "approved", payload: { by, cents: 0 } });
    await assert.rejects(send(`${fits}a`), { code: "invalid_argument", type: "saga_signal_too_large" });
    assert.equal(await stored(), 0);
    await send(fits);
    assert.deepEqual(await app.app.sagas.result(trip, id), { by: fits, cents: 0 });
  });

  it("is given to the body as its schema makes it, however often the body runs", async () => {
    await using app = await start(trip);
    const id = await begin(app);
    await app.app.sagas.signal(trip, id, { name: "approved", payload: { by: "ann", at: "2026-01-02T03:04:05Z" } });
    assert.deepEqual(await app.app.sagas.result(trip, id), { by: "ann", cents: 0, at: "2026-01-02T03:04:05.000Z" });
  });

  it("is taken where the schema takes it, and only there", async () => {
    await using app = await start(trip);
    const id = await begin(app);
    const nearly = fc.record({ by: fc.constantFrom("", "ann", 7, null), cents: fc.constantFrom(0, -1, 1.5, "1") }, { requiredKeys: [] });
    await fc.assert(
      fc.asyncProperty(fc.oneof(nearly, fc.jsonValue()), async (payload) => {
        await database.admin("truncate plimsoll.saga_signals");
        await database.admin("update plimsoll.saga_steps set awaited = 'another'");
        const sent = await app.app.sagas.signal(trip, id, { name: "approved", payload: payload as { by: string } }).then(
          () => true,
          (fault: Fault) => (fault.type === "saga_signal_invalid" ? false : Promise.reject(fault)),
        );
        assert.equal(sent, Approval.safeParse(payload).success);
        assert.equal(await stored(), sent ? 1 : 0);
      }),
      { numRuns: 40 },
    );
  });

  /** Signals that an earlier deploy took, and that no saga has read yet. */
  const left = async (payloads: readonly unknown[], signals: Signalled = { approved: z.unknown() }) => {
    const old = declare(signals);
    const earlier = await start(old);
    const ids: string[] = [];
    for (const payload of payloads) {
      const id = await begin(earlier, old);
      ids.push(id);
      await database.admin("insert into plimsoll.saga_signals (saga, name, payload, at) values ($1, 'approved', $2, 0)", [
        id,
        JSON.stringify(payload),
      ]);
    }
    await earlier.stop();
    await database.admin("update plimsoll.sagas set due = 0");
    return ids as [string, ...string[]];
  };

  it("continues sagas of an earlier deploy whose signals are stored, where the schema takes them", async () => {
    const [id] = await left([{ by: "ann" }]);
    await using app = await start(trip);
    assert.deepEqual(await app.app.sagas.result(trip, id), { by: "ann", cents: 0 });
  });

  it("suspends those whose stored signal it refuses, names the field, and continues by retry or by skip", async () => {
    const [one, other] = await left([{ by: 7 }, { by: 8 }]);
    const app = await start(trip);
    for (const id of [one, other!]) {
      assert.match(await suspension(app, id), /saga_signal_unreadable.*signal approved.*in typed\.trip any more: \/by: /);
    }
    assert.equal(await app.app.sagas.skip(one, "ann said so by telephone", { by: "ann", cents: 3 }), true);
    assert.deepEqual(await app.app.sagas.result(trip, one), { by: "ann", cents: 3 });
    await app.stop();
    const wider = declare({ approved: z.object({ by: z.union([z.string(), z.int()]) }) });
    await using later = await start(wider);
    assert.equal(await later.app.sagas.retry(other!, "the schema takes it now"), true);
    assert.deepEqual(await later.app.sagas.result(wider, other!), { by: 8 });
  });

  it("is given as it is to the body of an earlier version that waits for a name which is not declared any more", async () => {
    const [id] = await left([{ by: 7 }]);
    const next = declare({ other: z.null() }, { version: 2, earlier: { 1: waits } });
    await using app = await start(next);
    assert.deepEqual(await app.app.sagas.result(next, id), { by: 7 });
  });

  it("is declared with a name and a schema that can be kept", async () => {
    const refusal = (signals: object) =>
      start(declare(signals as Signalled)).then(
        () => assert.fail("it started"),
        (error: Error) => error.message,
      );
    assert.match(await refusal({ "a b": z.null() }), /typed\.trip.*signals\.a b.*printable ASCII/s);
    assert.match(await refusal({ approved: { not: "a schema" } }), /signals\.approved.*not a schema/s);
  });

  /** Returns how a saga stopped. */
  const suspension = async ({ app }: TestApp, id: string): Promise<string> => {
    for (;;) {
      const ended = app.sagas.signals.ended.next((one) => one.id === id);
      if ((await app.sagas.read(id))?.state === "suspended") {
        ended.catch(() => undefined);
        const [row] = await database.admin<{ stopped: string }>("select stopped from plimsoll.sagas where id = $1", [id]);
        return row?.stopped ?? "";
      }
      await ended;
    }
  };
});

import assert from "node:assert/strict";
import { after, afterEach, before, describe, it } from "node:test";
import { type TestApp, TestClock, type TestDatabase, testDatabase } from "plimsoll/testing";
import { runtimeOf } from "../../src/app/app.ts";
import { limits } from "../../src/core/limits.ts";
import type { SubscriptionStats } from "../../src/events/ports/admin-store.ts";
import { ProjectionWatch } from "../../src/events/projections/watch.ts";
import { eventSignals } from "../../src/events/signals.ts";
import { warnOfEvents } from "../../src/events/warnings.ts";
import { act, balances, bank, bankApp, broken } from "./bank.ts";

const still = limits.projectionStallMs;
const held = { xid: "7", pid: 12, application: "report", ageMs: 60_000, statement: "select 1" };

/** A watch over one projection, whose looks find what a test says. */
function watching(failure?: string) {
  const clock = new TestClock();
  const signals = eventSignals();
  const stalls: string[] = [];
  signals.stalled.on(({ projection, stillMs, lag, why }) => stalls.push(`${projection} ${stillMs} ${lag} ${why}`));
  const upkeep = { stats: [] as readonly SubscriptionStats[], readersHeld: undefined as typeof held | undefined };
  const projectors = [{ definition: { name: "bank.balances" } as never, failure }];
  const watch = new ProjectionWatch({ clock, signals, upkeep, projectors });
  const look = (found: Partial<SubscriptionStats>, afterMs: number) => {
    clock.advance(afterMs);
    upkeep.stats = [{ name: "bank.balances", epoch: 1, xid: "5", seq: 1, lag: 3, owned: 1, paused: false, ...found } as SubscriptionStats];
    watch.look();
  };
  return { clock, signals, stalls, upkeep, watch, look };
}

describe("a projection that stands still is reported", () => {
  const causes: readonly (readonly [what: string, found: Partial<SubscriptionStats>, failure: string | undefined, why: RegExp])[] = [
    ["it is paused", { paused: true }, "broken", /It is paused\. Resume it at POST \/projections\/\{name\}\/resume\.$/],
    ["its last turn failed", {}, "connection refused", /It tries again: connection refused$/],
    ["no process has it", { owned: 0 }, undefined, /No process has it\. Run one with the role worker whose code declares it\.$/],
    ["the process that has it does not move it", {}, undefined, /Another process has it, which does not move it\. Look at the log/],
  ];
  for (const [what, found, failure, why] of causes)
    it(`with the reason: ${what}`, () => {
      const { look, stalls } = watching(failure);
      look(found, 0);
      look(found, still - 1);
      assert.deepEqual(stalls, []);
      look(found, 1);
      assert.match(stalls[0] ?? "", new RegExp(`^bank\\.balances ${still} 3 `));
      assert.match(stalls[0] ?? "", why);
    });

  it("with the transaction that holds readers back, before what only follows from it", () => {
    const { look, stalls, upkeep } = watching("nothing to read");
    upkeep.readersHeld = held;
    look({}, 0);
    look({}, still);
    assert.match(stalls[0] ?? "", /The session 12 \(report\) has had a transaction under way for 60 s/);
  });

  it("until it moves, or has no event to apply", () => {
    for (const better of [{ xid: "6" }, { seq: 2 }, { epoch: 2 }, { lag: 0 }]) {
      const { look, watch } = watching();
      look({}, 0);
      look({}, still);
      assert.equal(watch.stalls.length, 1);
      look(better, 1);
      assert.deepEqual(watch.stalls, []);
      look(better, still - 1);
      assert.deepEqual(watch.stalls, []);
    }
  });

  it("once for each look of the upkeep", () => {
    const { look, stalls, watch, clock } = watching();
    look({}, 0);
    look({}, still);
    clock.advance(still);
    watch.look();
    assert.equal(stalls.length, 1);
  });

  it("in the log, in one line in ten minutes", () => {
    const { look, signals, clock } = watching();
    const lines: string[] = [];
    const logged = { publish: ({ level, message }: { level: string; message: string }) => void lines.push(`${level} ${message}`) };
    warnOfEvents({ clock, signals: { logged } } as never, signals);
    for (let n = 0; n < 10; n++) look({}, still);
    assert.equal(lines.length, 1);
    assert.match(lines[0] ?? "", /^warn bank\.balances has 3 events to apply and has stood still for 30 s\. Another process has it/);
  });
});

describe("the page /projections of the ops port", () => {
  let database: TestDatabase;
  let app: TestApp;
  before(async () => {
    database = await testDatabase({ modules: [bank] });
    app = await bankApp(database);
  });
  afterEach(() => {
    broken.on = undefined;
  });
  after(async () => {
    await app?.stop();
    await database.drop();
  });
  const ask = async (method: string, url: string, headers: Record<string, string> = { "plimsoll-ops": "yes" }) => {
    const pages = runtimeOf(app.app).engineOf("subscription")?.pages ?? [];
    return pages.find(({ path }) => path === "/projections")!.answer({ method, url, headers });
  };
  const of = `/projections/${balances.name}`;
  type Shown = Readonly<Record<"projections" | "skipped", readonly Readonly<Record<string, unknown>>[]>>;
  const shown = async () => (await ask("GET", "/projections"))!.body as Shown;
  const deposit = (cents: number) => app.call(act, { kind: "deposit", account: "a", cents });

  it("shows what each is, what it skipped and why, and applies that once more", async () => {
    broken.on = (cents) => {
      if (cents === 66) throw new RangeError("broken");
    };
    await app.call(act, { kind: "open", account: "a" });
    await deposit(66);
    await app.runUntilIdle();
    const { projections, skipped } = await shown();
    const { name, table, lag, paused, skipped: count, position } = projections[0]!;
    assert.deepEqual([name, table, lag, paused, count], ["bank.balances", "bank.balances", 0, false, 1]);
    assert.match(String(position), /^\d+\/\d+\/\d+$/);
    assert.deepEqual([skipped[0]!.reason, projections[1]!.name], ["broken", "bank.owners"]);
    broken.on = undefined;
    assert.deepEqual((await ask("POST", `${of}/retry?id=${skipped[0]!.id}`))!.body, { retried: true });
    await app.runUntilIdle();
    assert.deepEqual((await shown()).skipped, []);
    assert.deepEqual(await database.admin("select total_cents::int from bank.balances"), [{ total_cents: 66 }]);
  });

  it("pauses, rebuilds, ends a rebuild and resumes", async () => {
    assert.deepEqual((await ask("POST", `${of}/pause`))!.body, { paused: balances.name });
    await deposit(1);
    assert.deepEqual((await ask("POST", `${of}/rebuild`))!.body, { begun: true });
    assert.deepEqual((await ask("POST", `${of}/rebuild`))!.body, { begun: false });
    const [{ lag, paused, rebuild }] = (await shown()).projections as [Readonly<Record<string, unknown>>];
    assert.deepEqual([lag, paused, (rebuild as { total: number }).total], [1, true, 3]);
    assert.deepEqual((await ask("POST", `${of}/cancel`))!.body, { cancelled: true });
    assert.deepEqual((await ask("POST", `${of}/cancel`))!.body, { cancelled: false });
    assert.deepEqual((await ask("POST", `${of}/resume`))!.body, { resumed: balances.name });
    await app.runUntilIdle();
    assert.deepEqual(await database.admin("select total_cents::int from bank.balances"), [{ total_cents: 67 }]);
  });

  const refusals = [
    ["POST", `${of}/rebuild`, {}, 403],
    ["DELETE", "/projections", undefined, 405],
    ["POST", `${of}/retry?id=a`, undefined, 400],
    ["GET", "/projections/%E0%A4%A", undefined, 400],
  ] as const;
  for (const [method, url, headers, status] of refusals)
    it(`refuses ${method} ${url}${headers ? " without its header" : ""}`, async () =>
      assert.equal((await ask(method, url, headers))!.status, status));

  it("knows no other paths and no other projections", async () => {
    assert.deepEqual(
      [await ask("GET", "/projections/a"), await ask("POST", `${of}/other`), await ask("POST", "/projections/a")],
      [undefined, undefined, undefined],
    );
    await assert.rejects(ask("POST", "/projections/bank.other/rebuild") as Promise<unknown>, { type: "projection_unknown" });
  });
});

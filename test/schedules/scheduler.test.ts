import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { z } from "zod";
import { Fault } from "../../src/core/fault.ts";
import { type Schedule, schedule } from "../../src/operation/durable/schedule.ts";
import type { Durable, OccurrenceStart, OccurrenceStarts } from "../../src/operation/durable/start.ts";
import { task } from "../../src/operation/durable/task.ts";
import { Scheduler } from "../../src/schedules/scheduler.ts";
import { scheduleSignals } from "../../src/schedules/signals.ts";
import { TestClock } from "../../src/testing/clock.ts";
import { MemoryStore } from "./memory-store.ts";

const report = task("orders.report", { input: z.object({ until: z.string() }), budget: "1m", run: async () => undefined });
const nightly = schedule("orders.nightly", {
  cron: "0 2 * * *",
  task: report,
  input: (occurrence) => ({ until: occurrence.toISOString() }),
});
const hourly = schedule("orders.hourly", {
  cron: "@hourly",
  task: report,
  input: { until: "now" },
  tenant: "acme",
  priority: 3,
  missed: "all",
});

const hourMs = 3_600_000;

/** Durable time and the process's own go together, unless a test moves one of them. */
class House {
  readonly clock = new TestClock();
  readonly store = new MemoryStore(this.clock.now());
  readonly signals = scheduleSignals();
  readonly starts: (OccurrenceStart & { readonly task: Durable })[] = [];
  readonly woken: string[] = [];
  readonly heard: unknown[] = [];
  refuse: string | undefined;

  constructor() {
    this.signals.fired.on(({ schedule, occurrence, lagMs }) => this.heard.push([schedule, new Date(occurrence).toISOString(), lagMs]));
    this.signals.failed.on(({ schedule, error }) => this.heard.push([schedule, (error as Error).message]));
    this.signals.passedOver.on(({ schedule, after, until }) => this.heard.push([schedule, "passed over", (until - after) / hourMs]));
  }

  async scheduler(...schedules: Schedule[]): Promise<Scheduler> {
    const { store, clock, signals } = this;
    const starts: OccurrenceStarts = {
      prepare: (task, occurrence) => {
        if (occurrence.key.includes(this.refuse ?? "nothing")) throw new Fault({ code: "invalid_argument", message: "no such input" });
        this.starts.push({ ...occurrence, task });
        return { id: `id-${this.starts.length}`, toWake: new Set(["default"]), statement: { text: "", values: [occurrence.key] } };
      },
      committed: (names) => void this.woken.push(...names),
    };
    const made = new Scheduler({ ...{ schedules, store, clock, signals }, startsOf: () => starts });
    await made.start();
    this.store.asked = [];
    this.starts.length = 0;
    return made;
  }

  pass(ms: number): void {
    this.clock.advance(ms);
    this.store.now += ms;
  }
}

describe("a scheduler", () => {
  it("starts the task of an occurrence once it is due, with its input, its key, and a signal", async () => {
    const house = new House();
    const scheduler = await house.scheduler(nightly, hourly);
    house.pass(2 * hourMs + 250);
    await scheduler.fireDue();
    const day = "2026-01-01T";
    assert.deepEqual(house.starts, [
      {
        task: report,
        input: { until: `${day}02:00:00.000Z` },
        key: `schedule:orders.nightly:${day}02:00:00.000Z`,
        tenant: undefined,
        priority: undefined,
      },
      { task: report, input: { until: "now" }, key: `schedule:orders.hourly:${day}01:00:00.000Z`, tenant: "acme", priority: 3 },
      { task: report, input: { until: "now" }, key: `schedule:orders.hourly:${day}02:00:00.000Z`, tenant: "acme", priority: 3 },
    ]);
    assert.deepEqual(house.heard, [
      ["orders.nightly", `${day}02:00:00.000Z`, 250],
      ["orders.hourly", `${day}01:00:00.000Z`, hourMs + 250],
      ["orders.hourly", `${day}02:00:00.000Z`, 250],
    ]);
    assert.deepEqual(house.woken, ["default", "default"]);
    await scheduler.fireDue();
    assert.equal(house.store.started.length, 3, "each once");
  });

  it("asks the database nothing while nothing is due, but for one look in 15 s", async () => {
    const house = new House();
    const scheduler = await house.scheduler(nightly);
    for (let second = 1; second <= 60; second++) {
      house.pass(1_000);
      await scheduler.fireDue();
    }
    assert.deepEqual(house.store.asked, ["read", "read", "read", "read"]);
    assert.equal(scheduler.nextDueMs, 2 * hourMs - 60_000);
  });

  it("asks nothing at all where there are no schedules", async () => {
    const house = new House();
    const scheduler = await house.scheduler();
    house.pass(24 * hourMs);
    await scheduler.fireDue();
    assert.deepEqual([house.store.asked, scheduler.nextDueMs, scheduler.list()], [[], undefined, []]);
  });

  it("looks once where two ask it at the same time", async () => {
    const house = new House();
    const scheduler = await house.scheduler(nightly);
    house.pass(2 * hourMs);
    await Promise.all([scheduler.fireDue(), scheduler.fireDue(), scheduler.fireDue()]);
    assert.deepEqual(house.store.asked, ["read", "fire"]);
  });

  it("makes up for what was missed while no process ran", async () => {
    const house = new House();
    await (await house.scheduler(nightly, hourly)).stop();
    house.pass(50 * hourMs + hourMs / 2);
    const scheduler = await house.scheduler(nightly, hourly);
    await scheduler.fireDue();
    assert.deepEqual(house.heard.slice(0, 2), [
      ["orders.nightly", "passed over", 48 + 2],
      ["orders.nightly", "2026-01-03T02:00:00.000Z", hourMs / 2],
    ]);
    assert.equal(house.starts.filter(({ key }) => key.includes("hourly")).length, 50);
  });

  it("misses nothing from before it was declared, or while it had another rule", async () => {
    const house = new House();
    await house.scheduler(nightly);
    house.pass(5 * hourMs);
    const later = schedule("orders.nightly", { cron: "0 4 * * *", task: report, input: { until: "" } });
    const scheduler = await house.scheduler(later);
    await scheduler.fireDue();
    assert.deepEqual(house.heard, []);
    house.pass(24 * hourMs);
    await scheduler.fireDue();
    assert.deepEqual(house.heard, [["orders.nightly", "2026-01-02T04:00:00.000Z", hourMs]]);
  });

  it("leaves a schedule alone to which a later version gave another rule, until that version is gone", async () => {
    const house = new House();
    const old = await house.scheduler(hourly);
    await house.scheduler(schedule("orders.hourly", { cron: "0 9 * * *", task: report, input: { until: "" } }));
    house.pass(hourMs);
    await old.fireDue();
    assert.deepEqual([house.heard, old.list()[0]?.state, old.nextDueMs], [[], "replaced", undefined]);
    house.store.asked = [];
    house.pass(1_000);
    await old.fireDue();
    assert.deepEqual(house.store.asked, []);
    await house.store.declare([{ name: "orders.hourly", rule: "@hourly UTC" }]);
    house.pass(hourMs);
    await old.fireDue();
    assert.equal(house.heard.length, 1);
  });

  it("pauses everywhere at once, and goes on with the occurrence after the pause", async () => {
    const house = new House();
    const [scheduler, other] = [await house.scheduler(hourly), await house.scheduler(hourly)];
    await scheduler.pause("orders.hourly");
    house.pass(hourMs);
    await other.fireDue();
    await scheduler.fireDue();
    assert.deepEqual([house.heard, scheduler.list()[0]?.state, other.list()[0]?.state], [[], "paused", "paused"]);
    house.pass(3 * hourMs);
    await scheduler.resume("orders.hourly");
    await Promise.all([scheduler.fireDue(), other.fireDue()]);
    assert.deepEqual(house.heard, []);
    house.pass(hourMs);
    await Promise.all([scheduler.fireDue(), other.fireDue()]);
    assert.deepEqual(house.heard, [["orders.hourly", "2026-01-01T05:00:00.000Z", 0]]);
    await assert.rejects(scheduler.pause("orders.weekly"), { type: "schedule_unknown", message: /Known here: orders\.hourly/ });
  });

  const learnt: readonly [string, (store: MemoryStore) => unknown, readonly string[]][] = [
    ["paused", (store) => store.pause("orders.hourly", true), []],
    ["replaced", (store) => store.declare([{ name: "orders.hourly", rule: "another" }]), []],
    ["active", (store) => store.rows.clear(), ["read", "declare"]],
  ];
  for (const [state, change, asked] of learnt)
    it(`learns when it fires, before it reads again, that a schedule is not as it was: ${state}`, async () => {
      const house = new House();
      const scheduler = await house.scheduler(hourly);
      house.pass(hourMs - 1_000);
      await scheduler.fireDue();
      await change(house.store);
      house.store.asked = [];
      house.pass(1_000);
      await scheduler.fireDue();
      assert.deepEqual(house.store.asked, ["fire"]);
      await scheduler.fireDue();
      assert.deepEqual([house.store.asked, house.heard, scheduler.list()[0]?.state], [["fire", ...asked], [], state]);
    });

  it("fires nothing that a look has shown to be replaced", async () => {
    const house = new House();
    const scheduler = await house.scheduler(hourly);
    house.store.rows.get("orders.hourly")!.rule = "another";
    house.pass(hourMs);
    await scheduler.fireDue();
    assert.deepEqual(house.store.asked, ["read"]);
  });

  it("holds no other schedule up where one cannot make its input, and tries that one again a minute later", async () => {
    const house = new House();
    const scheduler = await house.scheduler(nightly, hourly);
    house.refuse = "nightly";
    house.pass(2 * hourMs);
    await scheduler.fireDue();
    assert.deepEqual(house.heard.length, 3);
    assert.deepEqual(house.heard[0], ["orders.nightly", "no such input"]);
    assert.equal(scheduler.nextDueMs, 60_000, "no look every moment meanwhile");
    house.pass(59_000);
    await scheduler.fireDue();
    assert.equal(house.heard.length, 3);
    house.refuse = undefined;
    house.pass(1_000);
    await scheduler.fireDue();
    assert.deepEqual(house.heard[3], ["orders.nightly", "2026-01-01T02:00:00.000Z", 60_000]);
  });

  for (const before of [true, false])
    it(`fires once where the database is lost ${before ? "before" : "after"} it committed`, async () => {
      const house = new House();
      const scheduler = await house.scheduler(nightly);
      house.pass(2 * hourMs);
      house.store.broken = { error: new Fault({ code: "unavailable", message: "gone" }), before };
      await assert.rejects(scheduler.fireDue(), { code: "unavailable" });
      await scheduler.fireDue();
      await scheduler.fireDue();
      assert.deepEqual(house.store.started, ["schedule:orders.nightly:2026-01-01T02:00:00.000Z"]);
    });

  it("follows the database's clock, whichever way that jumps", async () => {
    const house = new House();
    const scheduler = await house.scheduler(nightly);
    house.store.now += 3 * hourMs;
    house.clock.advance(15_000);
    await scheduler.fireDue();
    assert.deepEqual(house.heard, [["orders.nightly", "2026-01-01T02:00:00.000Z", hourMs]]);
    house.store.now -= 2 * hourMs;
    house.pass(hourMs);
    await scheduler.fireDue();
    assert.equal(house.heard.length, 1, "the same occurrence again");
    // Behind what this process believes: the store has the last word.
    house.store.now = Date.parse("2026-01-02T02:00:00Z") - 1_000;
    house.clock.advance(24 * hourMs);
    await scheduler.fireDue();
    assert.equal(house.heard.length, 1, "before its time");
    house.pass(1_000);
    await scheduler.fireDue();
    assert.equal(house.heard.length, 2);
  });

  it("declares again what was removed, and fires nothing once it stops", async () => {
    const house = new House();
    const scheduler = await house.scheduler(hourly);
    house.store.rows.clear();
    house.pass(hourMs);
    await scheduler.fireDue();
    house.pass(hourMs);
    await scheduler.fireDue();
    assert.deepEqual(house.heard, [["orders.hourly", "2026-01-01T02:00:00.000Z", 0]]);
    await scheduler.stop();
    house.store.asked = [];
    house.pass(hourMs);
    await scheduler.fireDue();
    assert.deepEqual(house.store.asked, []);
  });

  it("refuses two schedules of one name", () =>
    assert.rejects(new House().scheduler(hourly, nightly, hourly), {
      type: "schedule_invalid",
      message: /orders\.hourly .*Two schedules/,
    }));

  const refused: readonly [string, Schedule, RegExp][] = [
    ["an expression", schedule("orders.a", { cron: "61 * * * *", task: report, input: { until: "" } }), /orders\.a .*minute "61"/],
    [
      "a time zone",
      schedule("orders.a", { cron: "@daily", timeZone: "Berlin", task: report, input: { until: "" } }),
      /no time zone "Berlin"/,
    ],
    ["a name", schedule("Orders", { cron: "@daily", task: report, input: { until: "" } }), /begin with its module/],
    [
      "a policy",
      schedule("orders.a", { cron: "@daily", task: report, input: { until: "" }, missed: "none" as never }),
      /"skip", "once" or "all"/,
    ],
    ["a priority", schedule("orders.a", { cron: "@daily", task: report, input: { until: "" }, priority: 10 }), /0 to 9/],
    [
      "what is no task",
      schedule("orders.a", { cron: "@daily", task: undefined as never, input: { until: "" } as never }),
      /Give it what task/,
    ],
  ];
  for (const [what, bad, fix] of refused)
    it(`refuses ${what} that is none, and names the schedule`, () =>
      assert.rejects(new House().scheduler(bad), { type: "schedule_invalid", message: fix }));
});

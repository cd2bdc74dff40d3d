import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { leasedRates } from "../../../src/resilience/leases/leased-rates.ts";
import { MemoryLeases, memoryLeases } from "../../../src/resilience/leases/memory-leases.ts";
import { TestClock } from "../../../src/testing/clock.ts";
import { rateStoreConformance } from "../../../src/testing/conformance/rate-store.ts";
import { Fleet } from "./fleet.ts";

describe("rates leased from a store in memory", () => {
  const clock = new TestClock();
  const suite = rateStoreConformance({
    create: () => leasedRates(memoryLeases(new MemoryLeases(clock))),
    clock,
    pass: (ms) => clock.advance(Math.ceil(ms)),
  });
  for (const { name, run } of suite) it(name, run);
});

/** Within `share` of what is expected. */
function near(actual: number, expected: number, share: number): void {
  assert.ok(Math.abs(actual - expected) <= expected * share, `${actual} is not within ${share * 100}% of ${expected}`);
}

const run = (ms: number, ...rates: number[]) => ({ kind: "run" as const, ms, rates });
const [pause, join] = [{ kind: "pause" as const }, { kind: "join" as const }];
/** A slow response of the store, after which a process had leases, and its last share on top of them. */
const pausedStores: [{ rate: number; burst: number; events: (typeof pause | typeof join | ReturnType<typeof run>)[] }][] = [
  [
    {
      ...{ rate: 20, burst: 1 },
      events: [run(20, 200, 128, 0, 0), pause, run(251, 0, 5, 0, 0), pause, join, run(231, 60, 31, 0, 0), run(581, 190, 464, 0, 0)],
    },
  ],
  [
    {
      ...{ rate: 20, burst: 1 },
      events: [run(51, 40, 0, 0, 0), pause, run(20, 0, 0, 0, 0), join, pause, run(141, 200, 40), run(226, 98, 0), run(431, 198, 269)],
    },
  ],
];

describe("a rate that processes lease", () => {
  it("is allowed as a whole, in fair parts, and with few questions", async () => {
    const fleet = new Fleet({ ratePerSecond: 2_000, burst: 200 });
    for (let i = 0; i < 4; i++) fleet.join();
    await fleet.run(2_000, [1_000, 1_000, 1_000, 1_000]);
    const before = fleet.members.map(({ admitted }) => admitted);
    const questions = fleet.questions;
    await fleet.run(5_000, [1_000, 1_000, 1_000, 1_000]);
    const admitted = fleet.members.map((member, index) => member.admitted - before[index]!);
    near(
      admitted.reduce((a, b) => a + b),
      10_000,
      0.02,
    );
    for (const one of admitted) near(one, 2_500, 0.05);
    assert.ok(fleet.questions - questions <= 0.05 * 10_000, `${fleet.questions - questions} questions`);
  });

  it("gives who needs little all of it, and the rest to who needs more", async () => {
    const fleet = new Fleet({ ratePerSecond: 1_000, burst: 100 });
    for (let i = 0; i < 3; i++) fleet.join();
    await fleet.run(2_000, [50, 900, 900]);
    const before = fleet.members.map(({ admitted }) => admitted);
    await fleet.run(4_000, [50, 900, 900]);
    const [small, one, other] = fleet.members.map((member, index) => member.admitted - before[index]!);
    near(small!, 200, 0.05);
    near(one!, 1_900, 0.05);
    near(other!, 1_900, 0.05);
  });

  it("refuses nothing below the rate", async () => {
    const fleet = new Fleet({ ratePerSecond: 1_000, burst: 100 });
    for (let i = 0; i < 3; i++) fleet.join();
    await fleet.run(4_000, [500, 200, 100]);
    const admitted = fleet.members.reduce((sum, member) => sum + member.admitted, 0);
    near(admitted, 3_200, 0.01);
  });

  it("goes to who joins, and to those who stay where one is killed with credits", async () => {
    const fleet = new Fleet({ ratePerSecond: 1_000, burst: 100 });
    fleet.join();
    await fleet.run(1_000, [2_000]);
    const joined = fleet.join();
    await fleet.run(1_000, [2_000, 2_000]);
    const before = joined.admitted;
    await fleet.run(2_000, [2_000, 2_000]);
    near(joined.admitted - before, 1_000, 0.05);
    // Killed: it neither returns what it holds nor renews.
    await fleet.run(1_000, [0, 2_000]);
    const alone = joined.admitted;
    await fleet.run(2_000, [0, 2_000]);
    near(joined.admitted - alone, 2_000, 0.05);
    assert.ok(fleet.mostWithin(1_000) <= 1_000 * 1.5 + 250 + 10, `${fleet.mostWithin(1_000)} in a second`);
  });

  it("keeps the last share while the store is gone, never the full rate, says so, and recovers by itself", async () => {
    const fleet = new Fleet({ ratePerSecond: 1_000, burst: 100 });
    for (let i = 0; i < 4; i++) fleet.join();
    const offered = [600, 600, 600, 600];
    await fleet.run(2_000, offered);
    fleet.gone = true;
    const before = fleet.admitted.length;
    await fleet.run(3_000, offered);
    near(fleet.admitted.length - before, 3_000, 0.1);
    for (const { changes } of fleet.members) assert.deepEqual(new Set(changes.map(({ state }) => state)), new Set(["gone"]));
    fleet.gone = false;
    fleet.lose();
    await fleet.run(1_500, offered);
    for (const { changes } of fleet.members) assert.ok(changes.some(({ state }) => state === "back"));
    const after = fleet.admitted.length;
    await fleet.run(3_000, offered);
    near(fleet.admitted.length - after, 3_000, 0.03);
    assert.ok(fleet.mostWithin(1_000) <= 1_000 * 1.5 + 250 + 10, `${fleet.mostWithin(1_000)} in a second`);
  });

  it("is never the full rate in a process that has not reached the store yet", async () => {
    const fleet = new Fleet({ ratePerSecond: 1_000, burst: 100 });
    fleet.gone = true;
    fleet.join();
    await fleet.run(2_000, [2_000]);
    near(fleet.admitted.length, 500 + 25, 0.05);
  });

  it("asks the store for each call of a key that is rarely used, or whose rate is low", async () => {
    const fleet = new Fleet({ ratePerSecond: 1, burst: 3 });
    const member = fleet.join();
    const seen: boolean[] = [];
    for (let i = 0; i < 4; i++) seen.push((await fleet.offer(member)) === 0);
    assert.deepEqual([seen, fleet.questions], [[true, true, true, false], 4]);
    // What the store refused is refused here until then.
    for (let i = 0; i < 10; i++) assert.ok((await fleet.offer(member)) > 0);
    assert.equal(fleet.questions, 4);
  });

  it("returns what a member holds when it stops, and holds nothing of keys that are idle", async () => {
    const fleet = new Fleet({ ratePerSecond: 100, burst: 100 });
    fleet.join();
    await fleet.run(500, [60]);
    const spent = fleet.admitted.length;
    await fleet.members[0]!.stop();
    const other = fleet.join();
    let allowed = 0;
    while ((await fleet.offer(other)) === 0) allowed++;
    assert.ok(allowed >= 100 + 50 - spent - 1 || allowed >= 99, `${allowed} after ${spent}`);
    await fleet.run(2_000, [0, 0]);
    assert.equal(fleet.clock.pending, 0);
  });

  it("is leased again by a process that is started again", async () => {
    const fleet = new Fleet({ ratePerSecond: 1_000, burst: 100 });
    const member = fleet.join();
    await fleet.run(500, [500]);
    await member.stop();
    await member.start();
    const questions = fleet.questions;
    await fleet.run(1_000, [500]);
    assert.ok(fleet.questions - questions < 50, `${fleet.questions - questions} questions`);
  });

  it("never exceeds rate × (window + lease) + depth, over random schedules of members that come, go and lose their store", async () => {
    const event = fc.oneof(
      {
        weight: 6,
        arbitrary: fc.record({
          kind: fc.constant("run" as const),
          ms: fc.integer({ min: 20, max: 600 }),
          rates: fc.array(fc.integer({ min: 0, max: 800 }), { minLength: 4, maxLength: 4 }),
        }),
      },
      { weight: 2, arbitrary: fc.constant({ kind: "join" as const }) },
      { weight: 1, arbitrary: fc.constant({ kind: "kill" as const }) },
      { weight: 1, arbitrary: fc.constant({ kind: "pause" as const }) },
    );
    const shape = fc.record({
      rate: fc.integer({ min: 20, max: 400 }),
      burst: fc.integer({ min: 1, max: 400 }),
      events: fc.array(event, { minLength: 3, maxLength: 12 }),
    });
    await fc.assert(
      fc.asyncProperty(shape, async ({ rate, burst, events }) => {
        const fleet = new Fleet({ ratePerSecond: rate, burst });
        const running: number[] = [];
        const join = () => {
          if (running.length < 4) running.push(fleet.members.indexOf(fleet.join()));
        };
        join();
        for (const one of events) {
          if (one.kind === "join") join();
          else if (one.kind === "kill") running.shift();
          else if (one.kind === "pause") fleet.clock.advance(700);
          else
            await fleet.run(
              one.ms,
              fleet.members.map((_, index) => (running.includes(index) ? one.rates[running.indexOf(index)]! : 0)),
            );
        }
        const depth = Math.max(burst, rate / 4);
        for (const windowMs of [100, 1_000, 3_000]) {
          const bound = (rate * (windowMs + 500)) / 1_000 + depth + 1;
          assert.ok(fleet.mostWithin(windowMs) <= bound, `${fleet.mostWithin(windowMs)} in ${windowMs} ms, ${bound} are allowed`);
        }
      }),
      { numRuns: 100, examples: pausedStores },
    );
  });
});

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { limitModes } from "../../../src/core/load-line/load-line.ts";
import { OfferedLoad, schedules } from "./offered.ts";

const bounds = fc.record({
  concurrency: fc.integer({ min: 1, max: 4 }),
  queue: fc.constantFrom(0, 1, 2, 5, 40),
  // With a short one a queue soon stands, and with none it never does.
  deadlineMs: fc.constantFrom(1_000_000, 100, 20),
});

describe("a limited queue", () => {
  it("reports in measure mode exactly what it would have refused", () => {
    let refused = 0;
    const reasons = new Set<string>();
    fc.assert(
      fc.property(schedules, bounds, (schedule, size) => {
        const [enforced, measured] = (["enforce", "measure"] as const).map((mode) => new OfferedLoad({ ...size, mode })) as [
          OfferedLoad,
          OfferedLoad,
        ];
        enforced.run(schedule);
        measured.run(schedule);
        assert.deepEqual(measured.refusals, enforced.refusals);
        assert.deepEqual(measured.counts("wouldRefuse"), enforced.counts("refused"));
        assert.ok(
          measured.all.every(({ state }) => state === "done"),
          "refuses nothing, and keeps none waiting",
        );
        refused += enforced.refusals.length;
        for (const { refused: counts } of enforced.lines.list())
          for (const [reason, count] of Object.entries(counts)) if (count > 0) reasons.add(reason);
      }),
      { numRuns: 1_000 },
    );
    assert.deepEqual([...reasons].toSorted(), ["displaced", "full", "hopeless", "late", "waited_long"], "for every reason that there is");
    assert.ok(refused > 3_000, `the schedules are more than the queue takes: ${refused}`);
  });

  it("neither loses nor doubles a place, whatever its mode becomes while others run and wait", () => {
    const changes = fc.array(fc.record({ at: fc.nat(250), mode: fc.constantFrom(...limitModes) }), { maxLength: 10 });
    fc.assert(
      fc.property(schedules, bounds, changes, (schedule, size, modes) => {
        const load = new OfferedLoad({ ...size, mode: "enforce" });
        const { queue, lines } = load;
        const changed = modes.map(({ at, mode }) => ({
          at,
          run: () => {
            lines.setMode(queue.line.name, mode, "as the schedule says");
            if (mode !== "enforce") assert.equal(queue.waiting, 0, "none waits where nothing is refused");
          },
        }));
        const looks = Array.from({ length: 300 }, (_, at) => ({
          at: at + 0.5,
          run: () => {
            const count = (state: string) => load.all.filter((one) => one.state === state).length;
            assert.deepEqual([queue.running, queue.waiting], [count("runs"), count("waits")]);
            if (queue.waiting > 0) assert.ok(queue.running >= size.concurrency, "none waits while a place is free");
          },
        }));
        load.run(schedule, [...changed, ...looks]);
        assert.deepEqual([queue.running, queue.waiting], [0, 0]);
        assert.equal(load.all.length, schedule.length);
        if (modes.length === 0) assert.ok(load.mostRunning <= size.concurrency);
        const ended = load.all.filter(({ state }) => state === "done").length;
        assert.equal(queue.line.admitted, ended, "each that was let in is counted once");
      }),
      { numRuns: 500 },
    );
  });

  it("enforces again only as those above the limit leave", () => {
    const load = new OfferedLoad({ concurrency: 1, queue: 1, mode: "off", deadlineMs: 1_000_000 });
    const offered = (at: number) => ({ caller: "a", rank: 1, at, runsMs: 100, waitsMs: 1_000 });
    const seen: number[][] = [];
    const look = (at: number) => ({ at, run: () => void seen.push([load.queue.running, load.queue.waiting]) });
    const enforce = { at: 5, run: () => void load.lines.setMode("t.op queue", "enforce", "it is over") };
    load.run([offered(1), offered(2), offered(3), offered(6)], [look(4), enforce, look(7), look(101.5), look(102.5), look(103.5)]);
    assert.deepEqual(seen, [
      [3, 0],
      [3, 1],
      [2, 1],
      [1, 1],
      [1, 0],
    ]);
  });
});

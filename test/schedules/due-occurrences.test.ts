import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { limits } from "../../src/core/limits.ts";
import type { MissedOccurrences } from "../../src/operation/durable/schedule.ts";
import { cron } from "../../src/schedules/cron.ts";
import { dueOccurrences } from "../../src/schedules/due-occurrences.ts";

const daily = cron("0 2 * * *");
const iso = (instant: number) => new Date(instant).toISOString().slice(0, 16);

describe("occurrences that are due", () => {
  const cases: readonly {
    readonly what: string;
    readonly last: string;
    readonly now: string;
    readonly expected: Readonly<Record<MissedOccurrences, readonly [readonly string[], string, boolean] | undefined>>;
  }[] = [
    {
      what: "none yet",
      last: "2026-01-01T02:00:00Z",
      now: "2026-01-02T01:59:59.999Z",
      expected: { skip: undefined, once: undefined, all: undefined },
    },
    {
      what: "one, noticed at once",
      last: "2026-01-01T02:00:00Z",
      now: "2026-01-02T02:00:00Z",
      expected: {
        skip: [["2026-01-02T02:00"], "2026-01-02T02:00", false],
        once: [["2026-01-02T02:00"], "2026-01-02T02:00", false],
        all: [["2026-01-02T02:00"], "2026-01-02T02:00", false],
      },
    },
    {
      what: "one, noticed a minute later",
      last: "2026-01-01T02:00:00Z",
      now: "2026-01-02T02:01:00Z",
      expected: {
        skip: [["2026-01-02T02:00"], "2026-01-02T02:00", false],
        once: [["2026-01-02T02:00"], "2026-01-02T02:00", false],
        all: [["2026-01-02T02:00"], "2026-01-02T02:00", false],
      },
    },
    {
      what: "one, missed",
      last: "2026-01-01T02:00:00Z",
      now: "2026-01-02T02:01:00.001Z",
      expected: {
        skip: [[], "2026-01-02T02:00", true],
        once: [["2026-01-02T02:00"], "2026-01-02T02:00", false],
        all: [["2026-01-02T02:00"], "2026-01-02T02:00", false],
      },
    },
    {
      what: "three, of which the last is on time",
      last: "2026-01-01T02:00:00Z",
      now: "2026-01-04T02:00:30Z",
      expected: {
        skip: [["2026-01-04T02:00"], "2026-01-04T02:00", true],
        once: [["2026-01-04T02:00"], "2026-01-04T02:00", true],
        all: [["2026-01-02T02:00", "2026-01-03T02:00", "2026-01-04T02:00"], "2026-01-04T02:00", false],
      },
    },
    {
      what: "three, all missed",
      last: "2026-01-01T02:00:00Z",
      now: "2026-01-04T12:00:00Z",
      expected: {
        skip: [[], "2026-01-04T02:00", true],
        once: [["2026-01-04T02:00"], "2026-01-04T02:00", true],
        all: [["2026-01-02T02:00", "2026-01-03T02:00", "2026-01-04T02:00"], "2026-01-04T02:00", false],
      },
    },
    {
      what: "years",
      last: "2020-01-01T02:00:00Z",
      now: "2026-01-02T12:00:00Z",
      expected: {
        skip: [[], "2026-01-02T02:00", true],
        once: [["2026-01-02T02:00"], "2026-01-02T02:00", true],
        all: [
          [
            "2025-12-27T02:00",
            "2025-12-28T02:00",
            "2025-12-29T02:00",
            "2025-12-30T02:00",
            "2025-12-31T02:00",
            "2026-01-01T02:00",
            "2026-01-02T02:00",
          ],
          "2026-01-02T02:00",
          true,
        ],
      },
    },
  ];
  for (const { what, last, now, expected } of cases)
    for (const [missed, wanted] of Object.entries(expected))
      it(`${what}: ${missed}`, () => {
        const due = dueOccurrences(daily, { last: Date.parse(last), now: Date.parse(now), missed: missed as MissedOccurrences });
        assert.deepEqual(due && [due.occurrences.map(iso), iso(due.to), due.passedOver], wanted);
      });

  it("passes over all that is older than a week where all are asked for", () => {
    const yearly = cron("@yearly");
    const due = dueOccurrences(yearly, {
      last: Date.parse("2020-06-01T00:00:00Z"),
      now: Date.parse("2026-06-01T00:00:00Z"),
      missed: "all",
    });
    assert.deepEqual(due && [due.occurrences, iso(due.to), due.passedOver], [[], "2026-01-01T00:00", true]);
  });

  it("takes a bounded number at a time, the oldest first, until none is left", () => {
    const every = cron("* * * * *");
    const now = Date.parse("2026-01-01T05:00:00Z");
    const start = Date.parse("2026-01-01T00:00:00Z");
    const taken: number[] = [];
    const sizes: number[] = [];
    for (let last = start; ; ) {
      const due = dueOccurrences(every, { last, now, missed: "all" });
      if (due === undefined) break;
      taken.push(...due.occurrences);
      sizes.push(due.occurrences.length);
      last = due.to;
    }
    assert.deepEqual(sizes, [100, 100, 100]);
    assert.deepEqual(
      taken,
      Array.from({ length: 300 }, (_, index) => start + (index + 1) * 60_000),
    );
  });

  it("never takes an occurrence twice, one that is not due, or more than it may", () =>
    fc.assert(
      fc.property(
        fc.constantFrom("* * * * * *", "* * * * *", "0 * * * *", "0 2 * * *", "30 4 1 * *"),
        fc.constantFrom<MissedOccurrences>("skip", "once", "all"),
        fc.integer({ min: 1e12, max: 2e12 }),
        fc.integer({ min: -1_000, max: 1e10 }),
        (expression, missed, last, late) => {
          const rule = cron(expression, "Europe/Berlin");
          const due = dueOccurrences(rule, { last, now: last + late, missed });
          if (due === undefined) return assert.ok(rule.next(last) > last + late);
          assert.ok(due.to > last && due.to <= last + late && due.occurrences.length <= limits.scheduleBatch);
          assert.ok(due.occurrences.every((occurrence, at) => occurrence > (due.occurrences[at - 1] ?? last) && occurrence <= due.to));
          assert.ok(due.occurrences.length === limits.scheduleBatch || rule.next(due.to) > last + late, "nothing is left");
        },
      ),
      { numRuns: 500 },
    ));
});

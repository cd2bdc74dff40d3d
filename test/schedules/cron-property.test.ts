import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { cron } from "../../src/schedules/cron.ts";

const minuteMs = 60_000;
const hours = 3_600_000;

/** Two days each around a change of the clocks, and one without any. */
const places: readonly (readonly [string, string])[] = [
  ["Europe/Berlin", "2026-03-28T12:00:00Z"],
  ["Europe/Berlin", "2026-10-24T12:00:00Z"],
  ["America/New_York", "2026-03-07T18:00:00Z"],
  ["America/New_York", "2026-10-31T18:00:00Z"],
  ["Australia/Lord_Howe", "2026-04-04T00:00:00Z"],
  ["Australia/Lord_Howe", "2026-10-03T00:00:00Z"],
  ["America/Sao_Paulo", "2018-11-03T12:00:00Z"],
  ["America/Sao_Paulo", "2018-02-17T12:00:00Z"],
  ["Pacific/Apia", "2011-12-29T12:00:00Z"],
  ["Africa/Casablanca", "2026-02-14T12:00:00Z"],
  ["Asia/Kathmandu", "2026-02-14T12:00:00Z"],
];

interface Chosen {
  readonly minutes: readonly number[];
  readonly hours: readonly number[] | undefined;
  readonly weekdays: readonly number[] | undefined;
}

const some = (max: number, maxLength: number) => fc.uniqueArray(fc.integer({ min: 0, max }), { minLength: 1, maxLength });
const chosen: fc.Arbitrary<Chosen> = fc.record({
  minutes: some(59, 6),
  hours: fc.option(some(23, 20), { nil: undefined }),
  weekdays: fc.option(some(6, 5), { nil: undefined }),
});

const write = ({ minutes, hours, weekdays }: Chosen) => `${minutes.join()} ${hours?.join() ?? "*"} * * ${weekdays?.join() ?? "*"}`;

/** What the clocks show, in milliseconds as if it were UTC; asked of the platform in another way than the code under test does. */
function shownAt(format: Intl.DateTimeFormat, instant: number): number {
  return Date.parse(`${format.format(instant).replace(", ", "T").replace(" ", "T")}Z`);
}

function isChosen({ minutes, hours, weekdays }: Chosen, wall: number): boolean {
  const date = new Date(wall);
  return (
    minutes.includes(date.getUTCMinutes()) &&
    (hours?.includes(date.getUTCHours()) ?? true) &&
    (weekdays?.includes(date.getUTCDay()) ?? true)
  );
}

/** The rule word for word, minute by minute. */
function* walk(times: Chosen, timeZone: string, [from, until]: readonly [number, number]): Generator<number> {
  const format = new Intl.DateTimeFormat("sv-SE", { timeZone, dateStyle: "short", timeStyle: "medium" });
  let latest = Number.NEGATIVE_INFINITY;
  for (let at = from - 26 * hours; at <= from; at += minuteMs) latest = Math.max(latest, shownAt(format, at));
  for (let at = from + minuteMs; at <= until; at += minuteMs) {
    const wall = shownAt(format, at);
    if (times.hours === undefined) {
      if (isChosen(times, wall)) yield at;
      continue;
    }
    let isDue = false;
    for (let time = latest + minuteMs; time <= wall; time += minuteMs) isDue ||= isChosen(times, time);
    if (isDue) yield at;
    latest = Math.max(latest, wall);
  }
}

describe("cron, as a rule", () => {
  it("is due as a walk from minute to minute does, across every kind of change", () =>
    fc.assert(
      fc.property(fc.constantFrom(...places), chosen, fc.integer({ min: 0, max: 30 * 60 }), ([timeZone, around], times, offset) => {
        const from = Date.parse(around) + offset * minuteMs;
        const until = from + 40 * hours;
        const { next } = cron(write(times), timeZone);
        const occurrences: number[] = [];
        for (let at = next(from); at <= until; at = next(at)) occurrences.push(at);
        assert.deepEqual(occurrences, [...walk(times, timeZone, [from, until])]);
      }),
      { numRuns: 150 },
    ));

  it("goes forward from any instant, and nothing lies between an instant and its next occurrence", () =>
    fc.assert(
      fc.property(fc.constantFrom(...places), chosen, fc.integer({ min: 0, max: 4_102_444_800_000 }), ([timeZone], times, after) => {
        const { next } = cron(write(times), timeZone);
        const occurrence = next(after);
        assert.ok(occurrence > after);
        assert.ok(next(occurrence) > occurrence);
        assert.equal(next(occurrence - 1), occurrence);
        assert.equal(next(Math.floor((after + occurrence - 1) / 2)), occurrence);
      }),
      { numRuns: 500 },
    ));

  it("finds as the last occurrence the one that is followed by a later one", () =>
    fc.assert(
      fc.property(
        fc.constantFrom(...places),
        chosen,
        fc.integer({ min: 1e12, max: 2e12 }),
        fc.integer({ min: 0, max: 30 * 24 * hours }),
        ([timeZone], times, after, span) => {
          const { next, last } = cron(write(times), timeZone);
          const occurrence = last(after, after + span);
          if (occurrence === undefined) assert.ok(next(after) > after + span);
          else
            assert.ok(
              occurrence > after && occurrence <= after + span && next(occurrence - 1) === occurrence && next(occurrence) > after + span,
            );
        },
      ),
      { numRuns: 300 },
    ));
});

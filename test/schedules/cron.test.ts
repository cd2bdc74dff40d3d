import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { Fault } from "../../src/core/fault.ts";
import { cron } from "../../src/schedules/cron.ts";

/** So many occurrences after an instant, as UTC shows them. */
function occurrences(at: readonly [expression: string, timeZone: string, from: string], count: number): string[] {
  const [expression, timeZone, from] = at;
  const { next } = cron(expression, timeZone);
  let occurrence = Date.parse(from);
  return Array.from({ length: count }, () => {
    occurrence = next(occurrence);
    return new Date(occurrence).toISOString().replace(/:00\.000Z$|\.000Z$/, "Z");
  });
}

describe("cron occurrences", () => {
  // 2026-01-01 is a Thursday.
  const cases: readonly [string, string, readonly string[]][] = [
    ["* * * * *", "every minute", ["2026-01-01T00:01Z", "2026-01-01T00:02Z"]],
    ["*/15 * * * *", "a step", ["2026-01-01T00:15Z", "2026-01-01T00:30Z", "2026-01-01T00:45Z", "2026-01-01T01:00Z"]],
    ["5/20 * * * *", "a step from a value", ["2026-01-01T00:05Z", "2026-01-01T00:25Z", "2026-01-01T00:45Z", "2026-01-01T01:05Z"]],
    ["10-20/5 9 * * *", "a step in a range", ["2026-01-01T09:10Z", "2026-01-01T09:15Z", "2026-01-01T09:20Z", "2026-01-02T09:10Z"]],
    ["30 8,20 * * *", "a list", ["2026-01-01T08:30Z", "2026-01-01T20:30Z", "2026-01-02T08:30Z"]],
    ["*/20 * * * * *", "seconds", ["2026-01-01T00:00:20Z", "2026-01-01T00:00:40Z", "2026-01-01T00:01Z"]],
    ["0 9 * * mon-fri", "weekdays by name", ["2026-01-01T09:00Z", "2026-01-02T09:00Z", "2026-01-05T09:00Z"]],
    [
      "0 9 * * FRI-Sun",
      "a week that ends with Sunday",
      ["2026-01-02T09:00Z", "2026-01-03T09:00Z", "2026-01-04T09:00Z", "2026-01-09T09:00Z"],
    ],
    ["0 9 * * 6-7", "Sunday as 7", ["2026-01-03T09:00Z", "2026-01-04T09:00Z", "2026-01-10T09:00Z"]],
    ["0 0 1 jan,jul *", "months by name", ["2026-07-01T00:00Z", "2027-01-01T00:00Z"]],
    ["0 0 31 * *", "a day that some months lack", ["2026-01-31T00:00Z", "2026-03-31T00:00Z", "2026-05-31T00:00Z"]],
    ["0 0 L * *", "the last day", ["2026-01-31T00:00Z", "2026-02-28T00:00Z", "2026-03-31T00:00Z"]],
    ["0 0 15,l * *", "the last day in a list", ["2026-01-15T00:00Z", "2026-01-31T00:00Z", "2026-02-15T00:00Z"]],
    ["0 0 13 * fri", "either of two days", ["2026-01-02T00:00Z", "2026-01-09T00:00Z", "2026-01-13T00:00Z", "2026-01-16T00:00Z"]],
    ["0 0 */2 * fri", "both, where one begins with a star", ["2026-01-09T00:00Z", "2026-01-23T00:00Z", "2026-02-13T00:00Z"]],
    ["0 0 29 2 *", "a leap day", ["2028-02-29T00:00Z", "2032-02-29T00:00Z"]],
    ["@daily", "a shorthand", ["2026-01-02T00:00Z", "2026-01-03T00:00Z"]],
    ["@Weekly", "another", ["2026-01-04T00:00Z", "2026-01-11T00:00Z"]],
    [" 0   12 * * * ", "spaces", ["2026-01-01T12:00Z", "2026-01-02T12:00Z"]],
  ];
  for (const [expression, what, expected] of cases)
    it(`${expression}: ${what}`, () =>
      assert.deepEqual(occurrences([expression, "UTC", "2026-01-01T00:00:00Z"], expected.length), expected));

  it("steps over a century without a leap day", () =>
    assert.deepEqual(occurrences(["0 0 29 2 *", "UTC", "2096-03-01T00:00:00Z"], 1), ["2104-02-29T00:00Z"]));

  it("finds the last occurrence in between, however many there are", () => {
    const { last } = cron("* * * * * *");
    assert.equal(last(0, 1_780_000_000_999), 1_780_000_000_000);
    const daily = cron("0 2 * * *", "Europe/Berlin");
    const at = Date.parse("2026-07-01T00:00:00Z");
    assert.equal(daily.last(at - 1, at), at);
    assert.equal(daily.last(at, at + 1_000), undefined);
    assert.equal(daily.last(0, at - 1), Date.parse("2026-06-30T00:00:00Z"));
  });
});

describe("cron where clocks are changed", () => {
  const cases: readonly { readonly what: string; readonly at: readonly [string, string, string]; readonly expected: readonly string[] }[] =
    [
      {
        what: "Berlin, forward: a time that does not exist comes at the first instant after the gap",
        at: ["30 2 * * *", "Europe/Berlin", "2026-03-28T12:00:00Z"],
        expected: ["2026-03-29T01:00Z", "2026-03-30T00:30Z"],
      },
      {
        what: "Berlin, forward: several times that do not exist come once",
        at: ["0,15,30 2,3 * * *", "Europe/Berlin", "2026-03-28T12:00:00Z"],
        expected: ["2026-03-29T01:00Z", "2026-03-29T01:15Z", "2026-03-29T01:30Z", "2026-03-30T00:00Z"],
      },
      {
        what: "Berlin, back: a time that comes twice counts once, the first time",
        at: ["30 2 * * *", "Europe/Berlin", "2026-10-24T12:00:00Z"],
        expected: ["2026-10-25T00:30Z", "2026-10-26T01:30Z"],
      },
      {
        what: "Berlin, back: asked between the two, it is over",
        at: ["30 2 * * *", "Europe/Berlin", "2026-10-25T00:45:00Z"],
        expected: ["2026-10-26T01:30Z"],
      },
      {
        what: "Berlin, back: a time after the overlap comes once it is shown",
        at: ["30 2,3 * * *", "Europe/Berlin", "2026-10-25T01:10:00Z"],
        expected: ["2026-10-25T02:30Z", "2026-10-26T01:30Z"],
      },
      {
        what: "Berlin, forward: an interval goes on",
        at: ["*/30 * * * *", "Europe/Berlin", "2026-03-29T00:15:00Z"],
        expected: ["2026-03-29T00:30Z", "2026-03-29T01:00Z", "2026-03-29T01:30Z"],
      },
      {
        what: "Berlin, back: an interval goes on",
        at: ["0 * * * *", "Europe/Berlin", "2026-10-24T23:30:00Z"],
        expected: ["2026-10-25T00:00Z", "2026-10-25T01:00Z", "2026-10-25T02:00Z"],
      },
      {
        what: "New York, forward",
        at: ["30 2 * * *", "America/New_York", "2026-03-07T12:00:00Z"],
        expected: ["2026-03-08T07:00Z", "2026-03-09T06:30Z"],
      },
      {
        what: "New York, back",
        at: ["30 1 * * *", "America/New_York", "2026-10-31T12:00:00Z"],
        expected: ["2026-11-01T05:30Z", "2026-11-02T06:30Z"],
      },
      {
        what: "New York, back: an interval",
        at: ["30 * * * *", "America/New_York", "2026-11-01T05:00:00Z"],
        expected: ["2026-11-01T05:30Z", "2026-11-01T06:30Z", "2026-11-01T07:30Z"],
      },
      {
        what: "Lord Howe, forward by half an hour",
        at: ["15 2 * * *", "Australia/Lord_Howe", "2026-10-02T16:00:00Z"],
        expected: ["2026-10-03T15:30Z", "2026-10-04T15:15Z"],
      },
      {
        what: "Lord Howe, back by half an hour",
        at: ["45 1 * * *", "Australia/Lord_Howe", "2026-04-04T12:00:00Z"],
        expected: ["2026-04-04T14:45Z", "2026-04-05T15:15Z"],
      },
      {
        what: "Lord Howe, back by half an hour: an interval",
        at: ["*/20 * * * *", "Australia/Lord_Howe", "2026-04-04T14:30:00Z"],
        expected: ["2026-04-04T14:40Z", "2026-04-04T15:10Z", "2026-04-04T15:30Z"],
      },
      {
        what: "São Paulo: a midnight that did not exist",
        at: ["0 0 * * *", "America/Sao_Paulo", "2018-11-03T12:00:00Z"],
        expected: ["2018-11-04T03:00Z", "2018-11-05T02:00Z"],
      },
      {
        what: "Apia: a whole day that did not exist",
        at: ["0 12 * * *", "Pacific/Apia", "2011-12-29T12:00:00Z"],
        expected: ["2011-12-29T22:00Z", "2011-12-30T10:00Z", "2011-12-30T22:00Z"],
      },
      {
        what: "Kolkata: half an hour from others",
        at: ["0 9 * * *", "Asia/Kolkata", "2026-01-01T00:00:00Z"],
        expected: ["2026-01-01T03:30Z"],
      },
      {
        what: "an interval whose days are far away",
        at: ["0 * 29 2 *", "Europe/Berlin", "2026-01-01T00:00:00Z"],
        expected: ["2028-02-28T23:00Z", "2028-02-29T00:00Z"],
      },
    ];
  for (const { what, at, expected } of cases) it(what, () => assert.deepEqual(occurrences(at, expected.length), expected));
});

describe("cron expressions that are refused", () => {
  const cases: readonly [string, string, RegExp][] = [
    ["0 0 30 2 *", "day of the month", /L for the last/],
    ["0 0 31 4,6 *", "day of the month", /exists/],
    ["61 * * * *", "minute", /"61" is refused\. Write 0 to 59/],
    ["0 24 * * *", "hour", /0 to 23/],
    ["60 0 0 * * *", "second", /0 to 59/],
    ["0 0 0 * *", "day of the month", /1 to 31/],
    ["0 0 15W * *", "day of the month", /1 to 31/],
    ["0 0 * foo *", "month", /1 to 12, or jan to dec/],
    ["0 0 * * 8", "day of the week", /0 to 6, or sun to sat/],
    ["0 0 ? * *", "day of the month", /Write \* instead/],
    ["a b c d e", "minute", /"a"/],
    ["0 22-2 * * *", "hour", /22-23,0-2/],
    ["*/0 * * * *", "minute", /from 1/],
    ["*/90 * * * *", "minute", /never leaves the first value, 0/],
    ["1-5/9 * * * *", "minute", /at most 4/],
    ["1/2/3 * * * *", "minute", /Write values as in/],
    ["1-2-3 * * * *", "minute", /Write a range as in/],
    ["1,,2 * * * *", "minute", /Write values as in/],
    ["-5 * * * *", "minute", /0 to 59/],
    ["1e1 * * * *", "minute", /0 to 59/],
    ["* * * *", "expression", /has 4 fields\. Write five/],
    ["", "expression", /has 0 fields/],
    ["0 0 1 1 * 2026 7", "expression", /has 7 fields/],
    ["@reboot", "expression", /@yearly/],
    [`${"0,".repeat(200)}0 * * * *`, "expression", /at most 256/],
  ];
  for (const [expression, field, fix] of cases)
    it(`${expression.slice(0, 20)}: ${field}`, () => assert.throws(() => cron(expression), refusal(field, fix)));

  // As it was written, and where it stands in a list.
  const named: readonly [expression: string, field: string, shown: string, fix: RegExp][] = [
    ["-1 * * * *", "minute", '"-1"', /Write 0 to 59/],
    ["5- * * * *", "minute", '"5-"', /Write 0 to 59/],
    ["1--2 * * * *", "minute", '"1--2"', /Write a range/],
    ["0 -1-5 * * *", "hour", '"-1-5"', /Write a range/],
    ["10,-1 * * * *", "minute", '"-1" in "10,-1"', /Write 0 to 59/],
    ["1,,2 * * * *", "minute", '"" in "1,,2"', /Write values as in/],
    ["0 22-2/4 * * *", "hour", '"22-2/4"', /backwards/],
    ["0 0-99 * * *", "hour", '"0-99"', /Write 0 to 23/],
    ["*/-5 * * * *", "minute", '"*/-5"', /from 1/],
    ["0/0 * * * *", "minute", '"0/0"', /from 1/],
    ["0 0 L-3 * *", "day of the month", '"L-3"', /L stands alone\. Write 1 to 31, or L alone/],
    ["0 0 1,L-3 * *", "day of the month", '"L-3" in "1,L-3"', /L stands alone/],
    ["0 0 L,40 * *", "day of the month", '"40" in "L,40"', /Write 1 to 31/],
    ["0 0 15W * *", "day of the month", '"15W"', /no W, the nearest weekday/],
    ["0 0 LW * *", "day of the month", '"LW"', /no W/],
    ["0 0 1-? * *", "day of the month", '"1-?"', /Write \* instead/],
    ["0 0 * jan-foo *", "month", '"jan-foo"', /jan to dec/],
    ["0 0 * * fri#2", "day of the week", '"fri#2"', /no #, the nth weekday/],
    ["0 0 * * 5L", "day of the week", '"5L"', /L stands alone/],
    ["0 0 * * mon-9", "day of the week", '"mon-9"', /sun to sat/],
  ];
  const shownBefore = new Set(["1--2 * * * *", "0 -1-5 * * *", "*/-5 * * * *", "0/0 * * * *"]);
  for (const [expression, field, shown, fix] of named)
    it(`${expression} as ${shown}${shownBefore.has(expression) ? " (as before)" : ""}`, () =>
      assert.throws(
        () => cron(expression),
        (error) => refusal(field, fix)(error) && (error as Fault).message.startsWith(`The ${field} ${shown} is refused. `),
      ));

  for (const offset of ["+02:00", "-0530", "+2", "-00:00"])
    it(`an offset, which is no time zone: ${offset}`, () =>
      assert.throws(() => cron("@daily", offset), refusal("timeZone", /"[-+][\d:]+" is an offset, not a time zone\. Write a name/)));

  it("names a time zone that does not exist", () =>
    assert.throws(() => cron("@daily", "Europe/Berln"), refusal("timeZone", /"Europe\/Berln"\. Write a name/)));

  it("refuses or follows any text, and takes no time for it", () =>
    fc.assert(
      fc.property(fc.array(fc.constantFrom(..."0123456789*/-,L@ monjan#?"), { maxLength: 24 }), (chars) => {
        try {
          const at = cron(chars.join("")).next(0);
          assert.ok(at > 0);
        } catch (error) {
          assert.ok(error instanceof Fault && error.type === "cron_invalid", String(error));
        }
      }),
      { numRuns: 1_000 },
    ));
});

function refusal(field: string, fix: RegExp) {
  return (error: unknown) => {
    assert.ok(error instanceof Fault);
    assert.deepEqual([error.code, error.type, error.details], ["invalid_argument", "cron_invalid", { field }]);
    assert.match(error.message, fix);
    return true;
  };
}

import assert from "node:assert";
import { type Expression, readExpression } from "./expression.ts";
import { cronFault } from "./fields.ts";
import { dayAndMoreMs, Zone } from "./zone.ts";

/** When a schedule is due. Instants are milliseconds since the epoch. */
export interface Cron {
  readonly expression: string;
  readonly timeZone: string;
  /** The first occurrence after an instant. *Bounds*: up to the year 9000. */
  next(after: number): number;
  /** The last occurrence at or before an instant and after another one; undefined where there is none. */
  last(after: number, until: number): number | undefined;
}

const secondMs = 1_000;
const dayMs = 86_400_000;
/** From one 29 February to the next one takes eight years at the most. */
const searchDays = 8 * 366;
const lastInstant = Date.UTC(9_000, 0, 1);
const aLeapYear = Date.UTC(2_000, 0, 1);

/**
 * Reads a cron expression: minute, hour, day of the month, month and day of the week, with the second in front where there are six fields. Fields take
 * lists, ranges, steps and names, the day of the month also `L`, the last one. `@hourly`, `@daily`, `@weekly`, `@monthly` and `@yearly` are short for five.
 *
 * *Guarantees*: where clocks are changed, an expression that leaves out some hours fires once for each of its local times: for one that does not exist at
 * the first instant after the gap, for one that comes twice at the first. One that names every hour is an interval: it fires whenever the clocks
 * show one of its times, and so continues from hour to hour.
 * *Faults thrown*: `invalid_argument` of type `cron_invalid`, with the field and the fix, also where there is no such date, as 30 February.
 * *Source*: crontab(5) and cron(8) of Vixie cron.
 * @example cron("0 2 * * mon-fri", "Europe/Berlin").next(clock.now())
 */
export function cron(expression: string, timeZone = "UTC"): Cron {
  const times = readExpression(expression);
  const zone = new Zone(timeZone);
  if (nextTime(times, aLeapYear) === undefined)
    throw cronFault("day of the month", `No month of "${expression}" has such a day. Write a day that exists, or L for the last one.`);
  const next = (after: number) => {
    assert(after >= 0 && after <= lastInstant, `cron: ${after} is outside the years 1970 to 9000. Give milliseconds since the epoch.`);
    return times.everyHour ? nextShown(times, zone, after) : zone.firstAt(timeAfter(times, zone.latestShownAt(after)));
  };
  return { expression, timeZone, next, last: (after, until) => lastBetween(next, after, until) };
}

/** The next instant at which the clocks show one of the times, whether they showed it before or not. */
function nextShown(times: Expression, zone: Zone, after: number): number {
  // Each turn passes one change of the clocks, or one local time that a change skipped: about three a year.
  for (let at = after, turns = 0; turns < 100; turns++) {
    const offset = zone.offsetAt(at);
    const time = timeAfter(times, at + offset);
    const change = zone.changeIn(at, at + dayAndMoreMs);
    const instant = time - offset;
    if (change === undefined ? instant <= at + dayAndMoreMs : instant < change) return instant;
    // No time matches before the change.
    at = change ?? zone.firstAt(time);
    const shown = zone.wallAt(at);
    if (timeAfter(times, shown - secondMs) === shown) return at;
  }
  assert.fail(`cron: no occurrence within a hundred changes of the clocks of ${zone.name}`);
}

function timeAfter(times: Expression, wall: number): number {
  const time = nextTime(times, wall);
  assert(time !== undefined, "an expression without dates was accepted");
  return time;
}

/** The first of the times after a time of the wall; undefined where there is none. */
function nextTime(times: Expression, wall: number): number | undefined {
  const from = Math.floor(wall / secondMs) * secondMs + secondMs;
  const firstDay = Math.floor(from / dayMs);
  for (let day = firstDay; day <= firstDay + searchDays; day++) {
    if (!isDue(times, day)) continue;
    const time = day === firstDay ? timeOfDay(times, (from - day * dayMs) / secondMs) : timeOfDay(times, 0);
    if (time !== undefined) return day * dayMs + time * secondMs;
  }
  return undefined;
}

function isDue({ hasDate }: Expression, day: number): boolean {
  const date = new Date(day * dayMs);
  const [year, month] = [date.getUTCFullYear(), date.getUTCMonth()];
  const daysInMonth = new Date(Date.UTC(year, month + 1, 0)).getUTCDate();
  return hasDate({ month: month + 1, dayOfMonth: date.getUTCDate(), daysInMonth, weekday: date.getUTCDay() });
}

/** The first time of a day at or after a second of it. */
function timeOfDay({ hours, minutes, seconds }: Expression, from: number): number | undefined {
  const [fromHour, fromMinute, fromSecond] = [Math.floor(from / 3_600), Math.floor(from / 60) % 60, from % 60];
  for (const hour of hours) {
    if (hour < fromHour) continue;
    for (const minute of minutes) {
      if (hour === fromHour && minute < fromMinute) continue;
      const isFirst = hour === fromHour && minute === fromMinute;
      const second = isFirst ? seconds.find((value) => value >= fromSecond) : seconds[0];
      if (second !== undefined) return hour * 3_600 + minute * 60 + second;
    }
  }
  return undefined;
}

/** Halves the time in between until one second is left: the number of occurrences does not matter. */
function lastBetween(next: Cron["next"], after: number, until: number): number | undefined {
  let occurrence = next(after);
  if (occurrence > until) return undefined;
  let [low, high] = [occurrence, until];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    const later = next(middle);
    if (later > until) high = middle;
    else {
      occurrence = later;
      low = later;
    }
  }
  return occurrence;
}

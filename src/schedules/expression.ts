import { limits } from "../core/limits.ts";
import { type Choice, cronFault, day, hour, minute, month, readField, second, weekday } from "./fields.ts";

/** A cron expression that was read: the local times at which a schedule is due. */
export interface Expression {
  readonly seconds: readonly number[];
  readonly minutes: readonly number[];
  readonly hours: readonly number[];
  /** Whether a date is one of its days. `dayOfMonth`: 1 for the first. */
  hasDate(date: { readonly month: number; readonly dayOfMonth: number; readonly daysInMonth: number; readonly weekday: number }): boolean;
  /** Whether no hour is left out: then it is an interval, and hours are counted rather than read from the wall. */
  readonly everyHour: boolean;
}

const shorthands: Readonly<Record<string, string>> = {
  "@yearly": "0 0 1 1 *",
  "@annually": "0 0 1 1 *",
  "@monthly": "0 0 1 * *",
  "@weekly": "0 0 * * 0",
  "@daily": "0 0 * * *",
  "@midnight": "0 0 * * *",
  "@hourly": "0 * * * *",
};

/**
 * Reads five fields (minute, hour, day of the month, month, day of the week), six with seconds in front, or a shorthand such as `@daily`.
 * *Bounds*: `limits.cronChars`. *Faults thrown*: `invalid_argument` of type `cron_invalid`, with the field and the fix.
 */
export function readExpression(text: string): Expression {
  if (text.length > limits.cronChars)
    throw cronFault("expression", `It has ${text.length} characters. Write at most ${limits.cronChars}, with ranges and steps.`);
  const trimmed = text.trim();
  const written = trimmed.startsWith("@") ? shorthandOf(trimmed) : trimmed;
  const parts = written.split(/\s+/);
  if (parts.length !== 5 && parts.length !== 6)
    throw cronFault(
      "expression",
      `"${text}" has ${written === "" ? 0 : parts.length} fields. Write five, as in "0 2 * * mon-fri": minute, hour, day of the month, month, day of the week; a sixth in front is the second.`,
    );
  const [seconds = "0", minutes = "", hours = "", days = "", monthText = "", weekdays = ""] = parts.length === 6 ? parts : ["0", ...parts];
  // Read in the order in which they are written, so that the first that is wrong is named.
  const times = {
    seconds: readField(second, seconds).values,
    minutes: readField(minute, minutes).values,
    hours: readField(hour, hours).values,
  };
  const hasDate = dates({ days: readDays(days), months: readField(month, monthText).values, weekdays: readField(weekday, weekdays) });
  return { ...times, hasDate, everyHour: times.hours.length === 24 };
}

function shorthandOf(text: string): string {
  const written = shorthands[text.toLowerCase()];
  if (written !== undefined) return written;
  throw cronFault("expression", `There is no "${text}". Write one of ${Object.keys(shorthands).join(", ")}, or five fields.`);
}

interface Days extends Choice {
  /** `L`: the last day of the month. */
  readonly last: boolean;
}

function readDays(text: string): Days {
  const parts = text.split(",");
  const others = parts.filter((part) => part.toLowerCase() !== "l");
  const last = others.length < parts.length;
  return { ...(others.length === 0 ? { values: [], starred: false } : readField(day, others.join(","), text)), last };
}

/** Where day of the month and day of the week both choose, a date that is one of either will do. *Source*: crontab(5) of Vixie cron. */
function dates({ days, months, weekdays }: { days: Days; months: readonly number[]; weekdays: Choice }): Expression["hasDate"] {
  const [inMonths, inDays, inWeek] = [new Set(months), new Set(days.values), new Set(weekdays.values)];
  const either = !days.starred && !weekdays.starred;
  return ({ month, dayOfMonth, daysInMonth, weekday }) => {
    if (!inMonths.has(month)) return false;
    const isDay = inDays.has(dayOfMonth) || (days.last && dayOfMonth === daysInMonth);
    return either ? isDay || inWeek.has(weekday) : isDay && inWeek.has(weekday);
  };
}

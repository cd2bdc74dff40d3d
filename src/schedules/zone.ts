import { cronFault } from "./fields.ts";

/** No place on earth is further from the same wall time of another day; no two changes of a clock are closer. *Units*: milliseconds. */
export const dayAndMoreMs = 26 * 3_600_000;
const secondMs = 1_000;

/**
 * A time zone of the IANA database, as far as cron needs it. A wall time is written as the milliseconds since the epoch at which UTC shows it.
 * *Bounds*: whole seconds; of two changes within 26 hours one may be overlooked, which no zone has had since 1970.
 */
export class Zone {
  readonly name: string;
  readonly #format: Intl.DateTimeFormat | undefined;

  /** *Faults thrown*: `invalid_argument` of type `cron_invalid` where there is no such zone. */
  constructor(name: string) {
    this.name = name;
    // Node.js accepts an offset as a zone, but it would ignore daylight saving time.
    if (/^[+-]/.test(name))
      throw cronFault(
        "timeZone",
        `"${name}" is an offset, not a time zone. Write a name of the IANA database, as in "Europe/Berlin", or "UTC".`,
      );
    try {
      this.#format = name === "UTC" ? undefined : new Intl.DateTimeFormat("en-US", { ...wallParts, timeZone: name });
    } catch (cause) {
      if (!(cause instanceof RangeError)) throw cause;
      throw cronFault("timeZone", `There is no time zone "${name}". Write a name of the IANA database, as in "Europe/Berlin", or "UTC".`);
    }
  }

  /** What the clocks on the wall show. */
  wallAt(instant: number): number {
    return instant + this.offsetAt(instant);
  }

  /** How far the clocks are ahead of UTC. */
  offsetAt(instant: number): number {
    if (this.#format === undefined) return 0;
    const whole = Math.floor(instant / secondMs) * secondMs;
    const shown: Record<string, number> = {};
    for (const { type, value } of this.#format.formatToParts(whole)) shown[type] = Number(value);
    const { year = 0, month = 1, day, hour, minute, second } = shown;
    return Date.UTC(year, month - 1, day, hour, minute, second) - whole;
  }

  /** The first instant after `from`, up to `to`, at which the clocks are changed. */
  changeIn(from: number, to: number): number | undefined {
    const before = this.offsetAt(from);
    if (this.offsetAt(to) === before) return undefined;
    let [low, high] = [Math.floor(from / secondMs), Math.ceil(to / secondMs)];
    while (high - low > 1) {
      const middle = Math.floor((low + high) / 2);
      if (this.offsetAt(middle * secondMs) === before) low = middle;
      else high = middle;
    }
    return high * secondMs;
  }

  /** The first instant at which the clocks show this time or a later one: of a time that was left out, the end of the gap. */
  firstAt(wall: number): number {
    const [from, to] = [wall - dayAndMoreMs / 2 - 3_600_000 * 2, wall + dayAndMoreMs / 2];
    const early = wall - this.offsetAt(from);
    const change = this.changeIn(from, to);
    return change === undefined || early < change ? early : Math.max(change, wall - this.offsetAt(change));
  }

  /** The latest time that the clocks have shown so far; later than now where they were put back a moment ago. */
  latestShownAt(instant: number): number {
    const from = instant - dayAndMoreMs;
    const change = this.changeIn(from, instant);
    const now = this.wallAt(instant);
    return change === undefined ? now : Math.max(now, change - 1 + this.offsetAt(from));
  }
}

const wallParts = {
  hourCycle: "h23",
  year: "numeric",
  month: "numeric",
  day: "numeric",
  hour: "numeric",
  minute: "numeric",
  second: "numeric",
} as const;

import type { Firing, FiringResult, ScheduleReading, ScheduleStore } from "../../src/schedules/store.ts";

interface Row {
  rule: string;
  lastOccurrence: number;
  paused: boolean;
}

/** A store in memory by the rules of the real one, which counts what it is asked. */
export class MemoryStore implements ScheduleStore {
  now: number;
  asked: string[] = [];
  readonly rows = new Map<string, Row>();
  /** What was started. */
  readonly started: unknown[] = [];
  /** Thrown by the next firing: `before` it happened, or after. */
  broken: { readonly error: Error; readonly before: boolean } | undefined;

  constructor(now: number) {
    this.now = now;
  }

  async declare(schedules: readonly { readonly name: string; readonly rule: string }[]): Promise<ScheduleReading> {
    this.asked.push("declare");
    for (const { name, rule } of schedules) {
      const row = this.rows.get(name);
      if (row?.rule !== rule) this.rows.set(name, { rule, lastOccurrence: this.now, paused: row?.paused ?? false });
    }
    return this.#reading(schedules.map(({ name }) => name));
  }

  async read(names: readonly string[]): Promise<ScheduleReading> {
    this.asked.push("read");
    return this.#reading(names);
  }

  async fire({ name, rule, from, to, statements }: Firing): Promise<FiringResult> {
    this.asked.push("fire");
    const { broken, now } = this;
    this.broken = undefined;
    if (broken?.before) throw broken.error;
    const row = this.rows.get(name);
    if (row === undefined) return { state: "unknown", lastOccurrence: undefined, now };
    const { lastOccurrence } = row;
    if (row.rule !== rule) return { state: "changed", lastOccurrence, now };
    if (row.paused) return { state: "paused", lastOccurrence, now };
    if (lastOccurrence !== from) return { state: "moved", lastOccurrence, now };
    if (to > now) return { state: "early", lastOccurrence, now };
    row.lastOccurrence = to;
    this.started.push(...statements.map(({ values }) => values[0]));
    if (broken !== undefined) throw broken.error;
    return { state: "fired", lastOccurrence: to, now };
  }

  async pause(name: string, paused: boolean): Promise<boolean> {
    this.asked.push("pause");
    const row = this.rows.get(name);
    if (row === undefined) return false;
    if (row.paused && !paused) row.lastOccurrence = Math.max(row.lastOccurrence, this.now);
    row.paused = paused;
    return true;
  }

  #reading(names: readonly string[]): ScheduleReading {
    const schedules = names.flatMap((name) => {
      const row = this.rows.get(name);
      return row === undefined ? [] : [{ name, ...row }];
    });
    return { schedules, now: this.now };
  }
}

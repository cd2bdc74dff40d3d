import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { type App, createApp } from "plimsoll";
import { type TestDatabase, testDatabase } from "plimsoll/testing";
import { type Clock, systemClock } from "../../../src/core/clock.ts";
import { billMeter, meters, readMeters } from "./meters.ts";

/** How many events and sagas there are in how many days, and for how many days they are kept. */
export interface TablesSpec {
  readonly events: number;
  readonly sagas: number;
  readonly days: number;
  readonly keptDays: number;
  /** Called at the end of each day. */
  readonly onDay?: (day: DaySize) => void;
}

/** What the tables of the platform take at the end of a day. *Units*: bytes, with indexes and the space that deleted rows leave. */
export interface DaySize {
  readonly day: number;
  readonly bytes: number;
  readonly tables: Readonly<Record<string, number>>;
}

/** The size at the end of each day, and what was counted in all. */
export interface TablesReport {
  readonly days: readonly DaySize[];
  /** Events that the projection has counted. */
  readonly counted: number;
  readonly sagasEnded: number;
  /** The size at the end, in parts of that half way. */
  readonly ratio: number;
}

const dayMs = 86_400_000;
const perCommand = 500;
const callers = 16;

/** A clock on which days pass at once. Timers are those of the machine. */
class DayClock implements Clock {
  #offsetMs = 0;
  now = () => systemClock.now() + this.#offsetMs;
  monotonic = () => systemClock.monotonic() + this.#offsetMs;
  schedule = systemClock.schedule;
  random = systemClock.random;
  randomBytes = systemClock.randomBytes;
  uuid = systemClock.uuid;
  nextDay(): void {
    this.#offsetMs += dayMs;
  }
}

/** Lets days of events and sagas pass, and measures the tables of the platform at the end of each. */
export async function passDays(spec: TablesSpec): Promise<TablesReport> {
  const database = await testDatabase({ modules: [meters] });
  const clock = new DayClock();
  const retention = `${spec.keptDays}d` as const;
  const app = createApp({
    ...{ modules: [meters], database, clock, rateLimit: { perSecond: 0 } },
    ...{ events: { retention }, sagas: { retention, concurrency: 64 } },
  });
  await app.start();
  try {
    return await new Campaign({ app, database, clock, spec }).run();
  } finally {
    await app.stop();
    await database.drop();
  }
}

interface Parts {
  readonly app: App;
  readonly database: TestDatabase;
  readonly clock: DayClock;
  readonly spec: TablesSpec;
}

class Campaign {
  readonly #parts: Parts;
  #emitted = 0;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  async run(): Promise<TablesReport> {
    const { spec } = this.#parts;
    const days: DaySize[] = [];
    for (let day = 1; day <= spec.days; day++) {
      await this.#work();
      await this.#pass();
      const size = await this.#measure(day);
      spec.onDay?.(size);
      days.push(size);
    }
    const half = days[Math.floor(days.length / 2) - 1]!;
    const counted = await this.#one<{ n: number }>("select coalesce(sum(readings), 0)::float8 as n from meters.totals");
    return { days, counted: counted.n, sagasEnded: spec.sagas, ratio: days.at(-1)!.bytes / half.bytes };
  }

  /** The work of one day, until the projection and the sagas have ended it. */
  async #work(): Promise<void> {
    const { app, spec } = this.#parts;
    const until = this.#emitted + Math.round(spec.events / spec.days);
    let sagas = Math.round(spec.sagas / spec.days);
    const emitting = async () => {
      while (this.#emitted < until) {
        const from = this.#emitted;
        const count = Math.min(perCommand, until - from);
        this.#emitted += count;
        await app.call(readMeters, { from, count });
      }
    };
    const starting = async () => {
      while (sagas > 0) {
        sagas--;
        const { id } = await app.sagas.start(billMeter, { meter: `m${sagas}` });
        assert.equal((await app.sagas.result(billMeter, id, { within: "60s" })).cents, 100);
      }
    };
    await Promise.all([...Array.from({ length: callers }, emitting), ...Array.from({ length: 64 }, starting)]);
    await this.#until("the projection has counted all", "select coalesce(sum(readings), 0) >= $1 as reached from meters.totals", [until]);
  }

  /** The night: what is too old goes, and PostgreSQL cleans up, as autovacuum does within a day. */
  async #pass(): Promise<void> {
    const { clock, database, spec } = this.#parts;
    await database.admin("select plimsoll.set_clock_offset(plimsoll.now() - statement_timestamp() + interval '1 day')");
    clock.nextDay();
    const old = `(plimsoll.now() - interval '${spec.keptDays} days')`;
    await this.#until(
      "no event is too old",
      `select not exists (select from pg_inherits i join pg_class c on c.oid = i.inhrelid where i.inhparent = 'plimsoll.events'::regclass
         and c.relname ~ '^events_\\d{8}$' and to_date(right(c.relname, 8), 'YYYYMMDD') < (${old} at time zone 'UTC')::date) as reached`,
    );
    await this.#until(
      "no saga is too old",
      `select not exists (select from plimsoll.sagas where ended < extract(epoch from ${old}) * 1000 - 60000) as reached`,
    );
    await database.admin("vacuum");
  }

  async #measure(day: number): Promise<DaySize> {
    const rows = await this.#parts.database.admin<{ table: string; bytes: number }>(
      `select regexp_replace(c.relname, '_\\d{8}$', '') as table, sum(pg_total_relation_size(c.oid))::float8 as bytes from pg_class c
       where c.relnamespace = 'plimsoll'::regnamespace and c.relkind = 'r' group by 1 having sum(pg_total_relation_size(c.oid)) > 100000 order by 2 desc`,
    );
    const tables = Object.fromEntries(rows.map((row) => [row.table, row.bytes]));
    return { day, bytes: rows.reduce((sum, row) => sum + row.bytes, 0), tables };
  }

  async #one<R extends Record<string, unknown>>(text: string, values: readonly unknown[] = []): Promise<R> {
    const [row] = await this.#parts.database.admin<R>(text, values);
    assert.ok(row !== undefined);
    return row;
  }

  async #until(what: string, text: string, values: readonly unknown[] = []): Promise<void> {
    const deadline = performance.now() + 300_000;
    while (!(await this.#one<{ reached: boolean }>(text, values)).reached) {
      assert.ok(performance.now() < deadline, `It took more than five minutes until ${what}.`);
      await sleep(200);
    }
  }
}

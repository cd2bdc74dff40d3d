import type { Clock } from "../core/clock.ts";
import { Fault } from "../core/fault.ts";
import { limits } from "../core/limits.ts";
import type { Service } from "../core/service.ts";
import { messageOf } from "../core/value/thrown.ts";
import type { Schedule } from "../operation/durable/schedule.ts";
import { explained } from "../tasks/context.ts";
import { defineSchedule, refusedSchedule, type ScheduleDefinition } from "./definition.ts";
import { DurableClock } from "./durable-clock.ts";
import { Firer, type FirerOptions, type Followed } from "./firer.ts";
import type { ScheduleReading, ScheduleStore } from "./store.ts";

/** What a scheduler needs: its schedules, their store, and the clock. */
export interface SchedulerOptions extends FirerOptions {
  readonly schedules: readonly Schedule[];
  readonly store: ScheduleStore;
}

/** How a schedule stands, for people. */
export interface ScheduleState {
  readonly name: string;
  readonly task: string;
  readonly cron: string;
  readonly timeZone: string;
  readonly lastOccurrence: Date;
  readonly nextOccurrence: Date;
  /** `replaced`: a version of the code that started later has another rule, and only that version fires it. */
  readonly state: Followed["state"];
}

/**
 * Fires schedules. Every worker has one; of all of them one fires each occurrence.
 * *Guarantees*: an occurrence and its task are durable together, once in the whole fleet; nothing is asked of the database while nothing is due, but for one
 * statement in `limits.scheduleReadMs`, by which pauses and jumps of the database's clock are noticed.
 */
export class Scheduler implements Service {
  readonly name = "schedules";
  readonly #options: SchedulerOptions;
  readonly #clock: Clock;
  readonly #followed = new Map<string, Followed>();
  readonly #definitions: readonly ScheduleDefinition[];
  readonly #time: DurableClock;
  readonly #firer: Firer;
  #readAt = 0;
  #stale = false;
  #open = false;
  #looking: Promise<void> | undefined;

  /** *Faults thrown*: `invalid_argument` of type `schedule_invalid`. */
  constructor(options: SchedulerOptions) {
    this.#options = options;
    this.#clock = options.clock;
    this.#time = new DurableClock(options.clock);
    this.#firer = new Firer(options, this.#time);
    this.#definitions = options.schedules.map(defineSchedule);
    const names = new Set<string>();
    for (const definition of this.#definitions) {
      const { name } = definition;
      if (names.has(name))
        throw refusedSchedule(name, { field: "name", fix: "Two schedules have this name. Rename one, or list it once." });
      names.add(name);
      this.#tryInput(definition);
    }
  }

  async start(): Promise<void> {
    if (this.#definitions.length > 0) this.#take(await this.#options.store.declare(this.#definitions));
    this.#open = true;
  }

  /** Fires nothing more, and waits for what it is about to fire. */
  async stop(): Promise<void> {
    this.#open = false;
    await this.#looking?.catch(() => undefined);
  }

  /**
   * Fires what is due. Made for one call a second or so; calls at the same time share one look.
   * *Faults thrown*: `unavailable` where the database does not respond; the next call continues.
   */
  fireDue(): Promise<void> {
    if (!this.#open || this.#definitions.length === 0) return Promise.resolve();
    this.#looking ??= this.#look().finally(() => {
      this.#looking = undefined;
    });
    return this.#looking;
  }

  /** Reads what time it is, and fires what is due by then. */
  async lookNow(): Promise<void> {
    await this.#looking?.catch(() => undefined);
    this.#stale = true;
    await this.fireDue();
  }

  /** How long until something is due. *Units*: milliseconds; undefined where nothing ever is. */
  get nextDueMs(): number | undefined {
    const [now, clock] = [this.#time.now, this.#clock.monotonic()];
    const active = [...this.#followed.values()].filter(({ state }) => state === "active");
    const waits = active.map(({ nextOccurrence, retryAt }) => Math.max(0, nextOccurrence - now, retryAt - clock));
    return waits.length === 0 ? undefined : Math.min(...waits);
  }

  /** How all schedules stood when they were last read. */
  list(): readonly ScheduleState[] {
    return [...this.#followed.values()].map(({ definition: { name, task, cron }, lastOccurrence, nextOccurrence, state }) => ({
      ...{ name, task: task.name, cron: cron.expression, timeZone: cron.timeZone, state },
      ...{ lastOccurrence: new Date(lastOccurrence), nextOccurrence: new Date(nextOccurrence) },
    }));
  }

  /** Nothing of it is started any more, in the whole fleet, from now on. *Faults thrown*: `not_found` of type `schedule_unknown`. */
  pause(name: string): Promise<void> {
    return this.#pause(name, true);
  }

  /** It continues with its next occurrence; those of the pause are not made up for. Other processes notice within 15 s. */
  resume(name: string): Promise<void> {
    return this.#pause(name, false);
  }

  async #pause(name: string, paused: boolean): Promise<void> {
    if (!(await this.#options.store.pause(name, paused))) throw unknown(name, [...this.#followed.keys()]);
    this.#stale = true;
  }

  async #look(): Promise<void> {
    if (this.#stale || this.#clock.monotonic() - this.#readAt >= limits.scheduleReadMs) await this.#read();
    for (const followed of this.#followed.values()) {
      if (followed.state !== "active" || followed.retryAt > this.#clock.monotonic() || !this.#open) continue;
      if (followed.nextOccurrence <= this.#time.now && !(await this.#firer.fire(followed))) this.#stale = true;
    }
  }

  /** What its next occurrence would start must be possible today: a night is a bad time to find out. */
  #tryInput(definition: ScheduleDefinition): void {
    try {
      this.#firer.prepare(definition, definition.cron.next(this.#clock.now()));
    } catch (cause) {
      const fix = `its next occurrence could not start ${definition.task.name}. ${reasonOf(cause)}`;
      throw refusedSchedule(definition.name, { field: "input", fix, cause });
    }
  }

  async #read(): Promise<void> {
    const { store } = this.#options;
    const reading = await store.read(this.#definitions.map(({ name }) => name));
    this.#take(reading);
    const known = new Set(reading.schedules.map(({ name }) => name));
    const gone = this.#definitions.filter(({ name }) => !known.has(name));
    if (gone.length > 0) this.#take(await store.declare(gone));
    this.#stale = false;
    this.#readAt = this.#clock.monotonic();
  }

  #take({ schedules, now }: ScheduleReading): void {
    this.#time.set(now);
    this.#readAt = this.#clock.monotonic();
    const stored = new Map(schedules.map((schedule) => [schedule.name, schedule]));
    for (const definition of this.#definitions) {
      const { name, rule, cron } = definition;
      const found = stored.get(name);
      if (found === undefined) continue;
      const { lastOccurrence, paused } = found;
      const known = this.#followed.get(name);
      this.#followed.set(name, {
        ...{ definition, lastOccurrence, retryAt: known?.retryAt ?? 0 },
        nextOccurrence: known?.lastOccurrence === lastOccurrence ? known.nextOccurrence : cron.next(lastOccurrence),
        state: found.rule !== rule ? "replaced" : paused ? "paused" : "active",
      });
    }
  }
}

function reasonOf(cause: unknown): string {
  if (cause instanceof Fault) return explained(cause);
  return messageOf(cause);
}

const unknown = (name: string, known: readonly string[]): Fault =>
  new Fault({
    code: "not_found",
    type: "schedule_unknown",
    message: `There is no schedule "${name}". ${known.length === 0 ? "This app has none." : `Known here: ${known.join(", ")}.`}`,
  });

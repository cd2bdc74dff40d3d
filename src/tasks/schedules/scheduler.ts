import type { Clock } from "../../core/clock.ts";
import { Fault } from "../../core/fault.ts";
import { limits } from "../../core/limits.ts";
import type { Service } from "../../core/service.ts";
import type { Schedule } from "../../operation/durable/schedule.ts";
import type { Task } from "../../operation/durable/task.ts";
import type { Statement } from "../../operation/transaction.ts";
import { defineSchedule, refusedSchedule, type ScheduleDefinition } from "./definition.ts";
import { type DueTicks, dueTicks } from "./due-ticks.ts";
import type { ScheduleSignals } from "./signals.ts";
import type { FiringResult, ScheduleReading, ScheduleStore } from "./store.ts";

/** A task that a tick is to start. */
export interface ScheduledStart {
  readonly task: Task;
  readonly input: unknown;
  /** One tick, one key: `schedule:<name>:<tick>`. */
  readonly key: string;
  readonly tenant: string | undefined;
  readonly priority: number | undefined;
}

/** What starts it, to be run in the transaction of the tick. */
export interface PreparedStart {
  readonly id: string;
  readonly queue: string;
  readonly statement: Statement;
}

export interface SchedulerOptions {
  readonly schedules: readonly Schedule[];
  readonly store: ScheduleStore;
  readonly clock: Clock;
  readonly signals: ScheduleSignals;
  /** *Faults thrown*: what is wrong with the input; the schedule is then tried again later, and holds no other up. */
  readonly prepare: (start: ScheduledStart) => PreparedStart;
  /** Tells workers that these queues have something to claim. */
  readonly wake: (queues: ReadonlySet<string>) => void;
}

/** How a schedule stands, for people. */
export interface ScheduleState {
  readonly name: string;
  readonly task: string;
  readonly cron: string;
  readonly timeZone: string;
  readonly lastTick: Date;
  readonly nextTick: Date;
  /** `replaced`: a version of the code that started later ticks by another rule, and does so alone. */
  readonly state: "active" | "paused" | "replaced";
}

interface Followed {
  readonly definition: ScheduleDefinition;
  lastTick: number;
  nextTick: number;
  state: ScheduleState["state"];
  /** Not before; of the clock's monotonic time. */
  retryAt: number;
}

/** After what is likely to be wrong again, after a conflict, and where somebody else is about to fire. */
const retryMs = { failed: 60_000, conflict: 1_000, busy: 500 } as const;

/**
 * Fires schedules. Every worker has one; of all of them one fires each tick.
 * *Guarantees*: a tick and its task are durable together, once in the whole fleet; nothing is asked of the database while nothing is due, but for one
 * statement in `limits.scheduleReadMs`, by which pauses and jumps of the database's clock are noticed.
 */
export class Scheduler implements Service {
  readonly name = "schedules";
  readonly #options: SchedulerOptions;
  readonly #clock: Clock;
  readonly #followed = new Map<string, Followed>();
  readonly #definitions: readonly ScheduleDefinition[];
  /** Durable time, when it was last heard of. */
  #now = 0;
  #heardAt = 0;
  #readAt = 0;
  #stale = false;
  #open = false;
  #ticking: Promise<void> | undefined;

  /** *Faults thrown*: `invalid_argument` of type `schedule_invalid`. */
  constructor(options: SchedulerOptions) {
    this.#options = options;
    this.#clock = options.clock;
    this.#definitions = options.schedules.map(defineSchedule);
    const names = new Set<string>();
    for (const definition of this.#definitions) {
      const { name } = definition;
      if (names.has(name))
        throw refusedSchedule(name, { field: "name", mend: "Two schedules have this name. Rename one, or list it once." });
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
    await this.#ticking?.catch(() => undefined);
  }

  /**
   * Fires what is due. Made for one call a second or so; calls at the same time share one look.
   * *Faults thrown*: `unavailable` where the database does not answer; the next call goes on.
   */
  tick(): Promise<void> {
    if (!this.#open || this.#definitions.length === 0) return Promise.resolve();
    this.#ticking ??= this.#look().finally(() => {
      this.#ticking = undefined;
    });
    return this.#ticking;
  }

  /** How long until something is due. *Units*: milliseconds; undefined where nothing ever is. */
  get nextDueMs(): number | undefined {
    const [now, clock] = [this.#durableNow(), this.#clock.monotonic()];
    const active = [...this.#followed.values()].filter(({ state }) => state === "active");
    const waits = active.map(({ nextTick, retryAt }) => Math.max(0, nextTick - now, retryAt - clock));
    return waits.length === 0 ? undefined : Math.min(...waits);
  }

  /** How all schedules stood when they were last read. */
  list(): readonly ScheduleState[] {
    return [...this.#followed.values()].map(({ definition: { name, task, cron }, lastTick, nextTick, state }) => ({
      ...{ name, task: task.name, cron: cron.expression, timeZone: cron.timeZone, state },
      ...{ lastTick: new Date(lastTick), nextTick: new Date(nextTick) },
    }));
  }

  /** Nothing of it is started any more, in the whole fleet, from now on. *Faults thrown*: `not_found` of type `schedule_unknown`. */
  pause(name: string): Promise<void> {
    return this.#pause(name, true);
  }

  /** It goes on with its next tick; those of the pause are not made up for. Other processes notice within 15 s. */
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
      if (followed.nextTick <= this.#durableNow()) await this.#fire(followed);
    }
  }

  async #fire(followed: Followed): Promise<void> {
    const { definition } = followed;
    const { name, rule, cron, missed } = definition;
    try {
      const due = dueTicks(cron, { last: followed.lastTick, now: this.#durableNow(), missed });
      if (due === undefined) return;
      const starts = due.ticks.map((tick) => ({ tick, ...this.#prepare(definition, tick) }));
      const statements = starts.map(({ statement }) => statement);
      const result = await this.#options.store.fire({ name, rule, from: followed.lastTick, to: due.to, statements });
      this.#hear(result.now);
      if (result.state === "fired") this.#publish(followed, due, starts);
      this.#follow(followed, result);
    } catch (error) {
      this.#fail(followed, error);
    }
  }

  /** What its next tick would start must be possible today: a night is a bad time to find out. */
  #tryInput(definition: ScheduleDefinition): void {
    try {
      this.#prepare(definition, definition.cron.next(this.#clock.now()));
    } catch (cause) {
      const mend = `its next tick could not start ${definition.task.name}. ${messageOf(cause)}`;
      throw refusedSchedule(definition.name, { field: "input", mend, cause });
    }
  }

  #prepare({ name, task, tenant, priority, inputAt }: ScheduleDefinition, tick: number): PreparedStart {
    const key = `schedule:${name}:${new Date(tick).toISOString()}`;
    return this.#options.prepare({ task, input: inputAt(tick), key, tenant, priority });
  }

  #publish(
    { definition, lastTick }: Followed,
    { passedOver, to }: DueTicks,
    starts: readonly (PreparedStart & { readonly tick: number })[],
  ): void {
    const { signals, wake } = this.#options;
    const schedule = definition.name;
    if (starts.length > 0) wake(new Set(starts.map(({ queue }) => queue)));
    if (passedOver) signals.passedOver.publish({ schedule, after: lastTick, until: starts[0]?.tick ?? to + 1 });
    const now = this.#durableNow();
    for (const { id, tick } of starts) signals.fired.publish({ schedule, task: definition.task.name, id, tick, lagMs: now - tick });
  }

  #follow(followed: Followed, { state, lastTick }: FiringResult): void {
    if (state === "changed") followed.state = "replaced";
    if (state === "paused") followed.state = "paused";
    if (state === "unknown") this.#stale = true;
    if (state === "busy") followed.retryAt = this.#clock.monotonic() + retryMs.busy;
    if (lastTick === undefined || lastTick === followed.lastTick) return;
    followed.lastTick = lastTick;
    followed.nextTick = followed.definition.cron.next(lastTick);
  }

  /** What is wrong with one schedule holds no other up; a database that is gone does. Where it was committed all the same, the next firing finds that out. */
  #fail(followed: Followed, error: unknown): void {
    const code = error instanceof Fault ? error.code : "internal";
    this.#options.signals.failed.publish({ schedule: followed.definition.name, error });
    if (code === "unavailable") throw error;
    followed.retryAt = this.#clock.monotonic() + (code === "aborted" ? retryMs.conflict : retryMs.failed);
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
    this.#hear(now);
    this.#readAt = this.#clock.monotonic();
    const stored = new Map(schedules.map((schedule) => [schedule.name, schedule]));
    for (const definition of this.#definitions) {
      const { name, rule, cron } = definition;
      const found = stored.get(name);
      if (found === undefined) continue;
      const { lastTick, paused } = found;
      const known = this.#followed.get(name);
      this.#followed.set(name, {
        ...{ definition, lastTick, retryAt: known?.retryAt ?? 0 },
        nextTick: known?.lastTick === lastTick ? known.nextTick : cron.next(lastTick),
        state: found.rule !== rule ? "replaced" : paused ? "paused" : "active",
      });
    }
  }

  #hear(now: number): void {
    this.#now = now;
    this.#heardAt = this.#clock.monotonic();
  }

  #durableNow(): number {
    return this.#now + this.#clock.monotonic() - this.#heardAt;
  }
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}

const unknown = (name: string, known: readonly string[]): Fault =>
  new Fault({
    code: "not_found",
    type: "schedule_unknown",
    message: `There is no schedule "${name}". ${known.length === 0 ? "This app has none." : `Known here: ${known.join(", ")}.`}`,
  });

import type { Clock } from "../core/clock.ts";
import { Fault } from "../core/fault.ts";
import type { Durable, OccurrenceStarts, PreparedStart } from "../operation/durable/start.ts";
import type { ScheduleDefinition } from "./definition.ts";
import { type DueOccurrences, dueOccurrences } from "./due-occurrences.ts";
import type { DurableClock } from "./durable-clock.ts";
import type { ScheduleSignals } from "./signals.ts";
import type { FiringResult, ScheduleStore } from "./store.ts";

/** A schedule of this app, and where it stands. */
export interface Followed {
  readonly definition: ScheduleDefinition;
  lastOccurrence: number;
  nextOccurrence: number;
  state: "active" | "paused" | "replaced";
  /** Not before; of the clock's monotonic time. */
  retryAt: number;
}

/** What firing needs: the store, the clock, and what starts the work of occurrences. */
export interface FirerOptions {
  readonly store: Pick<ScheduleStore, "fire">;
  readonly clock: Clock;
  readonly signals: ScheduleSignals;
  /** What starts work of that kind. */
  readonly startsOf: (work: Durable) => OccurrenceStarts;
}

/** After what is likely to be wrong again, after a conflict, and where another process is about to fire. */
const retryMs = { failed: 60_000, conflict: 1_000, busy: 500 } as const;

/** Fires the occurrences of one schedule that are due. */
export class Firer {
  readonly #options: FirerOptions;
  readonly #time: DurableClock;

  constructor(options: FirerOptions, time: DurableClock) {
    this.#options = options;
    this.#time = time;
  }

  /** What the occurrence would start. *Faults thrown*: what is wrong with its input; the schedule is then tried again later, and holds no other up. */
  prepare({ name, task, tenant, priority, inputAt }: ScheduleDefinition, occurrence: number): PreparedStart {
    const key = `schedule:${name}:${new Date(occurrence).toISOString()}`;
    return this.#options.startsOf(task).prepare(task, { input: inputAt(occurrence), key, tenant, priority });
  }

  /** Returns false where the store does not know the schedule. *Faults thrown*: `unavailable`; any other is signalled, and tried again later. */
  async fire(followed: Followed): Promise<boolean> {
    const { definition } = followed;
    const { name, rule, cron, missed } = definition;
    try {
      const due = dueOccurrences(cron, { last: followed.lastOccurrence, now: this.#time.now, missed });
      if (due === undefined) return true;
      const starts = due.occurrences.map((occurrence) => ({ occurrence, ...this.prepare(definition, occurrence) }));
      const statements = starts.map(({ statement }) => statement);
      const result = await this.#options.store.fire({ name, rule, from: followed.lastOccurrence, to: due.to, statements });
      this.#time.set(result.now);
      if (result.state === "fired") this.#publish(followed, due, starts);
      this.#follow(followed, result);
      return result.state !== "unknown";
    } catch (error) {
      this.#fail(followed, error);
      return true;
    }
  }

  #publish(
    { definition, lastOccurrence }: Followed,
    { passedOver, to }: DueOccurrences,
    starts: readonly (PreparedStart & { readonly occurrence: number })[],
  ): void {
    const { signals, startsOf } = this.#options;
    const schedule = definition.name;
    if (starts.length > 0) startsOf(definition.task).committed(new Set(starts.flatMap(({ toWake }) => [...toWake])));
    if (passedOver) signals.passedOver.publish({ schedule, after: lastOccurrence, until: starts[0]?.occurrence ?? to + 1 });
    const { now } = this.#time;
    for (const { id, occurrence } of starts)
      signals.fired.publish({ schedule, task: definition.task.name, id, occurrence, lagMs: now - occurrence });
  }

  #follow(followed: Followed, { state, lastOccurrence }: FiringResult): void {
    if (state === "changed") followed.state = "replaced";
    if (state === "paused") followed.state = "paused";
    if (state === "busy") followed.retryAt = this.#options.clock.monotonic() + retryMs.busy;
    if (lastOccurrence === undefined || lastOccurrence === followed.lastOccurrence) return;
    followed.lastOccurrence = lastOccurrence;
    followed.nextOccurrence = followed.definition.cron.next(lastOccurrence);
  }

  /** What is wrong with one schedule holds no other up; a database that is gone does. Where it was committed all the same, the next firing finds that out. */
  #fail(followed: Followed, error: unknown): void {
    const code = error instanceof Fault ? error.code : "internal";
    this.#options.signals.failed.publish({ schedule: followed.definition.name, error });
    if (code === "unavailable") throw error;
    followed.retryAt = this.#options.clock.monotonic() + (code === "aborted" ? retryMs.conflict : retryMs.failed);
  }
}

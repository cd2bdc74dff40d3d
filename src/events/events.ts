import { Fault } from "../core/fault.ts";
import { limits } from "../core/limits.ts";
import type { SubscriptionDefinition } from "./definition.ts";
import type { AsideEvent, LoggedEvent, SubscriptionAdmin, SubscriptionReplay, SubscriptionStats } from "./ports/admin-store.ts";
import { parsePosition } from "./position.ts";
import type { Projections } from "./projections/projections.ts";
import type { EventSignals } from "./signals.ts";

/** What controls events is made of. */
export interface EventsOptions {
  readonly admin: SubscriptionAdmin;
  readonly definitions: readonly Pick<SubscriptionDefinition, "name" | "names">[];
  readonly signals: EventSignals;
  /** Has the worker of this process look at once. */
  readonly lookNow: () => Promise<number | undefined>;
  readonly projections: Projections;
}

/** From where a subscription handles events again, why, and who wants it. */
export interface SubscriptionReplayRequest {
  /** A time, or the position of an event. */
  readonly from: Date | string;
  readonly reason: string;
  readonly by?: string | undefined;
}

/** The events of an app: shows and controls its subscriptions. */
export class Events {
  readonly signals: EventSignals;
  /** Shows and rebuilds the projections of the app. */
  readonly projections: Projections;
  readonly #admin: SubscriptionAdmin;
  readonly #names: Readonly<Record<string, readonly string[]>>;
  readonly #lookNow: () => Promise<number | undefined>;

  constructor({ admin, definitions, signals, lookNow, projections }: EventsOptions) {
    this.projections = projections;
    this.signals = signals;
    this.#admin = admin;
    this.#names = Object.fromEntries(definitions.map(({ name, names }) => [name, names]));
    this.#lookNow = lookNow;
  }

  /** All subscriptions of the database, each with how far it is. *Bounds*: 1,000. */
  subscriptions(): Promise<readonly SubscriptionStats[]> {
    return this.#admin.stats(this.#names, undefined);
  }

  /** The last events of the log, the newest first, without their data. *Bounds*: `limit` up to 10,000; 100 where it is left out. */
  last({ limit = 100 }: { readonly limit?: number } = {}): Promise<readonly LoggedEvent[]> {
    return this.#admin.last(bounded(limit));
  }

  /** Parked events, the first of each key; `dueMs` is null where a person has to act. */
  parked({ subscription, limit = 100 }: { readonly subscription?: string; readonly limit?: number } = {}) {
    return this.#admin.parked(subscription, bounded(limit));
  }

  deadLetters({
    subscription,
    limit = 100,
  }: {
    readonly subscription?: string;
    readonly limit?: number;
  } = {}): Promise<readonly (AsideEvent & { readonly died: string })[]> {
    return this.#admin.deadLetters(subscription, bounded(limit));
  }

  /** Stops a subscription in all processes. *Faults thrown*: `not_found` of type `subscription_unknown`, as the next three. */
  pause(subscription: string): Promise<void> {
    return this.#done(this.#admin.pause(subscription, true), subscription);
  }

  resume(subscription: string): Promise<void> {
    return this.#done(this.#admin.pause(subscription, false), subscription);
  }

  /** Handles a parked event, or a dead letter, once more. Returns whether there is one. */
  async retry(subscription: string, id: string): Promise<boolean> {
    const found = await this.#admin.retry(subscription, id);
    await this.#lookNow();
    return found;
  }

  /** Makes a dead letter of a parked event, and keeps the reason. Returns whether it was parked. *Bounds*: a reason has 1 to 500 characters. */
  async skip(subscription: string, id: string, reason: string): Promise<boolean> {
    checkReason(reason, "the event is skipped: the reason is kept with it");
    const found = await this.#admin.skip(subscription, id, reason);
    await this.#lookNow();
    return found;
  }

  /**
   * Handles again every event that was recorded since a time, or that stands at a position or behind it, also those that were committed by `commit`. Returns whether
   * there is one. The reason is kept, with who wants it. *Bounds*: a reason has 1 to 500 characters, `by` at most as many.
   * *Faults thrown*: `failed_precondition` of type `events_dropped` where retention has taken some of these events; `invalid_argument` of type `reason_invalid`.
   * @example await app.events.replay("notices.on-placed", { from: "1/7281/12", reason: "the mails had the wrong total", by: "ann" })
   */
  async replay(subscription: string, { from, reason, by }: SubscriptionReplayRequest): Promise<boolean> {
    checkReason(reason, "events are handled again: the reason is kept");
    const place = typeof from === "string" ? parsePosition(from) : from;
    if (place === undefined || (place instanceof Date && Number.isNaN(place.getTime())) || (by ?? "").length > limits.loadLineReasonChars)
      throw new Fault({
        code: "invalid_argument",
        type: "replay_invalid",
        message: `A replay begins at a time, or at a position as in 1/7281/12, and "by" has at most ${limits.loadLineReasonChars} characters. Copy a position from GET /events.`,
      });
    const outcome = await this.#admin.replay(subscription, place, { reason, by, names: this.#names[subscription] });
    if (outcome === "dropped")
      throw new Fault({
        code: "failed_precondition",
        type: "events_dropped",
        message: `Retention has taken events of "${subscription}" from there on out of the log, so a replay would leave them out. Begin later.`,
      });
    await this.#lookNow();
    return outcome === "replayed";
  }

  /** The last replays, the newest first: from where, who wanted each, and why. *Bounds*: `limits.eventReplaysKept` of a subscription are kept. */
  replays({
    subscription,
    limit = 100,
  }: {
    readonly subscription?: string;
    readonly limit?: number;
  } = {}): Promise<readonly SubscriptionReplay[]> {
    return this.#admin.replays(subscription, bounded(limit));
  }

  /** Deletes a subscription that no running process declares, with its parked events and dead letters: the log keeps nothing for it any more. */
  forget(subscription: string): Promise<boolean> {
    return this.#admin.forget(subscription);
  }

  /**
   * Looks for events now, without waiting for the next look of the worker. Returns in how many milliseconds of database time the next parked event that this
   * process has is due; undefined where none is.
   */
  lookNow(): Promise<number | undefined> {
    return this.#lookNow();
  }

  async #done(done: Promise<boolean>, name: string): Promise<void> {
    if (!(await done))
      throw new Fault({
        code: "not_found",
        type: "subscription_unknown",
        message: `There is no subscription "${name}". Check the name: GET /events lists them.`,
      });
    await this.#lookNow();
  }
}

function checkReason(reason: string, why: string): void {
  if (reason.length > 0 && reason.length <= limits.loadLineReasonChars) return;
  throw new Fault({
    code: "invalid_argument",
    type: "reason_invalid",
    message: `Say in 1 to ${limits.loadLineReasonChars} characters why ${why}.`,
  });
}

const bounded = (limit: number): number => Math.max(1, Math.min(limits.eventCount, Math.floor(limit)));

import type { Duration } from "../../core/duration.ts";
import type { AnySchema, Output } from "../../core/schema/standard.ts";
import { adaptSchema } from "../../core/schema.ts";
import type { Hint } from "../../core/value/hint.ts";
import type { BudgetLimits, Operation } from "../contract.ts";
import type { SystemStart } from "../durable/start.ts";
import type { RetrySpec } from "../durable/task.ts";
import type { Criticality } from "../execution.ts";
import type { ReceiverSource } from "../messaging/receiver.ts";
import type { Used, Uses } from "../resource.ts";
import type { ActionScope, WriteScope } from "../scope.ts";
import type { DurableSloSpec } from "../slo/spec.ts";
import type { DomainEvent } from "./event.ts";

type DeadlineHint = 'write milliseconds, or a number with ms, s, m, h or d, as in "30s"';

/** What `subscription` takes: the events, how they are ordered and retried, its budget and its handler. */
export interface SubscriptionSpec<E extends DomainEvent, U extends Uses> {
  /** One line for documents. */
  readonly summary?: string;
  /** The events that it handles, also those of other modules. */
  readonly on: readonly E[];
  /** `key`: events of one tenant and key are handled one after the other, in their order. `none`: in no order. *Default*: `key`. */
  readonly order?: "key" | "none";
  /**
   * Where its first start begins: with the next event, or with the oldest that is kept. Or the broker from which it receives: then its events are those of other
   * services, which no module lists, and a message of another type is passed over. *Default*: `now`.
   */
  readonly from?: "now" | "beginning" | ReceiverSource;
  /**
   * What follows where a handler cannot reach what it needs (`unavailable`, `deadline_exceeded`): the event is parked, and those of other keys are handled; or its
   * partition waits at it, with no end of attempts, and nothing is parked. *Default*: `park`.
   */
  readonly onUnavailable?: "park" | "wait";
  /** After the last attempt of an event failed: it becomes a dead letter, or its key stops until a person acts. *Default*: `dead-letter`. */
  readonly onFailure?: "stop" | "dead-letter";
  readonly retry?: RetrySpec;
  /** Into how many parts it is cut, each of which handles one event at a time. It never changes. *Default*: 16. *Bounds*: 1 to 64. */
  readonly partitions?: number;
  /** What one attempt may use. `concurrency`: how many run at once in one process. */
  readonly budget: Hint<DeadlineHint, Duration> | Omit<BudgetLimits, "queue" | "idempotencyTtl" | "mode">;
  readonly criticality?: Criticality;
  /** Which share of its work is to end well. *Default*: by criticality. */
  readonly slo?: DurableSloSpec;
  readonly uses?: U;
  readonly run: SubscriptionHandler<E, Used<U>>;
}

/** The event that a handler reacts to. */
export interface HandledEvent<N extends string = string> {
  readonly id: string;
  readonly name: N;
  readonly version: number;
  readonly key: string;
  /** By the clock of the database. */
  readonly recordedAt: Date;
  /** Its place in the log. */
  readonly position: string;
  /** The tenant in whose transaction it was emitted; undefined where it was none. */
  readonly tenant: string | undefined;
  /** The id of who caused it. */
  readonly actor: string | undefined;
  /** The request, task or event whose execution emitted it. */
  readonly causation: string | undefined;
  /** The request that all of it began with. */
  readonly correlation: string | undefined;
  /** The trace in which it was emitted. *Source*: W3C Trace Context. */
  readonly traceparent: string | undefined;
}

/** The scope of a subscription: that of an action, with the event, a key, the attempt and `commit`. */
export interface SubscriptionScope<N extends string = string> extends ActionScope {
  readonly event: HandledEvent<N>;
  /** A key that is the same for every attempt: pass it to services that must not act twice. */
  readonly key: string;
  /** The number of this attempt; 1 for the first. */
  readonly attempt: number;
  /** Starts a task, which is durable when this resolves. */
  readonly start: SystemStart;
  /**
   * Completes the event in one transaction with what `work` writes: both happen once, or neither. Call it once, at the end of the handler.
   * *Faults thrown*: `aborted` of type `lease_lost` if another process has the event; then nothing was changed.
   */
  commit<T>(work: (scope: Pick<WriteScope, "sql" | "call" | "start" | "attempt">) => Promise<T>): Promise<T>;
}

/** The handler of a subscription; it runs at least once for each event. */
export type SubscriptionHandler<E extends DomainEvent, U> = (
  data: Output<E["data"]>,
  scope: SubscriptionScope<E["name"]> & U,
) => Promise<unknown>;

/** A durable reaction to events. */
export interface Subscription<E extends DomainEvent = DomainEvent> extends Operation {
  readonly kind: "subscription";
  readonly on: readonly E[];
  /** How many events of a partition, each of another key, are handled at once, where handlers commit nothing. *Default*: 1. */
  readonly atOnce?: number;
}

/** What is stored was parsed by the schema of its event, which its readers parse it with again. */
const anyData: AnySchema = adaptSchema(
  { "~standard": { version: 1, vendor: "plimsoll", validate: (value: unknown) => ({ value }) } },
  { input: { type: "object" } },
);

/**
 * Declares a subscription: it handles every event of its kinds, at least once, whichever processes crash. What its handler writes with `commit` happens once.
 * @example
 * export const notify = subscription("notifications.on-placed", {
 *   on: [orderPlaced], budget: "10s", uses: { mailer },
 *   async run({ orderId }, { mailer, key, signal }) { await mailer.send({ template: "placed", orderId, key, signal }); },
 * });
 */
export function subscription<const E extends DomainEvent, const U extends Uses = Record<never, never>>(
  name: string,
  spec: SubscriptionSpec<E, U>,
): Subscription<E> {
  // No caller calls it, and no caller gets its output.
  const declared = { ...spec, input: anyData, output: anyData, access: "public" } as unknown as Operation["spec"];
  return { kind: "subscription", name, on: spec.on, spec: declared };
}

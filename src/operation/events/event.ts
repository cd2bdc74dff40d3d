import type { AnySchema, Input, Output } from "../../core/schema/standard.ts";
import type { Hint } from "../../core/value/hint.ts";

/** What `event` takes: its version, its data and its key. */
export interface EventSpec<D extends AnySchema> {
  /** One line for documents. */
  readonly summary?: string;
  /** Raised where old readers could not read the data any more; several versions may be declared beside each other. *Default*: 1. */
  readonly version?: number;
  /** An object. It is stored as JSON, so it has no secret and no bytes. */
  readonly data: D;
  /** What the event is about: events of one key are handled in their order. *Bounds*: 1 to `limits.eventKeyChars` characters. */
  readonly key: (data: Output<NoInfer<D>>) => string;
  /**
   * Makes of stored data of an earlier version what the next version is, by the earlier version: `{ 1: (first) => …, 2: (second) => … }`. What is stored stays as
   * it is. *Default*: earlier versions are declared beside this one.
   */
  readonly upcast?: Upcasts;
  /** The person whom its fields with `personal(…)` are about: `eraseSubject` erases them. Needed where there are such fields. */
  readonly subject?: (data: Output<NoInfer<D>>) => string;
}

/** What makes data of the next version, by the version that it takes. */
export type Upcasts = Readonly<Record<number, (data: never) => unknown>>;

/** The declaration of an event: something that happened in a module, and that others may react to. */
export interface DomainEvent<N extends string = string, D extends AnySchema = AnySchema> {
  readonly kind: "event";
  readonly name: N;
  readonly version: number;
  readonly data: D;
  readonly summary: string | undefined;
  readonly key: (data: never) => string;
  readonly upcast?: Upcasts;
  readonly subject?: ((data: never) => string) | undefined;
}

/** The events that a command may emit. */
export type Emits = readonly DomainEvent[];

type EmitHint = "list it in the command's emits: a command emits only what it declares";

/**
 * Records an event in this transaction: it exists if and when the transaction commits. It costs no round trip.
 * *Bounds*: `limits.eventBytes` each, `limits.eventsEmitted` and `limits.eventsEmittedBytes` a transaction.
 * *Faults thrown*: `internal` of type `event_refused` where the data does not match its schema or a bound; then nothing is committed.
 * @example emit(orderPlaced, { orderId });
 */
export type Emit<E extends DomainEvent> = <X extends E>(event: Hint<EmitHint, X>, data: Input<NoInfer<X>["data"]>) => void;

/**
 * Declares an event. A module lists it in `events`, a command in `emits`.
 * *Bounds*: its name is lower case and begins with its module.
 * @example
 * export const orderPlaced = event("orders.placed", {
 *   version: 1, data: z.object({ orderId: z.uuid(), totalCents: z.int() }), key: ({ orderId }) => orderId,
 * });
 */
export function event<const N extends string, D extends AnySchema>(name: N, spec: EventSpec<D>): DomainEvent<N, D> {
  const { version = 1, data, key, subject, summary, upcast } = spec;
  return { kind: "event", name, version, data, summary, key, subject, ...(upcast && { upcast }) };
}

import type { AnySchema, Output } from "../core/schema/standard.ts";
import type { Faults, Handler, Operation } from "./contract.ts";
import type { Saga, SagaHandler } from "./durable/saga.ts";
import type { TaskHandler } from "./durable/task.ts";
import type { Emits } from "./events/event.ts";
import type { ActionHandler, ActionStreamHandler, ReadHandler, ReadStreamHandler, WriteHandler } from "./handler.ts";
import type { KindTraits, TraitsOf } from "./kind.ts";
import type { Incoming } from "./online/stream/receives.ts";
import type { Used, Uses } from "./resource.ts";
import type { Streams } from "./sourcing/event-stream.ts";

/** A contract with its handler. */
export interface Implementation {
  readonly kind: "implementation";
  readonly operation: Operation;
  readonly run: Handler;
}

/**
 * Adds the handler to a contract. The module lists the result; other modules import only the contract.
 * @example
 * export const placeOrder = implement(orders.placeOrder, async ({ lines }, { sql, call, newId }) => { … });
 */
export function implement<P extends Operation>(operation: P, run: HandlerOf<P>): Implementation {
  return { kind: "implementation", operation, run };
}

/**
 * The handler that a contract asks for, worked out from what its kind is.
 * *Bounds*: of a kind that is not of the platform only that it is a handler is checked: its engine's own constructor says more.
 */
export type HandlerOf<P extends Operation> =
  P extends Saga<infer I, infer R, infer U, infer S>
    ? SagaHandler<I, R, Used<U>, S>
    : P extends DeclaredDuplex<infer I, infer S, infer R, infer F, infer U>
      ? ActionStreamHandler<I, S, Used<U> & Incoming<Output<R>>, F>
      : P extends DeclaredStream<infer I, infer S, infer F, infer U>
        ? StreamHandlerBy<TraitsOf<P["kind"]>, I, S, F, U>
        : P extends Declared<infer I, infer O, infer F, infer U>
          ? HandlerBy<TraitsOf<P["kind"]>, I, O, F, U, EmitsOf<P>, StreamsOf<P>>
          : never;

/** What contracts of streams have: the schema of an item in the place of an output. */
interface DeclaredStream<I extends AnySchema, S extends AnySchema, F extends Faults, U extends Uses> {
  readonly input: I;
  readonly item: S;
  readonly faults: F;
  readonly uses: U;
}

/** What contracts have that receive messages besides. */
interface DeclaredDuplex<I extends AnySchema, S extends AnySchema, R extends AnySchema, F extends Faults, U extends Uses>
  extends DeclaredStream<I, S, F, U> {
  readonly message: R;
}

type StreamHandlerBy<
  T extends KindTraits,
  I extends AnySchema,
  S extends AnySchema,
  F extends Faults,
  U extends Uses,
> = T["transaction"] extends "read" ? ReadStreamHandler<I, S, Used<U>, F> : ActionStreamHandler<I, S, Used<U>, F>;

/** The events that a contract lists. */
type EmitsOf<P> = P extends { readonly emits: infer E extends Emits } ? E : readonly [];

/** The kinds of streams that a contract lists. */
type StreamsOf<P> = P extends { readonly streams: infer X extends Streams } ? X : readonly [];

/** What contracts of all kinds have, each as far as its kind has it. */
interface Declared<I extends AnySchema, O extends AnySchema, F extends Faults, U extends Uses> {
  readonly input: I;
  readonly output?: O;
  readonly faults?: F;
  readonly uses?: U;
}

/** `boolean` is a kind whose row is not known here, and neither is its handler. */
type HandlerBy<
  T extends KindTraits,
  I extends AnySchema,
  O extends AnySchema,
  F extends Faults,
  U extends Uses,
  E extends Emits,
  X extends Streams,
> = boolean extends T["durable"]
  ? Handler
  : T["durable"] extends true
    ? TaskHandler<I, Used<U>>
    : HandlerByTransaction<I, O, F, U, E, X>[T["transaction"]];

interface HandlerByTransaction<
  I extends AnySchema,
  O extends AnySchema,
  F extends Faults,
  U extends Uses,
  E extends Emits,
  X extends Streams,
> {
  readonly read: ReadHandler<I, O, F>;
  readonly write: WriteHandler<I, O, F, E, X>;
  readonly none: ActionHandler<I, O, Used<U>, F>;
}

import type { AnySchema, Input, Output } from "../core/schema/standard.ts";
import type { Faults } from "./contract.ts";
import type { Emits } from "./events/event.ts";
import type { Items, ReadStreamScope, Streaming } from "./online/stream/scope.ts";
import type { ActionScope, ReadScope, WriteScope } from "./scope.ts";
import type { Streams } from "./sourcing/event-stream.ts";

/** The handler of a query: its parsed input and a scope that can only read. */
export type ReadHandler<I extends AnySchema, O extends AnySchema, F extends Faults> = (
  input: Output<I>,
  scope: ReadScope<F[number]>,
) => Promise<Input<O>>;

/** The handler of a command: its parsed input and a scope that reads, writes, starts tasks and emits events. */
export type WriteHandler<
  I extends AnySchema,
  O extends AnySchema,
  F extends Faults,
  E extends Emits = readonly [],
  X extends Streams = readonly [],
> = (input: Output<I>, scope: WriteScope<F[number], E[number], X[number]>) => Promise<Input<O>>;

/** The handler of an action: its parsed input and a scope with its resources and no `sql`. */
export type ActionHandler<I extends AnySchema, O extends AnySchema, U, F extends Faults> = (
  input: Output<I>,
  scope: ActionScope<F[number]> & U,
) => Promise<Input<O>>;

/** The handler of a query that streams: an async generator. Its scope reads by calling queries. */
export type ReadStreamHandler<I extends AnySchema, S extends AnySchema, U, F extends Faults> = (
  input: Output<I>,
  scope: ReadStreamScope<F[number]> & U,
) => Items<S>;

/** The handler of an action that streams: an async generator. */
export type ActionStreamHandler<I extends AnySchema, S extends AnySchema, U, F extends Faults> = (
  input: Output<I>,
  scope: ActionScope<F[number]> & Streaming & U,
) => Items<S>;

import type { Input, Output } from "../../core/schema/standard.ts";
import type { DomainEvent } from "../events/event.ts";

/** An event of a stream as `evolve` gets it: its name, and its data as its schema makes it. */
export type StreamEvent<E extends DomainEvent> =
  E extends DomainEvent<infer N, infer D> ? { readonly name: N; readonly data: Output<D> } : never;

/** An event as `decide` returns it: its name, and data that its schema takes. */
export type NewStreamEvent<E extends DomainEvent> =
  E extends DomainEvent<infer N, infer D> ? { readonly name: N; readonly data: Input<D> } : never;

/** What `decider` takes: pure functions, which know no database and no clock. */
export interface DeciderSpec<C, S, E extends DomainEvent> {
  /** The events that it decides on, each name once, with its current version. */
  readonly events: readonly E[];
  /** The state before the first event. */
  readonly initial: S;
  /**
   * Returns what happens because of a command, in this state: events, or none. What it throws is the outcome of the operation: `fail(AccountClosed, { … })`.
   */
  readonly decide: (command: C, state: NoInfer<S>) => readonly (NewStreamEvent<E> & { readonly name: E["name"] })[];
  /** Returns the state after an event. It changes nothing of what it is given. */
  readonly evolve: (state: NoInfer<S>, event: StreamEvent<E>) => NoInfer<S>;
}

/** How the state of a stream follows from its events, and which events follow from a command. */
export interface Decider<C, S, E extends DomainEvent> extends DeciderSpec<C, S, E> {
  readonly kind: "decider";
}

/**
 * Declares a decider. `eventStream` stores what it decides; `deciderSpec` of `plimsoll/testing` tests it.
 * @example
 * export const account = decider({
 *   events: [opened, deposited],
 *   initial: { isOpen: false, cents: 0 },
 *   decide: (command: Deposit, { isOpen }) => (isOpen ? [{ name: "bank.deposited", data: command }] : fail(AccountClosed, {})),
 *   evolve: (state, event) => (event.name === "bank.deposited" ? { ...state, cents: state.cents + event.data.cents } : { ...state, isOpen: true }),
 * });
 */
export function decider<C, S, const E extends DomainEvent>(spec: DeciderSpec<C, S, E>): Decider<C, S, E> {
  return { kind: "decider", ...spec };
}

import type { AnySchema, Input, Output } from "../../core/schema/standard.ts";
import type { DomainEvent } from "../events/event.ts";
import type { StreamEvent } from "./decider.ts";
import type { SearchLanguage } from "./search-store.ts";

/** An event as a projection gets it. */
export type ProjectedEvent<E extends DomainEvent> = StreamEvent<E> & {
  readonly id: string;
  readonly key: string;
  readonly tenant: string | undefined;
  /** By the clock of the database. */
  readonly recordedAt: Date;
};

/** What `projection` takes: the events, the table, and how a row of it follows from an event. */
export interface ProjectionSpec<E extends DomainEvent, R extends AnySchema> {
  /** One line for documents. */
  readonly summary?: string;
  /** The events that it reads, also those of other modules. */
  readonly on: readonly E[];
  /** The table of its module, as in `bank.balances`, with a primary key. Nothing else writes to it. */
  readonly table: `${string}.${string}`;
  /** What a row is. A field `totalCents` is the column `total_cents`; columns that are not fields have defaults. */
  readonly row: R;
  /** The field that is the primary key, beside the tenant. */
  readonly key: keyof Output<NoInfer<R>> & string;
  /** Which row an event belongs to. *Default*: that of the event's key. */
  readonly of?: (event: ProjectedEvent<NoInfer<E>>) => string;
  /**
   * Returns the row after an event; undefined deletes it. It is pure: it may be called again for the same event, and in a rebuild for all of them.
   */
  readonly apply: (row: Output<NoInfer<R>> | undefined, event: ProjectedEvent<E>) => Input<NoInfer<R>> | undefined;
  /**
   * `inline`: each command applies the events that it emits in its own transaction, so that who reads after the commit sees them; it costs the command a round trip, two
   * with `of`, and commands that change one row wait for each other. The rows are those that `asynchronous` gives. *Default*: `asynchronous`, soon after the commit.
   */
  readonly mode?: "asynchronous" | "inline";
}

/** A table that follows from events. */
export interface Projection<E extends DomainEvent = DomainEvent, R extends AnySchema = AnySchema> {
  readonly kind: "projection";
  readonly name: string;
  readonly on: readonly E[];
  readonly table: string;
  readonly row: R;
  readonly key: string;
  readonly summary: string | undefined;
  readonly mode: "asynchronous" | "inline";
  /** Of one whose rows are the documents of a search index; undefined where they are those of a table. */
  readonly search?: { readonly text: readonly string[]; readonly language: SearchLanguage };
  readonly of: ((event: never) => string) | undefined;
  readonly apply: (row: never, event: never) => unknown;
}

/**
 * Declares a projection: a table that follows from events, and can be made of them again. A module lists it in `projections`.
 * *Guarantees*: each event is applied once, in the order of all events, in one transaction with the position; none is skipped silently.
 * @example
 * export const balances = projection("bank.balances", {
 *   on: [deposited, withdrawn], table: "bank.balances", row: z.object({ account: z.string(), cents: z.int() }), key: "account",
 *   apply: (row, { name, data: { account, cents } }) => ({ account, cents: (row?.cents ?? 0) + (name === "bank.deposited" ? cents : -cents) }),
 * });
 */
export function projection<const E extends DomainEvent, R extends AnySchema>(name: string, spec: ProjectionSpec<E, R>): Projection<E, R> {
  const { on, table, row, key, summary, of, apply, mode = "asynchronous" } = spec;
  return { kind: "projection", name, on, table, row, key, summary, mode, of: of as Projection["of"], apply: apply as Projection["apply"] };
}

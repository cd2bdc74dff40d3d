import type { DetailsOf, FaultClass } from "../core/fault.ts";
import type { AnySchema, Input, Output } from "../core/schema/standard.ts";
import type { Actor } from "./actor.ts";
import type { Command, Hint, Query } from "./contract.ts";
import type { Start } from "./durable/start.ts";
import type { CounterMetric, HistogramMetric, Labelled } from "./metrics/metric.ts";
import type { Sql } from "./sql.ts";

/** Writes log lines that carry the execution's ids. Fields whose names are on the redact list are hidden. */
export interface ScopeLog {
  debug(message: string, fields?: Readonly<Record<string, unknown>>): void;
  info(message: string, fields?: Readonly<Record<string, unknown>>): void;
  warn(message: string, fields?: Readonly<Record<string, unknown>>): void;
  error(message: string, fields?: Readonly<Record<string, unknown>>): void;
}

type FailHint = "declare it in the operation's faults: a fault that is not declared becomes a 500";

/** A declared fault with any details. */
// biome-ignore lint/suspicious/noExplicitAny: a fault of any details; each keeps its own type where it is thrown.
export type AnyFault = FaultClass<any>;

/** What every running operation is given. Members may be destructured. */
export interface BaseScope<F extends AnyFault = AnyFault> {
  /**
   * Ends the operation with a fault that it declares.
   * @example return row ?? fail(OrderNotFound, { orderId });
   */
  fail<C extends F>(declared: Hint<FailHint, C>, details: NoInfer<DetailsOf<C>>, cause?: unknown): never;
  readonly actor: Actor;
  /** The tenant of this execution; undefined if tenancy is off or the caller has not signed in. */
  readonly tenant: string | undefined;
  readonly requestId: string;
  /** A UUIDv7. */
  newId(): string;
  /** In-process wall time. Durable time is the database's: `plimsoll.now()` in SQL. */
  now(): Date;
  /** Aborts when the deadline passes, the client goes away or the process ends; pass it to everything that waits. */
  readonly signal: AbortSignal;
  /** What is left of the deadline. *Units*: milliseconds; 0 when it has passed. */
  remainingMs(): number;
  readonly log: ScopeLog;
  /** Puts facts on the execution's one wide event. *Bounds*: 32 notes of 1,024 characters; what is over is cut. */
  note(notes: Readonly<Record<string, unknown>>): void;
  /**
   * Counts one. *Guarantees*: inside a transaction it counts once, after the commit: what is undone, tried again or replayed is not counted. An
   * action and a task count at once, outside of `call` and `commit`. Never throws: a count that is wrong is left out and logged as an error.
   * @example count(placed, { channel: "web" });
   */
  count<const L extends readonly string[]>(metric: CounterMetric<L>, ...labels: Labelled<L>): void;
  /** Takes a value into a histogram; when, as with `count`. */
  observe<const L extends readonly string[]>(metric: HistogramMetric<L>, value: number, ...labels: Labelled<L>): void;
  /** Times a part of the work as a span of its own. */
  span<T>(name: string, work: () => T | Promise<T>): Promise<T>;
}

type ReadHint = "a query only reads: call a command from a command or an action";
type CallHint = "only queries and commands can be called: move code that two actions share into a function";

/** What an operation that lists is asked: which page, and by its other fields which rows. */
export interface PageInput {
  /** Where the last page ended; the first page where it is left out. */
  readonly cursor?: string | undefined;
  /** Rows of a page at the most. */
  readonly limit: number;
}

/** One page of a list; `nextCursor` if there is another page. */
export interface Page<R> {
  readonly items: R[];
  readonly nextCursor?: string;
}

/** How `page` reads rows after a position, and what the position of a row is. */
export interface PageSpec<R, P> {
  /** Reads at most `limit` rows in one total order: those after a position, or from the beginning. One more than the page shows is asked for. */
  readonly rows: (after: P | undefined, limit: number) => Promise<readonly R[]>;
  /** The values of the sort order of a row, as JSON can say them. */
  readonly position: (row: R) => NoInfer<P>;
}

/**
 * Reads one page of a list.
 * *Faults thrown*: `invalid_argument` as `cursor_invalid` or `cursor_expired`. *Guarantees*: a cursor is sealed; it works for the same operation,
 * tenant, actor and input only, cursor and limit aside.
 * @example
 * page(input, {
 *   rows: (after: string | undefined, limit) => sql(Order)`select id, total_cents from orders.orders where ${after ?? null}::uuid is null or id < ${after ?? null} order by id desc limit ${limit}`.many(),
 *   position: (order) => order.id,
 * });
 */
export type ReadPage = <R, P>(input: PageInput, spec: PageSpec<R, P>) => Promise<Page<R>>;

/** The scope of a query: reads in one read-only transaction. */
export interface ReadScope<F extends AnyFault = AnyFault> extends BaseScope<F> {
  readonly sql: Sql;
  readonly page: ReadPage;
  /** Runs another query in this transaction, within this deadline and budget, authorized again. */
  call<I extends AnySchema, O extends AnySchema>(operation: Hint<ReadHint, Query<I, O>>, input: Input<I>): Promise<Output<O>>;
}

/** The scope of a command: exactly one transaction, no network. */
export interface WriteScope<F extends AnyFault = AnyFault> extends BaseScope<F> {
  readonly sql: Sql;
  /**
   * Runs another query or command in this transaction, within this deadline and budget, authorized again.
   * A fault that a called command ends with dooms the transaction: it can no longer commit, caught or not.
   */
  call<I extends AnySchema, O extends AnySchema>(
    operation: Hint<CallHint, Query<I, O> | Command<I, O>>,
    input: Input<I>,
  ): Promise<Output<O>>;
  /** Starts a task in this transaction: it exists if and when this commits. */
  readonly start: Start;
  /**
   * Runs a part of the work behind a savepoint: where it fails, all that it did (statements, calls, starts of tasks) is undone, and a handler that
   * catches the fault can continue and commit the rest.
   * *Bounds*: one at a time, others inside it. *Faults thrown*: what `work` threw. *Guarantees*: no round trip of its own: the savepoint goes
   * out with the first statement. A conflict, a lost connection and the deadline are not caught by it: they end the whole.
   * @example
   * const taken = await attempt(() => call(claimName, { name })).catch((error) => (error instanceof NameTaken ? undefined : Promise.reject(error)));
   */
  attempt<T>(work: () => Promise<T>): Promise<T>;
}

/** What an action passes on with an outbound call. */
export interface Outbound {
  readonly signal: AbortSignal;
  /** `traceparent`, the caller's `tracestate`, what is left of the deadline, and how important the execution is. */
  readonly headers: Readonly<Record<string, string>>;
}

/** The scope of an action: no transaction of its own; each call is one. */
export interface ActionScope<F extends AnyFault = AnyFault> extends BaseScope<F> {
  /**
   * Runs a query or a command in a transaction of its own. `key`: the idempotency key, derived from the request where left out.
   * `tenant`: the tenant of the call, if the caller has not signed in yet (a sign-in names its tenant); an actor who has a tenant cannot name another.
   */
  call<I extends AnySchema, O extends AnySchema>(
    operation: Hint<CallHint, Query<I, O> | Command<I, O>>,
    input: Input<I>,
    options?: { readonly key?: string; readonly tenant?: string },
  ): Promise<Output<O>>;
  /** Starts a task: it is durable when this resolves. */
  readonly start: Start;
  /** Times a call to another service under the upstream's name, and gives it the signal and the headers to pass on. */
  upstream<T>(name: string, work: (outbound: Outbound) => T | Promise<T>): Promise<T>;
}

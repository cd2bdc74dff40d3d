import type { DetailsOf, FaultClass } from "../core/fault.ts";
import type { AnySchema, Input, Output } from "../core/schema/standard.ts";
import type { Hint } from "../core/value/hint.ts";
import type { Actor } from "./actor.ts";
import type { CredentialIssuer } from "./authentication/place.ts";
import type { Revocation } from "./authentication/revocations.ts";
import type { Command, Query } from "./contract.ts";
import type { SignalSaga, Start } from "./durable/start.ts";
import type { DomainEvent, Emit } from "./events/event.ts";
import type { CounterMetric, HistogramMetric, Labelled } from "./metrics/metric.ts";
import type { WrittenHolder } from "./online/stream/written.ts";
import type { AnyEventStream, OpenStreams } from "./sourcing/event-stream.ts";
import type { SearchHolder } from "./sourcing/search-store.ts";
import type { Sql } from "./sql.ts";
import type { VaultHolder } from "./vault/vault.ts";

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

/** What every handler gets. You can destructure its members. */
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
  /** Aborts when the deadline passes, the client disconnects or the process stops; pass it to everything that waits. */
  readonly signal: AbortSignal;
  /** Returns the time that is left until the deadline. *Units*: milliseconds; 0 when it has passed. */
  remainingMs(): number;
  readonly log: ScopeLog;
  /** Adds facts to the wide event of the execution. *Bounds*: 32 notes of 1,024 characters; more is cut. */
  note(notes: Readonly<Record<string, unknown>>): void;
  /**
   * Adds one to a counter. *Guarantees*: inside a transaction it counts once, after the commit: work that is undone, retried or replayed is not counted.
   * An action and a task count at once, outside of `call` and `commit`. It never throws: a wrong count is left out and logged as an error.
   * @example count(placed, { channel: "web" });
   */
  count<const L extends readonly string[]>(metric: CounterMetric<L>, ...labels: Labelled<L>): void;
  /** Adds a value to a histogram, at the same time as `count` does. */
  observe<const L extends readonly string[]>(metric: HistogramMetric<L>, value: number, ...labels: Labelled<L>): void;
  /** Measures a part of the work as a span. */
  span<T>(name: string, work: () => T | Promise<T>): Promise<T>;
}

type ReadHint = "a query only reads: call a command from a command or an action";
type CallHint = "only queries and commands can be called: move code that two actions share into a function";

/** The input of an operation that returns pages. */
export interface PageInput {
  /** The cursor of the last page; without it, the first page is read. */
  readonly cursor?: string | undefined;
  /** The most rows of a page. */
  readonly limit: number;
}

/** One page of a list; `nextCursor` if there is another page. */
export interface Page<R> {
  readonly items: R[];
  readonly nextCursor?: string;
}

/** How `page` reads rows after a position, and what the position of a row is. */
export interface PageSpec<R, P> {
  /** Reads at most `limit` rows in one total order: those after a position, or from the beginning. `limit` is one more than the page returns. */
  readonly rows: (after: P | undefined, limit: number) => Promise<readonly R[]>;
  /** Returns the values of the sort order of a row, as JSON. */
  readonly position: (row: R) => NoInfer<P>;
}

/**
 * Reads one page of a list.
 * *Faults thrown*: `invalid_argument` as `cursor_invalid` or `cursor_expired`. *Guarantees*: a cursor is encrypted, and valid only for the same
 * operation, tenant, actor and input (without cursor and limit).
 * @example
 * page(input, {
 *   rows: (after: string | undefined, limit) => sql(Order)`select id, total_cents from orders.orders where ${after ?? null}::uuid is null or id < ${after ?? null} order by id desc limit ${limit}`.many(),
 *   position: (order) => order.id,
 * });
 */
export type ReadPage = <R, P>(input: PageInput, spec: PageSpec<R, P>) => Promise<Page<R>>;

/** The scope of a query: reads in one read-only transaction. */
export interface ReadScope<F extends AnyFault = AnyFault> extends BaseScope<F>, VaultHolder, SearchHolder {
  readonly sql: Sql;
  readonly page: ReadPage;
  /** Runs another query in this transaction, with the same deadline and budget, and authorizes it again. */
  call<I extends AnySchema, O extends AnySchema>(operation: Hint<ReadHint, Query<I, O>>, input: Input<I>): Promise<Output<O>>;
}

/** The scope of a command: exactly one transaction, no network. */
export interface WriteScope<F extends AnyFault = AnyFault, E extends DomainEvent = never, X extends AnyEventStream = never>
  extends BaseScope<F>,
    CredentialIssuer,
    VaultHolder,
    WrittenHolder {
  readonly sql: Sql;
  /**
   * Runs another query or command in this transaction, with the same deadline and budget, and authorizes it again.
   * If a called command ends with a fault, the transaction can no longer commit, even if the handler catches the fault.
   */
  call<I extends AnySchema, O extends AnySchema>(
    operation: Hint<CallHint, Query<I, O> | Command<I, O>>,
    input: Input<I>,
  ): Promise<Output<O>>;
  /** Starts a task in this transaction: the task exists if and when the transaction commits. */
  readonly start: Start;
  /**
   * Sends a signal to a saga of this tenant in this transaction: the saga gets it if and when the transaction commits. It counts as one statement.
   * *Faults thrown*: `not_found` of type `saga_unknown`, also for a saga of another name or tenant; `failed_precondition` of type `saga_ended`; `resource_exhausted`
   * of type `saga_signals_full`.
   * @example await signalSaga(checkout, sagaId, { name: "approved", payload: { by: actor.id } });
   */
  readonly signalSaga: SignalSaga;
  /** Emits an event that the command declares in `emits`. See {@link Emit}. */
  readonly emit: Emit<E>;
  /** Opens a stream of a kind that the command declares in `streams`. See {@link OpenStreams}. */
  readonly stream: OpenStreams<X>;
  /**
   * Invalidates the values of cached queries that have one of the tags, if and when the transaction commits. After the commit no caller of this process gets such
   * a value, and no caller of another process a second later. *Bounds*: a tag has 1 to `limits.cacheTagChars` characters and no control characters.
   * @example invalidate(`product:${productId}`, "products");
   */
  invalidate(...tags: readonly string[]): void;
  /**
   * Ends a session, what was issued to a user before a moment, or an API key, if and when the transaction commits. A second later no process of the app accepts
   * it. It needs `createApp({ revocations })`, and counts as one statement. *Bounds*: an id has 1 to `limits.revocationChars` characters; `limits.revocations` are
   * kept at most. *Faults thrown*: `unavailable` as `revocations_full`; `permission_denied` as `other_tenant`.
   * @example await revoke({ user: userId });
   */
  revoke(revocation: Revocation): Promise<void>;
  /**
   * Runs a part of the work behind a savepoint: if it fails, its statements, calls and starts of tasks are undone, and a handler that catches the fault
   * can continue and commit the rest.
   * *Bounds*: one at a time, but attempts may be nested. *Faults thrown*: what `work` throws. *Guarantees*: it costs no round trip, because the savepoint
   * is sent with the first statement. A conflict, a lost connection and the deadline end the whole transaction.
   * @example
   * const taken = await attempt(() => call(claimName, { name })).catch((error) => (error instanceof NameTaken ? undefined : Promise.reject(error)));
   */
  attempt<T>(work: () => Promise<T>): Promise<T>;
}

/** What an action passes on with an outbound call. */
export interface Outbound {
  readonly signal: AbortSignal;
  /** `traceparent`, the caller's `tracestate`, the time that is left, and the importance of the execution. */
  readonly headers: Readonly<Record<string, string>>;
}

/** The scope of an action: no transaction of its own; each call is one. */
export interface ActionScope<F extends AnyFault = AnyFault> extends BaseScope<F>, SearchHolder {
  /**
   * Runs a query or a command in its own transaction. `key`: the idempotency key; without it, Plimsoll derives one from the execution.
   * `tenant`: the tenant of the call, if the caller has not signed in yet (a sign-in names its tenant); an actor who has a tenant cannot name another.
   */
  call<I extends AnySchema, O extends AnySchema>(
    operation: Hint<CallHint, Query<I, O> | Command<I, O>>,
    input: Input<I>,
    options?: { readonly key?: string; readonly tenant?: string },
  ): Promise<Output<O>>;
  /** Starts a task, which is durable when this resolves. */
  readonly start: Start;
  /** Measures a call to another service under a name, and passes it a signal and the headers to send. */
  upstream<T>(name: string, work: (outbound: Outbound) => T | Promise<T>): Promise<T>;
}

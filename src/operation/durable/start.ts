import type { Duration } from "../../core/duration.ts";
import type { AnySchema, Input } from "../../core/schema/standard.ts";
import type { Hint } from "../../core/value/hint.ts";
import type { Operation } from "../contract.ts";
import type { Criticality } from "../execution.ts";
import type { DurableKind } from "../kind.ts";
import type { Uses } from "../resource.ts";
import type { Statement, Transaction } from "../transaction.ts";

type StartHint = "only tasks can be started: call a query or a command";

/** Work that outlives its caller: it is started and kept, and the engine of its kind runs it. */
export interface Durable<I extends AnySchema = AnySchema> extends Operation {
  readonly kind: DurableKind;
  readonly input: I;
}

/** Durable work. It runs at least once, and what it writes with `commit` is written exactly once. */
export interface Task<I extends AnySchema = AnySchema, U extends Uses = Uses> extends Durable<I> {
  readonly kind: "task";
  readonly uses: U;
}

/** Options of a start: the key, the time and the priority of the task. */
export interface StartOptions {
  /** Of two starts with the same key only the first starts a task. A key is scoped by tenant and task. */
  readonly key?: string;
  /** How long from now the task becomes due. */
  readonly delay?: Duration;
  /** When the task becomes due. */
  readonly at?: Date;
  readonly priority?: number;
}

/** The result of a start: the id of the task. */
export interface Started {
  readonly id: string;
  /** False if a task with the same key and input was started before; `id` is the id of that task. */
  readonly started: boolean;
}

/** Starts a task. Inside a command it is part of the transaction. */
export type Start = <I extends AnySchema>(task: Hint<StartHint, Durable<I>>, input: Input<I>, options?: StartOptions) => Promise<Started>;

/** Options of a start by work that has no tenant, which may name one. */
export interface SystemStartOptions extends StartOptions {
  /**
   * The tenant of the task. *Default*: the tenant of the task that starts it. Only a task without a tenant (which a schedule or the app started) may name
   * one; a task of a tenant starts tasks only for that tenant.
   * *Faults thrown*: `permission_denied` of type `other_tenant`.
   */
  readonly tenant?: string;
}

/** Starts a task from a task, which may be work of the system. */
export type SystemStart = <I extends AnySchema>(
  task: Hint<StartHint, Durable<I>>,
  input: Input<I>,
  options?: SystemStartOptions,
) => Promise<Started>;

/** The signals that a saga takes: the schema of the data of each, by its name. */
export type Signals = Readonly<Record<string, AnySchema>>;

/** Durable work that takes signals. */
export interface Signalled<S extends Signals> extends Durable {
  readonly kind: "saga";
  readonly signals: S;
}

/** A signal for a saga that a step of it waits for, or will wait for. */
export interface SignalOptions {
  readonly name: string;
  /** JSON. *Default*: null. */
  readonly payload?: unknown;
  /** Of two signals of one name with the same key only the first counts: while it waits, and for `limits.sagaSignalKeyMs` once a step has taken it. */
  readonly key?: string;
}

/** A signal that a saga declares, with data that its schema takes; they may be left out where it takes null. */
export type SignalOf<S extends Signals> = {
  readonly [N in keyof S & string]: Pick<SignalOptions, "key"> & { readonly name: N } & (null extends Input<S[N]>
      ? { readonly payload?: Input<S[N]> }
      : { readonly payload: Input<S[N]> });
}[keyof S & string];

type SignalHint = "only sagas take signals: start a task, or emit an event";

/** Sends a signal to a saga, as a part of the transaction of a command. */
export type SignalSaga = <S extends Signals>(
  saga: Hint<SignalHint, Signalled<S>>,
  id: string,
  signal: SignalOf<NoInfer<S>>,
) => Promise<void>;

/** Starts the work of occurrences; an engine gives it to schedules. */
export interface OccurrenceStarts {
  /**
   * What starts the work of an occurrence, for the transaction that takes the occurrence. One key starts one piece of work, and no caller's key is taken for it.
   * *Faults thrown*: what is wrong with the input.
   */
  prepare(work: Durable, occurrence: OccurrenceStart): PreparedStart;
  /** A transaction in which work was started is committed: `names` are what the engine put into `toWake`. Never waits, never throws. */
  committed(names: ReadonlySet<string>): void;
}

/** Starts durable work; an engine gives it to the pipeline. */
export interface Starts extends OccurrenceStarts {
  /** In the caller's transaction, or durably before it resolves where there is none. *Faults thrown*: `invalid_argument` where the input does not match. */
  start(from: StartContext, work: Durable, start: { readonly input: unknown; readonly options: StartOptions }): Promise<Started>;
  /** Sends a signal in the caller's transaction; undefined where work of this kind takes none. *Faults thrown*: as those of `app.sagas.signal`. */
  signal?(from: SignalContext, work: Durable, signal: SignalOptions & { readonly id: string }): Promise<void>;
}

/** Who starts work, and on whose behalf. */
export interface StartContext {
  readonly tenant: string | undefined;
  readonly actorId: string | undefined;
  readonly traceparent: string | undefined;
  /** How important what starts it is. *Default*: as the work declares. */
  readonly criticality?: Criticality | undefined;
  readonly transaction: Transaction | undefined;
  /** What the engine gets after the commit: names that mean something to it alone, such as its queues. */
  readonly toWake: Set<string>;
}

/** Who sends a signal. `tenant`: that of the work, empty where it has none; undefined where it may be of any. */
export interface SignalContext extends Pick<StartContext, "toWake"> {
  readonly tenant: string | undefined;
  readonly transaction: Transaction;
}

/** What an occurrence of a schedule starts its work with. */
export interface OccurrenceStart {
  readonly input: unknown;
  /** One occurrence, one key: `schedule:<name>:<occurrence>`. */
  readonly key: string;
  readonly tenant: string | undefined;
  readonly priority: number | undefined;
}

/** A start that rides the transaction of another. */
export interface PreparedStart {
  readonly id: string;
  readonly statement: Statement;
  /** What `committed` gets afterwards. */
  readonly toWake: ReadonlySet<string>;
}

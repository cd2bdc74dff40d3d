import type { Statement } from "../../operation/transaction.ts";
import type { SagaAdmin } from "./admin-store.ts";

/** A saga as it is written. */
export interface SagaRow {
  readonly id: string;
  readonly name: string;
  readonly version: number;
  /** JSON. */
  readonly input: string;
  /** JSON of a `TaskContext`; undefined where there is nothing to remember. */
  readonly context: string | undefined;
  /** How long it may take, from when it is due. *Units*: milliseconds. */
  readonly budgetMs: number;
  readonly delayMs?: number;
  /** Not before. *Units*: milliseconds since the epoch. */
  readonly at?: number;
  readonly unique?: { readonly id: string; readonly inputHash: string };
  /** The digest of its code. */
  readonly code: string;
}

/** What a start with a key came to. */
export interface SagaStartResult {
  readonly id: string;
  readonly state: "started" | "known" | "mismatch";
}

/** A signal as it is written. `tenant`: that of the saga, empty where it has none; undefined where it may be of any. */
export interface SagaSignal {
  readonly saga: string;
  readonly id: string;
  readonly tenant: string | undefined;
  readonly name: string;
  /** JSON. */
  readonly payload: string;
  readonly key: string | undefined;
}

/** What a step of the journal is. */
export type StepKind = "step" | "call" | "sleep" | "event" | "signal" | "child";

/** The state of a step of the journal. */
export type StepState = "done" | "failed" | "retryable" | "waiting" | "undone" | "undo_retryable";

/** A step of the journal as it was read. `dueMs`: from then on, which may be past. */
export interface JournalStep {
  readonly name: string;
  readonly kind: StepKind;
  readonly state: StepState;
  readonly attempt: number;
  readonly dueMs: number | null;
  readonly undoable: boolean;
  /** JSON. */
  readonly output: string | null;
  /** JSON of a fault. */
  readonly fault: string | null;
  /** What it waits for. */
  readonly awaited?: string | null;
}

/** A step of the journal as it is written. */
export interface OwnStep {
  readonly name: string;
  readonly kind: StepKind;
  readonly state: StepState;
  readonly attempt: number;
  readonly undoable: boolean;
  /** Until when it waits. *Units*: milliseconds from now. */
  readonly delayMs?: number | undefined;
  readonly output?: string | undefined;
  readonly fault?: string | undefined;
  /** What it waits for: the name of an event or a signal, or the id of a saga. */
  readonly awaited?: string | undefined;
  /** What the data of the event must contain, as JSON. */
  readonly matches?: string | undefined;
}

/** The same, with the saga that it is of. */
export interface StepRecord extends OwnStep {
  readonly saga: string;
}

/** How a run of a saga ends: for good, until it is due again, or until a person decides. `undoing`: it goes on, and undoes its steps. */
export type EndState =
  | "completed"
  | "undone"
  | "failed"
  | "suspended"
  | "ready"
  | "sleeping"
  | "waiting"
  | "retryable"
  | "undoing"
  | "continued";

/** The end of a run as it is written. */
export interface SagaEnd {
  readonly saga: string;
  readonly state: EndState;
  readonly output?: string | undefined;
  readonly fault?: string | undefined;
}

/** A saga that is leased to this worker. */
export interface ClaimedSaga extends Pick<SagaRow, "id" | "name" | "version" | "input"> {
  readonly context: string | null;
  readonly undoing: boolean;
  /** What is left of its deadline; negative where it has passed. *Units*: milliseconds. */
  readonly remainingMs: number;
  readonly generation: number;
  readonly fault: string | null;
  readonly code: string | null;
  /** How long after it was due it was claimed. *Units*: milliseconds. */
  readonly lagMs: number;
  readonly journal: readonly JournalStep[];
}

/** Which sagas a worker takes: of one version of one name, and how many at most. */
export interface SagaWant {
  readonly name: string;
  readonly version: number;
  readonly most: number;
}

/** What a heartbeat found. `nextDueMs`: when the next saga is due, from now; negative where it is due already. */
export interface SagaHeartbeat {
  readonly alive: boolean;
  readonly rescued: number;
  readonly nextDueMs: number | undefined;
}

/** What listens until it is stopped. */
export interface SagaListening {
  start(): Promise<void>;
  stop(): Promise<void>;
}

/**
 * Keeps sagas and their journals.
 * *Guarantees*: `start` and `settle` are durable when they resolve; nothing is written of a saga that is leased to another worker.
 * *Faults thrown*: `aborted` of type `lease_lost`; `unavailable`.
 */
export interface SagaStore {
  readonly admin: SagaAdmin;
  /** Writes all or none. `token`: leases them to this worker, where it is still there. Returns a result for each where they have keys. */
  start(rows: readonly SagaRow[], token: number | undefined): Promise<readonly SagaStartResult[]>;
  /** The same in a transaction: rows may be added until the statement is sent. */
  insertion(rows: readonly SagaRow[]): Statement;
  readResult(row: Readonly<Record<string, unknown>>): SagaStartResult;
  /** What leaves a signal in a transaction, where there is a saga of that id, name and tenant; the row says in `outcome` what `signal` of the admin returns. */
  signaling(signal: SagaSignal): Statement;
  claim(token: number, wants: readonly SagaWant[], limit: number): Promise<readonly ClaimedSaga[]>;
  /** Returns those of the ends whose sagas were still leased to this worker. */
  settle(token: number, steps: readonly StepRecord[], ends: readonly SagaEnd[]): Promise<ReadonlySet<string>>;
  /** Records a step in the transaction of what it writes. */
  completion(token: number, step: StepRecord): Statement;
  join(name: string): Promise<number>;
  leave(token: number): Promise<void>;
  /** `known`: the sagas that the worker has; what else is leased to it is released. Undefined: that is not looked at. */
  heartbeat(token: number, wants: readonly SagaWant[], known: readonly string[] | undefined): Promise<SagaHeartbeat>;
  /** Keeps what the code of a version says of its steps. */
  declareCode(code: {
    readonly name: string;
    readonly version: number;
    readonly digest: string;
    readonly names: readonly string[];
  }): Promise<void>;
  /** Searches the next events of the log for what sagas wait for. Returns how many it looked at. */
  matchEvents(): Promise<number>;
  /** Notifies other processes that sagas are due. Never waits, never throws. */
  notify(names: Iterable<string>): void;
  listen(onNames: (names: readonly string[]) => void): SagaListening;
}

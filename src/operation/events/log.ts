import type { SearchAsk, StoredHit } from "../sourcing/search-store.ts";
import type { BeforeCommit, Statement, StatementResult } from "../transaction.ts";
import type { ProjectionFreshness } from "./freshness.ts";

/** An event as it is written. */
export interface EventRow {
  readonly id: string;
  readonly name: string;
  readonly version: number;
  readonly key: string;
  /** JSON. */
  readonly data: string;
  /** The place that it gets in a stream; undefined where it is of none. */
  readonly stream?: StreamPlace;
  /** The data before its personal fields were sealed, for what reads it in its own transaction. It is written nowhere. *Default*: `data`. */
  readonly opened?: string;
}

/** The place of an event in a stream. */
export interface StreamPlace {
  readonly type: string;
  readonly id: string;
  readonly version: number;
}

/** What is read of a stream: an event, or its state after one. */
export interface StreamRow {
  readonly streamVersion: number;
  /** Null for a state. */
  readonly id: string | null;
  /** Null for a state. */
  readonly name: string | null;
  readonly version: number | null;
  /** JSON. */
  readonly data: string;
}

/** A state of a stream, as it is kept. `shape`: the version of the code that made it. */
export interface SnapshotRow {
  readonly stream: StreamPlace;
  readonly shape: number;
  /** JSON. */
  readonly state: string;
}

/** Where the events of one transaction come from. */
export interface EventOrigin {
  readonly tenant: string | undefined;
  readonly actorId: string | undefined;
  readonly traceparent: string;
  /** The request, task or event whose execution emits. */
  readonly causation: string;
  /** The request that all of it began with, as far as events know. */
  readonly correlation: string;
}

/** What is read of a stream. */
export interface StreamRead {
  /** The version of the code that made the state to begin with; undefined for none. */
  readonly shape: number | undefined;
  /** The version behind which events are read. *Default*: 0. */
  readonly behind?: number;
  readonly limit: number;
}

/** How a stream is read. */
export interface StreamLoad {
  readonly statement: Statement;
  rows(result: StatementResult): readonly StreamRow[];
}

/** The log of events; an engine gives it to the pipeline. */
export interface EventLog {
  /**
   * Appends the rows in their order. They are read when the statement is sent: until then more may be added, or taken out. `recorded`: called once they are committed,
   * with the position of the last one. *Faults of the commit*: `aborted` of type `stream_conflict` where a stream is not at the version before its first row.
   */
  append(origin: EventOrigin, rows: readonly EventRow[], recorded: (position: string) => void): Statement;
  /**
   * Applies the rows to the projections that commands keep, before the transaction commits; undefined where the app has none. The rows are read then, as in `append`.
   * *Faults thrown*: `internal` of type `projection_failed`; `aborted` of type `projection_conflict`, where a later transaction changed a row first.
   */
  readonly project: ((origin: EventOrigin, rows: readonly EventRow[]) => BeforeCommit) | undefined;
  /** Reads a stream of the transaction's tenant: the kept state of this shape, if there is one, and at most `limit` events behind it. */
  load(stream: Pick<StreamPlace, "type" | "id">, read: StreamRead): StreamLoad;
  /** Keeps a state; undefined where none is to be kept by the time the statement is sent. */
  keepSnapshot(snapshot: () => SnapshotRow | undefined): Statement;
  /** A transaction that emitted events of these names is committed. Never waits, never throws. */
  committed(names: ReadonlySet<string>): void;
  /** How far a projection of this app is. *Faults thrown*: `unavailable`. */
  freshness(projection: string): Promise<ProjectionFreshness>;
  /** Finds documents of a search index. *Faults thrown*: `unavailable` of type `search_unavailable`; `internal` of type `search_other_tenant`. */
  find(index: string, ask: SearchAsk): Promise<readonly StoredHit[]>;
  /** A position behind all that is committed; undefined as `epoch` of the freshness. *Faults thrown*: `unavailable`. */
  horizon(): Promise<string | undefined>;
  /** Calls with the name of a projection each time this process has applied events to it. Returns what ends that. */
  onProjected(listener: (projection: string) => void): () => void;
}

import type { ProjectionFreshness } from "../../operation/events/freshness.ts";
import type { Statement, StatementResult } from "../../operation/transaction.ts";
import type { Position } from "../position.ts";
import type { StoredEvent } from "./log-store.ts";
import type { Hold } from "./subscription-store.ts";

/** The table of a projection, as it is in the database. */
export interface ProjectionTable {
  readonly schema: string;
  readonly table: string;
  /** The column that is the key beside the tenant. */
  readonly key: string;
  /** The columns that a projection writes, the key included. */
  readonly columns: readonly string[];
  /** The columns of the primary key. */
  readonly primaryKey: readonly string[];
  /** Whether its rows are of tenants. */
  readonly perTenant: boolean;
}

/** The rows that one batch touches for one tenant. */
export interface RowGroup {
  readonly tenant: string | null;
  readonly keys: readonly string[];
}

/** The rows of a group after a batch: by columns. */
export interface RowChanges {
  readonly rows: readonly Readonly<Record<string, unknown>>[];
  readonly deletes: readonly string[];
  /** The last event of each key that was applied. */
  readonly through: ReadonlyMap<string, Position>;
}

/** Changes the rows of a group. `applied`: up to where rows have their events, of those that may be ahead of the projection. */
export type ChangeRows = (
  group: number,
  rows: readonly Readonly<Record<string, unknown>>[],
  applied?: ReadonlyMap<string, Position>,
) => RowChanges;

/** Moves of a projection whose rows are elsewhere: the position, and what is known of a rebuild. *Faults thrown*: as those of `ProjectionStore`. */
export interface ElsewhereStore {
  move(hold: Hold, move: BatchMove): Promise<void>;
  begin(name: string, names: readonly string[]): Promise<boolean>;
  cancel(name: string): Promise<boolean>;
  swap(hold: Hold): Promise<boolean>;
}

/** A rebuild that is under way. */
export interface Rebuild extends Position {
  readonly name: string;
  /** Events that it has applied, and those that there were at its start. *Bounds*: the second is counted up to `limits.rebuildCount`. */
  readonly events: number;
  readonly total: number;
  readonly startedMs: number;
}

/**
 * How far a batch moves a projection. `from`: where it was read from, and must still stand; `rebuild`: of the table of a rebuild, how many events that adds.
 * `parked`: the order key of one event that was set aside, and is tried once more.
 */
export type BatchMove =
  | { readonly from: Position; readonly through: Position; readonly rebuild?: number }
  | { readonly parked: string; readonly through: Position };

/** What one batch writes, and up to where. */
export interface BatchWrite {
  readonly hold: Hold;
  readonly table: ProjectionTable;
  readonly groups: readonly RowGroup[];
  readonly move: BatchMove;
}

/** How a projection that commands keep is kept now: from the log at first, by commands, or not until its table is made again; `cut`: by a person, as the log has dropped some of its events. */
export type InlineState = "filling" | "live" | "stale" | "cut";

/** The row of a projection that a transaction changes. */
export interface InlineRow {
  readonly projection: string;
  readonly tenant: string | null;
  readonly key: string;
}

/** What the fold of a batch of events is asked for. */
export interface Fold {
  readonly groups: readonly RowGroup[];
  readonly change: ChangeRows;
}

/** Folds the rest of the log, in a transaction that can be asked meanwhile. */
export type FoldRest = (events: readonly StoredEvent[], ask: (statement: Statement) => Promise<StatementResult>) => Promise<Fold>;

/** Projections that commands keep in their own transactions. *Faults thrown*: `aborted` of type `lease_lost`, `unavailable`. */
export interface InlineStore {
  /** Declares one that has these events. */
  declare(name: string, events: readonly string[]): Promise<void>;
  /** One is not kept so any more. Returns whether its table is to be made again. */
  end(name: string): Promise<boolean>;
  state(name: string): Promise<InlineState | undefined>;
  /** Moves the position without a change of the table. */
  pass(hold: Hold, through: Position): Promise<void>;
  /**
   * Applies the rest while all who emit wait, puts the table of a rebuild in its place where `beside` says so, and has commands keep it from then on. Returns false
   * where it is to be tried again: the rest is large, readers hold the table, or processes emit that do not know the projection.
   */
  goLive(
    hold: Hold,
    of: { readonly table: ProjectionTable; readonly names: readonly string[]; readonly beside: boolean },
    fold: FoldRest,
  ): Promise<boolean>;
  /** Says which of these are live, as `live`, and when the events are recorded, as `recordedAt`. */
  begin(known: readonly string[]): Statement;
  /** Locks rows, of those that are live. *Faults of the statement*: `aborted` of type `projection_conflict`. */
  mark(rows: readonly InlineRow[]): Statement;
  /** Loads rows, each as `row`. */
  load(table: ProjectionTable, keys: readonly string[]): Statement;
  write(table: ProjectionTable, changes: RowChanges): readonly Statement[];
}

/** The tables of projections. *Faults thrown*: `aborted` of type `lease_lost`, `unavailable`, and those of the rows. */
export interface ProjectionStore {
  readonly inline: InlineStore;
  readonly elsewhere: ElsewhereStore;
  /** *Faults thrown*: `failed_precondition` of type `projection_table`, where the table is not as the projection says. */
  describe(
    name: string,
    table: { readonly name: string; readonly key: string; readonly columns: readonly string[] },
  ): Promise<ProjectionTable>;
  /**
   * Loads the rows of the groups, has them changed, and writes them with the position in one transaction. *Faults thrown*: `lease_lost` too where the projection does not
   * stand where the batch was read from, because the response to an earlier commit was lost.
   */
  apply(write: BatchWrite, change: ChangeRows): Promise<void>;
  position(name: string): Promise<Position | undefined>;
  /** How far it is, of the events of these names. */
  freshness(name: string, events: readonly string[]): Promise<ProjectionFreshness>;
  rebuilds(): Promise<readonly Rebuild[]>;
  /** Returns false where one is under way. *Faults thrown*: `failed_precondition` of type `projection_rebuild`. */
  begin(name: string, table: ProjectionTable, names: readonly string[]): Promise<boolean>;
  cancel(name: string, table: ProjectionTable): Promise<boolean>;
  /** Puts the table that was rebuilt in the place of the other one, with its position. Returns false where readers hold the table; then it is tried again. */
  swap(hold: Hold, table: ProjectionTable): Promise<boolean>;
}

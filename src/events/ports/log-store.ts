import type { EventLog } from "../../operation/events/log.ts";
import type { Position } from "../position.ts";

/** An event as it is read. */
export interface StoredEvent extends Position {
  readonly id: string;
  readonly name: string;
  readonly version: number;
  readonly key: string;
  readonly tenant: string | null;
  readonly actor: string | null;
  readonly trace: string | null;
  readonly causation: string | null;
  readonly correlation: string | null;
  /** ISO 8601. */
  readonly recordedAt: string;
  /** JSON. */
  readonly data: string;
}

/** Events of the log behind a position. */
export interface EventBatch {
  readonly events: readonly StoredEvent[];
  /** How far the log was read, whatever is in it; undefined where nothing more could be read. */
  readonly through: Position | undefined;
}

/** How much one read looks at. `code`: what reads is a subscription, and events that newer code of it takes are returned as well. */
export interface ReadBounds {
  readonly scan: number;
  readonly bytes: number;
  readonly code?: SubscriptionCode;
}

/** Which events the code of a subscription takes, each as "name version", sorted. */
export interface SubscriptionCode {
  readonly name: string;
  readonly takes: readonly string[];
}

/** A transaction that readers wait for. */
export interface ReadersHeld {
  readonly xid: string;
  readonly pid: number | null;
  readonly application: string | null;
  /** *Units*: milliseconds; null where the platform may not see it. */
  readonly ageMs: number | null;
  /** Its first 100 characters. */
  readonly statement: string | null;
}

/** The log: appends, reads and is kept small. *Faults thrown*: `unavailable`. */
export interface EventLogStore extends Pick<EventLog, "append" | "load" | "keepSnapshot" | "horizon"> {
  /**
   * Events of these names behind a position, in the order of the log.
   * *Guarantees*: no event before the last one that was returned is committed later.
   */
  read(names: readonly string[], after: Position, bounds: ReadBounds): Promise<EventBatch>;
  /** The last event that can be read. */
  head(): Promise<Position | undefined>;
  /** Makes and drops parts of the log. */
  keep(bounds: { readonly retentionMs: number; readonly deadLetterMs: number }): Promise<void>;
  /** The oldest transaction that is under way and has an id. */
  readersHeld(): Promise<ReadersHeld | undefined>;
  /** Notifies other processes that events of these names are committed. Never waits, never throws. */
  notify(names: Iterable<string>): void;
  /** Calls with the names of which other processes have committed events, until it is stopped. */
  listen(onNames: (names: readonly string[]) => void): Listening;
}

/** What listens until it is stopped. */
export interface Listening {
  start(): Promise<void>;
  stop(): Promise<void>;
}

import type { Position } from "../position.ts";

/** How far a subscription is. */
export interface SubscriptionStats extends Position {
  readonly name: string;
  readonly partitions: number;
  /** Partitions that a worker has. */
  readonly owned: number;
  readonly paused: boolean;
  /** Events that it has to read yet. *Bounds*: counted up to `limits.eventCount`, as are the next three. */
  readonly lag: number;
  /** Since when the oldest of them waits. *Units*: milliseconds. */
  readonly lagMs: number;
  readonly parked: number;
  /** Of these, the ones that wait for a person. */
  readonly stopped: number;
  readonly deadLetters: number;
}

/** An event that was set aside, as people see it. */
export interface AsideEvent {
  readonly subscription: string;
  readonly id: string;
  readonly name: string;
  readonly version: number;
  readonly key: string;
  readonly tenant: string | null;
  readonly attempt: number;
  readonly code: string | null;
  readonly reason: string | null;
}

/** An event of the log, as people see it: without its data. */
export interface LoggedEvent {
  readonly id: string;
  readonly name: string;
  readonly version: number;
  readonly key: string;
  readonly tenant: string | null;
  readonly actor: string | null;
  /** The request, task or event whose execution emitted it, and the request that all of it began with. */
  readonly causation: string | null;
  readonly correlation: string | null;
  /** ISO 8601. */
  readonly recordedAt: string;
  /** As in `1/7281/12`. */
  readonly position: string;
}

/** Why a subscription handles events again, and who wants it. */
export interface ReplayNote {
  readonly reason: string;
  readonly by: string | undefined;
}

/** What a replay found; `dropped`: retention has taken some of the events. */
export type ReplayOutcome = "replayed" | "unknown" | "nothing" | "dropped";

/** A replay, as it is kept: the position is that of the first event that was handled again. */
export interface SubscriptionReplay extends Position {
  readonly subscription: string;
  /** ISO 8601. */
  readonly replayedAt: string;
  readonly by: string | null;
  readonly reason: string;
}

/** What people, and metrics, ask of subscriptions. *Faults thrown*: `unavailable`. */
export interface SubscriptionAdmin {
  /** Of these subscriptions, with the names of the events that each reads; undefined: of all. */
  stats(events: Readonly<Record<string, readonly string[]>>, names: readonly string[] | undefined): Promise<readonly SubscriptionStats[]>;
  /** The last events, the newest first. */
  last(limit: number): Promise<readonly LoggedEvent[]>;
  pause(name: string, paused: boolean): Promise<boolean>;
  /** The first of each key; `dueMs` is null where a person has to act. */
  parked(name: string | undefined, limit: number): Promise<readonly (AsideEvent & { readonly dueMs: number | null })[]>;
  deadLetters(name: string | undefined, limit: number): Promise<readonly (AsideEvent & { readonly died: string })[]>;
  retry(name: string, id: string): Promise<boolean>;
  skip(name: string, id: string, reason: string): Promise<boolean>;
  /** `names`: the events that it handles, as far as they are known. Keeps who did it and why. */
  replay(name: string, from: Date | Position, kept: ReplayNote & { readonly names: readonly string[] | undefined }): Promise<ReplayOutcome>;
  /** The newest first. */
  replays(name: string | undefined, limit: number): Promise<readonly SubscriptionReplay[]>;
  forget(name: string): Promise<boolean>;
}

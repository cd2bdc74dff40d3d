import type { Clock } from "../../core/clock.ts";
import type { Service } from "../../core/service.ts";
import type { Statement } from "../transaction.ts";

/** What `revoke` ends: one session, everything that was issued to a user before a moment, or one API key. */
export type Revocation = (
  | {
      /** The `sid` or the `jti` of a token. */
      readonly session: string;
    }
  | {
      /** The id of an actor, which is the `sub` of a token. */
      readonly user: string;
      /** What was issued to the user before it is refused. *Default*: now, by the clock of the database. */
      readonly before?: Date;
    }
  | {
      /** The id of an API key. */
      readonly key: string;
      /** *Default*: for ever. */
      readonly until?: Date;
    }
) & {
  /** Whose session, user or key it is. *Default*: the tenant of the execution; where that has none, those of all tenants. */
  readonly tenant?: string;
};

/** A revocation as a store keeps it. */
export interface RevocationEntry {
  readonly kind: "session" | "user" | "key";
  /** Empty for those of all tenants. */
  readonly tenant: string;
  readonly id: string;
  /** Of a user: what was issued before it is revoked. Of a session and of a key: undefined. *Units*: milliseconds since the Unix epoch. */
  readonly beforeMs: number | undefined;
}

/** What a store writes of a revocation. */
export interface NewRevocation extends RevocationEntry {
  /** How long it must be kept from then on; of a key: undefined. *Units*: milliseconds. */
  readonly keepMs: number | undefined;
  /** Of a key: until when; undefined: for ever. *Units*: milliseconds since the Unix epoch. */
  readonly untilMs: number | undefined;
  /** How many may be kept. */
  readonly most: number;
}

/** What a process reads of the revocations. */
export interface RevocationReading {
  /** For the next reading, which returns what was committed since. */
  readonly mark: string;
  /** Whether these are all of them, and not only those since the mark. */
  readonly whole: boolean;
  readonly entries: readonly RevocationEntry[];
}

/** A process with a list of revocations, as its store sees it. */
export interface RevocationHost {
  readonly clock: Clock;
  /** There may be another revocation: it is read at once. */
  changed(): void;
}

/** Keeps revocations for all processes of an app. */
export interface RevocationStore {
  /** Started after the database. */
  readonly service: Service;
  /**
   * Reads at most `most` of those that were committed before it was called: all, or those since the mark of another reading.
   * *Guarantees*: it settles within 900 ms, whatever the network does. *Faults thrown*: any, where the store cannot be asked.
   */
  read(mark: string | undefined, most: number): Promise<RevocationReading>;
  /** The statement by which a transaction revokes if, and when, it commits. Its one row has `revoked`: false where as many are kept as may be. */
  statement(revocation: NewRevocation): Statement;
}

/** Opens the store of one process; opens no connection yet. */
export interface RevocationStoreSource {
  open(host: RevocationHost): RevocationStore;
}

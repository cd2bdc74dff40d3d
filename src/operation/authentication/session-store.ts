/** A session as its store finds it by a token. */
export interface FoundSession {
  readonly id: string;
  readonly actorId: string;
  readonly tenant: string | undefined;
  readonly roles: readonly string[];
  /** What was said of the caller at the sign-in. */
  readonly claims: Readonly<Record<string, unknown>>;
  /** When the caller signed in. *Units*: milliseconds since the Unix epoch, of the database. */
  readonly startedMs: number;
  /** Whether the session has the new token from now on. */
  readonly rotated: boolean;
  /** How long it is still valid if it is not used. *Units*: milliseconds. */
  readonly leftMs: number;
}

/** How a session is looked up. */
export interface SessionUse {
  /** SHA-256 of the token that came. */
  readonly hash: Buffer;
  /** SHA-256 of a new token, for a session whose token is due. */
  readonly newHash: Buffer;
  /** How old a token becomes. *Units*: milliseconds. */
  readonly rotateMs: number;
}

/** Finds sessions, which commands start and end by the functions `plimsoll.start_session`, `end_session` and `end_sessions`. *Faults thrown*: `unavailable`. */
export interface SessionStore {
  /** Finds the session of a token and prolongs it, in one round trip; undefined if there is none, or it has ended. */
  use(use: SessionUse): Promise<FoundSession | undefined>;
}

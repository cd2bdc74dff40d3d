import type { Clock } from "../../core/clock.ts";

/** A root key as a provider has wrapped it. */
export interface WrappedKey {
  /** Which of its keys wrapped it. */
  readonly key: string;
  readonly wrapped: string;
}

/**
 * Keeps keys outside of the database, and wraps the root keys of the vault with them. It is asked when an app starts and when keys are rotated, never in a
 * transaction.
 */
export interface KeyProvider {
  /** Its name in messages. */
  readonly name: string;
  /** The key by which `wrap` wraps now, as far as that is known without asking. What others have wrapped is wrapped again. */
  readonly current?: string;
  /** Wraps 32 bytes. *Faults thrown*: any, where it cannot. */
  wrap(key: Uint8Array, clock: Clock): Promise<WrappedKey>;
  /** Returns the 32 bytes of what it has wrapped. *Faults thrown*: any, where it cannot, or the text was changed. */
  unwrap(wrapped: WrappedKey, clock: Clock): Promise<Uint8Array>;
}

import type { Lock } from "../../operation/durable/lock.ts";

/** Keeps locks. All leases are compared with the store's own clock. *Faults thrown*: `unavailable`. */
export interface LockStore {
  /** The new token; undefined where somebody holds it, or a fenced transaction of the last holder is open. Does not wait for either. */
  acquire(lock: Lock, holder: string): Promise<number | undefined>;
  /** False where somebody else has it, or it was released. */
  renew(lock: Lock, token: number): Promise<boolean>;
  release(lock: Lock, token: number): Promise<void>;
}

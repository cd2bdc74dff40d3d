import type { Lock } from "../operation/durable/lock.ts";

/** Keeps locks. All leases are compared with the store's own clock. *Faults thrown*: `unavailable`. */
export interface LockStore {
  /** The new token; undefined where it is held, or a fenced transaction of the last holder is open. Does not wait for either. */
  acquire(lock: Lock, holder: string): Promise<number | undefined>;
  /** False where another holder has it, or it was released. */
  renew(lock: Lock, token: number): Promise<boolean>;
  release(lock: Lock, token: number): Promise<void>;
}

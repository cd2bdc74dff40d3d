import { limits } from "../core/limits.ts";
import type { Chainer } from "./chainer.ts";
import type { AuditKeys } from "./keys.ts";
import type { Refusals } from "./refusals.ts";
import type { Retention } from "./retention.ts";
import type { AuditSignals } from "./signals.ts";
import type { AuditFilter, AuditHead, AuditRecord, AuditStore } from "./store.ts";
import { type AuditVerdict, type AuditVerification, verifyAudit } from "./verify.ts";

/** What the audit trail of an app is made of. */
export interface AuditTrailParts {
  readonly store: AuditStore;
  readonly keys: AuditKeys;
  readonly signals: AuditSignals;
  readonly chainer: Pick<Chainer, "chainNow">;
  readonly refusals: Pick<Refusals, "flush">;
  readonly retention: Pick<Retention, "sealNow">;
}

/** The audit trail of an app: shows and verifies it. */
export class AuditTrail {
  readonly signals: AuditSignals;
  readonly #parts: AuditTrailParts;

  constructor(parts: AuditTrailParts) {
    this.signals = parts.signals;
    this.#parts = parts;
  }

  /** Records, the newest first. */
  records(filter: AuditFilter = {}): Promise<readonly AuditRecord[]> {
    const { limit = 100 } = filter;
    return this.#parts.store.records({ ...filter, limit: Math.max(1, Math.min(limits.auditTurn, Math.floor(limit))) });
  }

  /**
   * Finds what was edited, deleted, added or put elsewhere since it was written. It reads the whole trail, a bounded part at a time.
   * *Guarantees*: without a key of the trail, no change of a chained record stays unfound; with earlier `heads`, no cut of the end of a chain.
   */
  async verify(verification: AuditVerification = {}): Promise<AuditVerdict> {
    const { store, keys, signals } = this.#parts;
    const verdict = await verifyAudit(store, keys, verification);
    if (!verdict.isIntact) signals.broken.publish({ problems: verdict.problems });
    return verdict;
  }

  /** Writes the records of refusals that wait, and chains all that is committed. Returns the ends of the chains of up to `limits.auditTurn` tenants. */
  async chainNow(): Promise<readonly AuditHead[]> {
    await this.#parts.refusals.flush();
    await this.#parts.chainer.chainNow();
    return this.#parts.store.heads(undefined, limits.auditTurn);
  }

  /** Seals and deletes records that are older than the retention. Returns how many. */
  sealNow(): Promise<number> {
    return this.#parts.retention.sealNow();
  }
}

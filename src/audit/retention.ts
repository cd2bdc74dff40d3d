import { type Clock, Repeated } from "../core/clock.ts";
import { limits } from "../core/limits.ts";
import type { AuditKeys } from "./keys.ts";
import type { AuditSignals } from "./signals.ts";
import type { AuditSpan, AuditStore } from "./store.ts";
import { walkChain } from "./verify.ts";

/** What seals old records. */
export interface RetentionOptions {
  readonly store: AuditStore;
  readonly clock: Clock;
  readonly keys: AuditKeys;
  readonly signals: AuditSignals;
  readonly retentionMs: number;
}

/** Seals what is older than the retention: verifies it, keeps its last hash in a span, and deletes the rest. */
export class Retention {
  readonly #options: RetentionOptions;
  readonly #sealing: Repeated;

  constructor(options: RetentionOptions) {
    this.#options = options;
    const { clock, signals } = options;
    const failed = (error: unknown) => signals.failing.publish({ error });
    this.#sealing = new Repeated({ clock, everyMs: limits.auditSealEveryMs, work: () => this.sealNow(), failed });
  }

  start(): void {
    this.#sealing.start();
  }

  stop(): Promise<void> {
    return this.#sealing.stop();
  }

  /** Seals all that is old. Returns the number of links that were deleted. */
  async sealNow(): Promise<number> {
    const { store } = this.#options;
    let sealed = 0;
    for (let after: string | undefined; ; ) {
      const heads = await store.heads(after, limits.auditTurn);
      for (const { tenant } of heads) sealed += await this.#sealTenant(tenant);
      after = heads.at(-1)?.tenant;
      if (heads.length < limits.auditTurn || after === undefined) return sealed;
    }
  }

  async #sealTenant(tenant: string): Promise<number> {
    const { store, retentionMs, signals } = this.#options;
    for (let sealed = 0; ; ) {
      const toN = await store.due(tenant, retentionMs, limits.auditTurn);
      if (toN === undefined) return sealed;
      const span = await this.#spanOf(tenant, toN);
      if (span === undefined || !(await store.seal(span))) return sealed;
      sealed += span.toN - span.fromN + 1;
      signals.sealed.publish({ tenant, fromN: span.fromN, toN: span.toN });
    }
  }

  /** What is not as it was written is kept, as evidence. */
  async #spanOf(tenant: string, toN: number): Promise<AuditSpan | undefined> {
    const { store, keys, signals, clock } = this.#options;
    const { problems, sealedN } = await walkChain({ store, keys }, { tenant, expected: [], through: toN });
    if (problems.length > 0) {
      signals.broken.publish({ problems });
      return undefined;
    }
    const last = (await store.chain(tenant, toN - 1, 1))[0]?.link;
    const fromN = sealedN + 1;
    const first = (await store.chain(tenant, fromN - 1, 1))[0]?.link;
    if (first === undefined || last === undefined || first.n !== fromN) return undefined;
    const span = {
      ...{ tenant, fromN, toN, firstMs: first.linkedMs, lastMs: last.linkedMs, sealedMs: Math.floor(clock.now()) },
      ...{ link: last.hash, key: keys.current },
    };
    return { ...span, hash: keys.span(span) ?? "" };
  }
}

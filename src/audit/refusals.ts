import { type Clock, sleep } from "../core/clock.ts";
import { limits } from "../core/limits.ts";
import type { AuditRow } from "../operation/audit/log.ts";
import type { AuditSignals } from "./signals.ts";
import type { AuditStore } from "./store.ts";

const attempts = 3;
const againMs = 1_000;

/** Writes the records of what was not committed: together, soon, and apart from the executions that they are about. */
export class Refusals {
  readonly #store: AuditStore;
  readonly #clock: Clock;
  readonly #signals: AuditSignals;
  readonly #written: () => void;
  #waiting: AuditRow[] = [];
  #writing: Promise<void> | undefined;
  /** Records that were lost since the start. */
  lost = 0;

  constructor({ store, clock, signals, written }: RefusalsOptions) {
    this.#store = store;
    this.#clock = clock;
    this.#signals = signals;
    this.#written = written;
  }

  add(row: AuditRow): void {
    if (this.#waiting.length >= limits.auditWaiting) return this.#lose(1);
    this.#waiting.push(row);
    this.#writing ??= this.#write();
  }

  /** Waits until all are written, or lost. */
  async flush(): Promise<void> {
    while (this.#writing !== undefined) await this.#writing;
  }

  async #write(): Promise<void> {
    // Those of the same turn are written together.
    await Promise.resolve();
    while (this.#waiting.length > 0) {
      const rows = this.#waiting.splice(0, limits.auditTurn);
      if (await this.#isWritten(rows)) this.#written();
      else this.#lose(rows.length);
    }
    this.#writing = undefined;
  }

  async #isWritten(rows: readonly AuditRow[]): Promise<boolean> {
    for (let attempt = 1; attempt <= attempts; attempt++) {
      try {
        await this.#store.write(rows);
        return true;
      } catch (error) {
        this.#signals.failing.publish({ error });
        if (attempt < attempts) await sleep(this.#clock, againMs);
      }
    }
    return false;
  }

  #lose(records: number): void {
    this.lost += records;
    this.#signals.lost.publish({ records });
  }
}

/** What writes refusals. */
interface RefusalsOptions {
  readonly store: AuditStore;
  readonly clock: Clock;
  readonly signals: AuditSignals;
  /** Some were written, and can be chained. */
  readonly written: () => void;
}

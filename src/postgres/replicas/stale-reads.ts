import type { Connection } from "../connection.ts";
import type { TransactionHost } from "../transaction/host.ts";
import type { Replica, Replicas } from "./replicas.ts";

/** Where a transaction reads that may be behind by so much: a replica while it is behind by less, and the primary otherwise. */
export class StaleReads implements TransactionHost {
  readonly #primary: TransactionHost;
  readonly #replicas: Replicas;
  readonly #stalenessMs: number;
  #lender: Replica | undefined;

  constructor(primary: TransactionHost, replicas: Replicas, stalenessMs: number) {
    this.#primary = primary;
    this.#replicas = replicas;
    this.#stalenessMs = stalenessMs;
  }

  get clock() {
    return this.#primary.clock;
  }
  get hasTransactionTimeout() {
    return this.#primary.hasTransactionTimeout;
  }
  get isReplica() {
    return this.#lender !== undefined;
  }

  take(): Connection | undefined {
    const replica = this.#replicas.below(this.#stalenessMs);
    if (replica === undefined) return this.#primary.take();
    const connection = replica.pool.take();
    if (connection !== undefined) this.#lender = replica;
    return connection;
  }

  async wait(deadlineAt: number): Promise<Connection> {
    const replica = this.#replicas.below(this.#stalenessMs);
    const connection = await replica?.pool.wait(deadlineAt).catch(() => undefined);
    if (replica === undefined || connection === undefined) return this.#primary.wait(deadlineAt);
    // It may have waited for long.
    if (replica.lag.atMost(this.clock.monotonic()) < this.#stalenessMs) {
      this.#lender = replica;
      return connection;
    }
    replica.pool.release(connection);
    return this.#primary.wait(deadlineAt);
  }

  release(connection: Connection): void {
    (this.#lender?.pool ?? this.#primary).release(connection);
  }
  quarantine(connection: Connection): void {
    (this.#lender?.pool ?? this.#primary).quarantine(connection);
  }
  movedOn(connection: Connection | undefined): void {
    if (this.#lender === undefined) this.#primary.movedOn(connection);
  }
  fateOf(...[claim, until]: Parameters<TransactionHost["fateOf"]>): ReturnType<TransactionHost["fateOf"]> {
    return this.#primary.fateOf(claim, until);
  }
}

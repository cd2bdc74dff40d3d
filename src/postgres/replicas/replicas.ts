import type { Clock, Timer } from "../../core/clock.ts";
import { limits } from "../../core/limits.ts";
import type { LoadLines } from "../../core/load-line/load-lines.ts";
import type { Metrics } from "../../core/metrics.ts";
import { asCommand, Connection } from "../connection.ts";
import { type Pool, PoolLines, type PoolOptions } from "../pool.ts";
import { checkPooler } from "../start/pooler.ts";
import { ReplicaLag } from "./lag.ts";

/** A replica of the primary, with connections of its own. */
export interface Replica {
  readonly pool: Pool;
  readonly lag: ReplicaLag;
  /** Whether a pooler before it, if there is one, keeps prepared statements; nothing is read from it before that is known. */
  isUsable: boolean;
}

/** What a check may take in addition: it waits for a second connection. */
const checkMs = 2 * limits.connectionCheckMs;

/** What looking after replicas needs. */
export interface ReplicasOptions {
  readonly clock: Clock;
  readonly metrics: Metrics;
  /** Asks the primary. */
  readonly ask: <T>(withinMs: number, work: (connection: Connection) => Promise<T>) => Promise<T>;
  readonly loadLines: LoadLines;
  /** Of the connections to each. */
  readonly bounds: Pick<PoolOptions, "size" | "queue">;
  readonly open: (url: string, lines: PoolLines) => Pool;
}

const written = asCommand("select (pg_current_wal_flush_lsn() - '0/0'::pg_lsn)::text as position");
const replayed = asCommand("select pg_is_in_recovery() as standby, (pg_last_wal_replay_lsn() - '0/0'::pg_lsn)::text as position");

/** The replicas of one database, of which it knows how far each can be behind. */
export class Replicas {
  readonly #options: ReplicasOptions;
  #replicas: readonly Replica[] = [];
  #timer: Timer | undefined;
  #next = 0;
  #isOpen = false;
  readonly #lines: PoolLines[] = [];

  constructor(options: ReplicasOptions) {
    this.#options = options;
    const { metrics, clock } = options;
    const gauge = {
      name: "plimsoll_replica_lag_seconds",
      help: "How far the replica that is the least behind can be behind at the most.",
      labels: [],
    };
    metrics.gauge({ ...gauge, read: () => Math.min(3_600, ...this.#replicas.map(({ lag }) => lag.atMost(clock.monotonic()) / 1_000)) });
  }

  /** One that is behind by less, in turn; undefined where none is. */
  below(stalenessMs: number): Replica | undefined {
    const now = this.#options.clock.monotonic();
    for (let n = 0; n < this.#replicas.length; n++) {
      const replica = this.#replicas[(this.#next + n) % this.#replicas.length]!;
      if (replica.lag.atMost(now) >= stalenessMs) continue;
      this.#next = (this.#next + n + 1) % this.#replicas.length;
      return replica;
    }
    return undefined;
  }

  /** A replica that cannot be reached is asked again later; nothing is read from it meanwhile. */
  start(urls: readonly string[]): void {
    this.#isOpen = true;
    this.#replicas = urls.map((url, n) => ({ pool: this.#options.open(url, this.#linesOf(n)), lag: new ReplicaLag(), isUsable: false }));
    void this.#look();
  }

  async stop(): Promise<void> {
    this.#isOpen = false;
    this.#timer?.cancel();
    await Promise.all(this.#replicas.map(({ pool }) => pool.stop()));
    this.#replicas = [];
  }

  /** They outlive a stop, as those of the primary. */
  #linesOf(n: number): PoolLines {
    const known = this.#lines[n];
    if (known !== undefined) return known;
    const { bounds, loadLines } = this.#options;
    const lines = new PoolLines(bounds, () => this.#replicas[n]?.pool, `replica ${n + 1}`);
    this.#lines[n] = lines;
    loadLines.register(lines.connections);
    loadLines.register(lines.queue);
    return lines;
  }

  async #look(): Promise<void> {
    const { clock, ask } = this.#options;
    try {
      const at = clock.monotonic();
      const { rows } = await ask(limits.replicaAskMs, (connection) => connection.send(written));
      for (const { lag } of this.#replicas) lag.sampled(BigInt(String(rows[0]?.position)), at);
    } catch {
      // What was known before grows older, until nothing is read from replicas.
    }
    await Promise.all(this.#replicas.map((replica) => this.#lookAt(replica)));
    if (this.#isOpen) this.#timer = clock.schedule(limits.replicaLookMs, () => void this.#look());
  }

  async #lookAt(replica: Replica): Promise<void> {
    const { pool, lag } = replica;
    const { clock } = this.#options;
    const withinMs = replica.isUsable ? limits.replicaAskMs : limits.replicaAskMs + checkMs;
    try {
      const connection = await pool.wait(clock.monotonic() + limits.replicaAskMs);
      const cut = clock.schedule(withinMs, () => void connection.close(true));
      try {
        if (!replica.isUsable) await checkPooler(connection, () => Connection.open(pool.options));
        replica.isUsable = true;
        const { rows } = await connection.send(replayed);
        // One that was promoted has a log of its own.
        if (rows[0]?.standby === true) lag.replayed(BigInt(String(rows[0].position ?? 0)));
        else lag.lose();
      } finally {
        cut.cancel();
        pool.release(connection);
      }
    } catch {
      lag.lose();
    }
  }
}

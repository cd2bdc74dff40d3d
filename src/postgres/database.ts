import type { DatabaseContext, DatabaseSource, KeptByDatabase } from "../app/database.ts";
import type { AuditStore } from "../audit/store.ts";
import { type Clock, sleep, type Timer } from "../core/clock.ts";
import { type Duration, toMs } from "../core/duration.ts";
import { Fault } from "../core/fault.ts";
import { limits } from "../core/limits.ts";
import type { Shares } from "../core/queue/share.ts";
import type { EventStore } from "../events/ports/store.ts";
import type { LockStore } from "../locks/store.ts";
import type { InboxStore } from "../messaging/inbox/store.ts";
import type { RevocationStoreSource } from "../operation/authentication/revocations.ts";
import type { SessionStore } from "../operation/authentication/session-store.ts";
import type { InvalidationChannelSource } from "../operation/cache/port.ts";
import type { WrittenChannel } from "../operation/online/stream/written.ts";
import type { SearchStore } from "../operation/sourcing/search-store.ts";
import type { Claim, ClaimResult, Database, ShortenedKey, Transaction, TransactionOptions } from "../operation/transaction.ts";
import type { VaultStore } from "../operation/vault/store.ts";
import type { SagaStore } from "../sagas/ports/store.ts";
import type { ScheduleStore } from "../schedules/store.ts";
import type { TaskStore } from "../tasks/ports/store.ts";
import { PostgresAuditStore } from "./audit/store.ts";
import { PostgresInvalidations } from "./cache/channel.ts";
import { Connection } from "./connection.ts";
import { PostgresEventStore } from "./events/store.ts";
import { databaseFault, isReadOnly } from "./faults.ts";
import { PostgresInboxStore } from "./inboxes/store.ts";
import { PostgresLockStore } from "./locks/store.ts";
import { migrate } from "./migrate.ts";
import { Pool, PoolLines, type PoolOptions, type PoolShares } from "./pool.ts";
import { Replicas } from "./replicas/replicas.ts";
import { StaleReads } from "./replicas/stale-reads.ts";
import { PostgresRevocations } from "./revocations/store.ts";
import { checkAppRole } from "./roles.ts";
import { PostgresSagaStore } from "./sagas/store.ts";
import { PostgresScheduleStore } from "./schedules/store.ts";
import { PostgresSearchStore } from "./search/store.ts";
import { PostgresSessionStore } from "./sessions/store.ts";
import { ShortenedKeys } from "./shortened-keys.ts";
import { checkPooler } from "./start/pooler.ts";
import { unreachable } from "./start/unreachable.ts";
import { claimStatement, expireStatement, readClaim, takenClaim } from "./statements.ts";
import { PostgresWritten } from "./streams/channel.ts";
import { PostgresTaskStore } from "./tasks/store.ts";
import type { TransactionHost } from "./transaction/host.ts";
import { PostgresTransaction } from "./transaction.ts";
import { PostgresVaultStore } from "./vault/store.ts";

/** What `postgres` takes: the addresses of the server and the bounds of the pool. */
export interface PostgresSpec {
  /** The address for the application's role, which is neither superuser nor owner. */
  readonly url: string;
  /** The address for the owner, who runs the migrations at the start. Without it the app only verifies that they have run. */
  readonly adminUrl?: string | undefined;
  /** The address of the server itself for what needs a session (migrations, LISTEN), if `url` leads to a transaction pooler. *Default*: `url`. */
  readonly directUrl?: string | undefined;
  /** Connections of this process; with `supervise(app, { processes })`, of all of them together. *Default*: 16. */
  readonly connections?: number;
  /**
   * The addresses of standbys of this server, for the application's role, one for each: a query with `staleness` reads one of them while it is behind by less. Each has
   * as many connections as `connections` says, and none is needed: where one is away, or behind, the server itself is read. *Default*: none.
   */
  readonly replicas?: readonly string[];
  /** Executions that may wait for a connection. *Default*: 1,024. */
  readonly queue?: number;
  /**
   * Whether a connection prepares each statement once. With `false` the server parses each statement each time, for a transaction pooler that loses them
   * (PgBouncer before 1.21, or with `max_prepared_statements = 0`). *Default*: true.
   */
  readonly preparedStatements?: boolean;
  /** How long opening a connection may take. *Default*: 5 s. */
  readonly connectTimeout?: Duration;
  /** How long a connection is used before a new one replaces it. *Default*: 30 min, less up to a tenth. */
  readonly lifetime?: Duration;
  /** How long a connection may stay unused before it is closed. *Default*: 200 s, which is shorter than firewalls and load balancers keep unused connections. */
  readonly idle?: Duration;
}

/** Where the addresses come from: given, or known once a server of our own runs. */
export interface PostgresAddresses {
  readonly url: string;
  readonly adminUrl: string | undefined;
  /** Makes what the migrations need of the server, before they run. */
  prepare?(): Promise<void>;
}

const expireEveryMs = 60_000;
const expireBatch = 10_000;
/** How long one batch may take. */
const expireMs = 30_000;
const pingMs = 1_000;
const fateEveryMs = 25;

/**
 * Uses a PostgreSQL server, 15 or newer.
 * @example createApp({ database: postgres({ url: env.DATABASE_URL, adminUrl: env.ADMIN_DATABASE_URL }), … })
 */
export function postgres(spec: PostgresSpec): DatabaseSource {
  return {
    open: (context) => new PostgresDatabase(spec, context, async () => ({ url: spec.url, adminUrl: spec.adminUrl })),
  };
}

/** The system of record of one app. */
export class PostgresDatabase implements Database, KeptByDatabase, TransactionHost {
  readonly name = "postgres";
  readonly clock: Clock;
  hasTransactionTimeout = false;
  readonly tasks: TaskStore;
  readonly schedules: ScheduleStore;
  readonly events: EventStore;
  readonly sagas: SagaStore;
  readonly locks: LockStore;
  readonly inboxes: InboxStore = new PostgresInboxStore(this);
  readonly audit: AuditStore = new PostgresAuditStore(this);
  readonly vault: VaultStore = new PostgresVaultStore(this);
  readonly search: SearchStore = new PostgresSearchStore(this);
  readonly written: WrittenChannel;
  readonly revocations: RevocationStoreSource = { open: (host) => new PostgresRevocations(this, host) };
  readonly sessions: SessionStore = new PostgresSessionStore(this);
  readonly invalidations: InvalidationChannelSource = { open: (host) => new PostgresInvalidations(this, host) };
  /** Leads to a session, where others may lead to a pooler. */
  sessionUrl: string | undefined;
  readonly #spec: Omit<PostgresSpec, "url">;
  readonly #context: DatabaseContext;
  readonly #locate: () => Promise<PostgresAddresses>;
  readonly #bounds: Pick<PoolOptions, "size" | "queue">;
  readonly #lines: PoolLines;
  #shares: PoolShares | undefined;
  #pool: Pool | undefined;
  #expiry: Timer | undefined;
  readonly #replicas: Replicas | undefined;
  readonly #shortened = new ShortenedKeys(this);

  constructor(spec: Omit<PostgresSpec, "url">, context: DatabaseContext, locate: () => Promise<PostgresAddresses>) {
    this.#spec = spec;
    this.#context = context;
    this.#locate = locate;
    this.clock = context.clock;
    this.written = new PostgresWritten(this);
    this.tasks = new PostgresTaskStore(this);
    this.schedules = new PostgresScheduleStore(this);
    this.events = new PostgresEventStore(this);
    this.sagas = new PostgresSagaStore(this);
    this.locks = new PostgresLockStore(this);
    const { metrics, loadLines } = context;
    this.#bounds = { size: spec.connections ?? limits.connectionsPostgres, queue: spec.queue ?? limits.connectionQueue };
    this.#lines = new PoolLines(this.#bounds, () => this.#pool);
    loadLines.register(this.#lines.connections);
    loadLines.register(this.#lines.queue);
    this.#replicas = spec.replicas?.length
      ? new Replicas({
          ...{ clock: context.clock, metrics, loadLines, bounds: this.#bounds },
          ask: (withinMs, work) => this.borrow(withinMs, work),
          open: (replica, lines) => this.#open(replica, { lines, shares: undefined }),
        })
      : undefined;
    const read = (value: (pool: Pool) => number) => () => (this.#pool === undefined ? 0 : value(this.#pool));
    metrics.gauge({
      name: "plimsoll_database_connections",
      help: "Open connections to PostgreSQL.",
      read: read((pool) => pool.connections),
    });
    metrics.gauge({
      name: "plimsoll_database_connections_idle",
      help: "Connections that no execution uses.",
      read: read((pool) => pool.idle),
    });
    metrics.gauge({
      name: "plimsoll_database_queue_depth",
      help: "Executions that wait for a connection.",
      read: read((pool) => pool.waiting),
    });
  }

  shareOf(shares: Shares): void {
    const { connections, queue } = this.#lines;
    const changed = () => this.#pool?.resized();
    const waiting = () => this.#pool?.waiting ?? 0;
    this.#shares = {
      connections: shares.borrow({
        ...{ name: connections.name, declared: this.#bounds.size, changed },
        held: () => this.#pool?.held ?? 0,
        wants: () => (this.#pool?.lent ?? 0) + waiting(),
      }),
      queue:
        this.#bounds.queue === 0
          ? undefined
          : shares.borrow({ name: queue.name, declared: this.#bounds.queue, held: waiting, wants: waiting, changed }),
    };
    connections.share = this.#shares.connections;
    queue.share = this.#shares.queue;
  }

  async start(): Promise<void> {
    const { url, adminUrl, prepare } = await this.#locate();
    const pool = this.#open(url, { lines: this.#lines, shares: this.#shares });
    // Beside the first look at the ledger. The role of the application may not be there before the migrations: then it is opened after them.
    const opened = pool.start().then(
      () => true,
      () => false,
    );
    try {
      await migrate({
        modules: this.#context.modules,
        clock: this.clock,
        url,
        adminUrl,
        directUrl: this.#spec.directUrl,
        ...(prepare && { prepare }),
      });
      if (!(await opened)) await pool.start();
    } catch (error) {
      await opened;
      await pool.stop();
      throw unreachable(error);
    }
    this.#pool = pool;
    this.sessionUrl = this.#spec.directUrl ?? url;
    // The server can go away here too.
    const version = await this.#check(pool).catch((error: unknown) => Promise.reject(unreachable(error)));
    this.hasTransactionTimeout = version >= 170_000;
    this.#expireLater();
    this.#replicas?.start(this.#spec.replicas ?? []);
  }

  async stop(): Promise<void> {
    this.#expiry?.cancel();
    await this.#replicas?.stop();
    const pool = this.#pool;
    this.#pool = undefined;
    await pool?.stop();
  }

  begin(options: TransactionOptions): Transaction {
    const { mode, stalenessMs } = options;
    const isStale = this.#replicas !== undefined && mode === "read" && stalenessMs !== undefined;
    return new PostgresTransaction(isStale ? new StaleReads(this, this.#replicas, stalenessMs) : this, options);
  }

  take() {
    return this.#pool?.take();
  }
  wait(deadlineAt: number) {
    return this.#usable().wait(deadlineAt);
  }
  release(connection: Parameters<Pool["release"]>[0]) {
    if (this.#pool === undefined) void connection.close(true);
    else this.#pool.release(connection);
  }
  quarantine(connection: Parameters<Pool["release"]>[0]) {
    this.#pool?.quarantine(connection);
  }
  movedOn(connection: Connection | undefined) {
    if (connection !== undefined) connection.retired = true;
    this.#pool?.retireOld();
  }

  async fateOf(claim: Claim, until: number): Promise<ClaimResult> {
    for (;;) {
      const left = Math.max(0, until - this.clock.monotonic());
      const [, result] = await this.borrow(left, (connection) =>
        Promise.all([
          connection.sendCommand("begin isolation level read committed"),
          connection.send(claimStatement(claim)).then(readClaim, takenClaim),
          connection.sendCommand("rollback"),
        ]),
      );
      if (result.state !== "running" || this.clock.monotonic() >= until) return result;
      await sleep(this.clock, fateEveryMs);
    }
  }

  async ping(): Promise<void> {
    try {
      await this.borrow(pingMs, (connection) => connection.sendCommand("select 1"));
    } catch (error) {
      throw databaseFault(error);
    }
  }

  /** Waits so long for a connection, and uses it no longer than that: then it is cut, as one that the network swallowed. */
  async borrow<T>(withinMs: number, work: (connection: Connection) => Promise<T>): Promise<T> {
    const connection = await this.#usable().wait(this.clock.monotonic() + withinMs);
    const cut = this.clock.schedule(Math.max(withinMs, pingMs), () => void connection.close(true));
    try {
      return await work(connection);
    } catch (error) {
      if (isReadOnly(error)) this.movedOn(connection);
      throw error;
    } finally {
      cut.cancel();
      this.release(connection);
    }
  }

  #open(url: string, of: Pick<PoolOptions, "lines" | "shares">): Pool {
    const { connectTimeout, lifetime, idle, preparedStatements = true } = this.#spec;
    return new Pool({
      url,
      applicationName: this.#context.serviceName,
      prepares: preparedStatements,
      connectTimeoutMs: connectTimeout === undefined ? 5_000 : toMs(connectTimeout),
      ...this.#bounds,
      ...of,
      lifetimeMs: lifetime === undefined ? limits.connectionLifetimeMs : toMs(lifetime),
      idleMs: idle === undefined ? limits.connectionIdleMs : toMs(idle),
      clock: this.clock,
    });
  }

  #usable(): Pool {
    if (this.#pool !== undefined) return this.#pool;
    throw new Fault({
      code: "unavailable",
      type: "database_unavailable",
      message: "The database is not connected. Start the app first.",
      retryAfterMs: 1_000,
    });
  }

  async #check(pool: Pool): Promise<number> {
    const connection = await pool.wait(this.clock.monotonic() + pingMs);
    try {
      await checkPooler(connection, () => Connection.open(pool.options));
      return await checkAppRole(connection, this.#context.modules);
    } finally {
      pool.release(connection);
    }
  }

  shortenKeys(keys: readonly ShortenedKey[]): void {
    this.#shortened.add(keys);
  }

  /** Deletes expired idempotency records, a bounded batch at a time, for as long as there are full batches. */
  #expireLater(delayMs = expireEveryMs): void {
    this.#expiry = this.clock.schedule(delayMs, () => {
      this.#expire().then(
        (deleted) => this.#expireLater(deleted >= expireBatch ? 0 : expireEveryMs),
        () => this.#expireLater(),
      );
    });
  }

  async #expire(): Promise<number> {
    const { rows } = await this.borrow(expireMs, (connection) => connection.send(expireStatement(expireBatch)));
    return Number(rows[0]?.deleted ?? 0);
  }
}

import type { DatabaseContext, DatabaseSource } from "../app/app.ts";
import { type Clock, sleep, type Timer } from "../core/clock.ts";
import { type Duration, toMs } from "../core/duration.ts";
import { Fault } from "../core/fault.ts";
import { limits } from "../core/limits.ts";
import type { Claim, ClaimResult, Database, Transaction, TransactionOptions } from "../operation/transaction.ts";
import type { TaskStore } from "../tasks/store.ts";
import type { Connection } from "./connection.ts";
import { databaseFault } from "./errors.ts";
import { migrate } from "./migrate.ts";
import { Pool } from "./pool.ts";
import { checkAppRole } from "./roles.ts";
import { claimStatement, expireStatement, readClaim } from "./statements.ts";
import { PostgresTaskStore } from "./tasks/store.ts";
import { PostgresTransaction, type TransactionHost } from "./transaction.ts";

export interface PostgresSpec {
  /** As the application: a role that is neither superuser nor owner. */
  readonly url: string;
  /** As the owner: runs the migrations at start. Without it the app only verifies that they ran. */
  readonly adminUrl?: string | undefined;
  /** For what needs a session (migrations, LISTEN, leadership) where `url` leads to a transaction pooler. *Default*: `url`. */
  readonly directUrl?: string | undefined;
  /** Connections of this process. *Default*: 16. */
  readonly connections?: number;
  /** Executions that may wait for a connection. *Default*: 1,024. */
  readonly queue?: number;
  /** How long opening a connection may take. *Default*: 5 s. */
  readonly connectTimeout?: Duration;
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
 * Uses a Postgres server, 15 or newer.
 * @example createApp({ database: postgres({ url: env.DATABASE_URL, adminUrl: env.ADMIN_DATABASE_URL }), … })
 */
export function postgres(spec: PostgresSpec): DatabaseSource {
  return {
    open: (context) => new PostgresDatabase(spec, context, async () => ({ url: spec.url, adminUrl: spec.adminUrl })),
  };
}

/** The system of record of one app. */
export class PostgresDatabase implements Database, TransactionHost {
  readonly name = "postgres";
  readonly clock: Clock;
  hasTransactionTimeout = false;
  readonly tasks: TaskStore;
  /** Leads to a session, where others may lead to a pooler. */
  sessionUrl: string | undefined;
  readonly #spec: Omit<PostgresSpec, "url">;
  readonly #context: DatabaseContext;
  readonly #locate: () => Promise<PostgresAddresses>;
  #pool: Pool | undefined;
  #expiry: Timer | undefined;

  constructor(spec: Omit<PostgresSpec, "url">, context: DatabaseContext, locate: () => Promise<PostgresAddresses>) {
    this.#spec = spec;
    this.#context = context;
    this.#locate = locate;
    this.clock = context.clock;
    this.tasks = new PostgresTaskStore(this);
    const { metrics } = context;
    const read = (value: (pool: Pool) => number) => () => (this.#pool === undefined ? 0 : value(this.#pool));
    metrics.gauge({ name: "plimsoll_database_connections", help: "Open connections to Postgres.", read: read((pool) => pool.connections) });
    metrics.gauge({ name: "plimsoll_database_connections_idle", help: "Connections that nobody uses.", read: read((pool) => pool.idle) });
    metrics.gauge({
      name: "plimsoll_database_queue_depth",
      help: "Executions that wait for a connection.",
      read: read((pool) => pool.waiting),
    });
  }

  async start(): Promise<void> {
    const { url, adminUrl, prepare } = await this.#locate();
    const { connections, queue, connectTimeout } = this.#spec;
    const pool = new Pool({
      url,
      applicationName: this.#context.serviceName,
      connectTimeoutMs: connectTimeout === undefined ? 5_000 : toMs(connectTimeout),
      size: connections ?? limits.connectionsPostgres,
      queue: queue ?? limits.connectionQueue,
      clock: this.clock,
    });
    try {
      await migrate({
        modules: this.#context.modules,
        clock: this.clock,
        url,
        adminUrl,
        directUrl: this.#spec.directUrl,
        ...(prepare && { prepare }),
      });
      await pool.start();
    } catch (error) {
      throw unreachable(error);
    }
    this.#pool = pool;
    this.sessionUrl = this.#spec.directUrl ?? url;
    const version = await this.#checkRole(pool);
    this.hasTransactionTimeout = version >= 170_000;
    this.#expireLater();
  }

  async stop(): Promise<void> {
    this.#expiry?.cancel();
    const pool = this.#pool;
    this.#pool = undefined;
    await pool?.stop();
  }

  begin(options: TransactionOptions): Transaction {
    return new PostgresTransaction(this, options);
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

  async fateOf(claim: Claim, until: number): Promise<ClaimResult> {
    for (;;) {
      const left = Math.max(0, until - this.clock.monotonic());
      const [, answer] = await this.borrow(left, (connection) =>
        Promise.all([connection.sendCommand("begin"), connection.send(claimStatement(claim)), connection.sendCommand("rollback")]),
      );
      const result = readClaim(answer);
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
    } finally {
      cut.cancel();
      this.release(connection);
    }
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

  async #checkRole(pool: Pool): Promise<number> {
    const connection = await pool.wait(this.clock.monotonic() + pingMs);
    try {
      return await checkAppRole(connection, this.#context.modules);
    } finally {
      pool.release(connection);
    }
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

/** What a server says of an address that leads to it and is wrong all the same: role, password, database. */
const wrongAddress = new Set(["28000", "28P01", "3D000", "ERR_INVALID_URL"]);

function unreachable(error: unknown): unknown {
  const cause = error instanceof Fault ? error.cause : error;
  const { code, message } = (cause ?? {}) as { readonly code?: unknown; readonly message?: unknown };
  const isWrong = wrongAddress.has(String(code));
  const fault = databaseFault(error);
  if (!isWrong && !(fault instanceof Fault && fault.code === "unavailable" && cause !== undefined)) return error;
  return new Fault({
    code: "unavailable",
    type: "database_unreachable",
    message: `Postgres cannot be reached at the address given: ${message || code}. Check host, port, database and password of DATABASE_URL, and that the server runs.`,
    // What cannot be read as an address is not repeated: it may hold the password.
    ...(code !== "ERR_INVALID_URL" && { cause }),
  });
}

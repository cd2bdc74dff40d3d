import type { Clock, Timer } from "../core/clock.ts";
import { Fault } from "../core/fault.ts";
import { limits } from "../core/limits.ts";
import { LoadLine, type RefusalCount } from "../core/load-line/load-line.ts";
import { overloaded, type ReachedLimit, retryLater } from "../core/load-line/refusal.ts";
import { BoundedQueue, type QueuedWaiter } from "../core/queue/bounded-queue.ts";
import type { Share } from "../core/queue/share.ts";
import { Stock } from "../core/queue/stock.ts";
import { InOrder } from "../core/queue/turns.ts";
import { Signal } from "../core/signals.ts";
import { Connection, type ConnectionOptions } from "./connection.ts";
import { databaseDown, databaseFault } from "./faults.ts";
import { TypeCatalog } from "./values/catalog.ts";

/** The bounds of a pool: its connections, its queue and how long a connection is used. */
export interface PoolOptions extends Omit<ConnectionOptions, "clock"> {
  /** Connections at the most. *Default*: 16. */
  readonly size: number;
  /** How many may wait for one. */
  readonly queue: number;
  /** How long a connection is used before it is replaced. *Units*: milliseconds. */
  readonly lifetimeMs: number;
  /** How long it may stay unused. *Units*: milliseconds. */
  readonly idleMs: number;
  readonly clock: Clock;
  readonly lines: PoolLines;
  /** Where several processes have the connections, and the queue, together. *Default*: they are this process's. */
  readonly shares?: PoolShares | undefined;
}

/** What this process has of the connections of several, and of their queue. */
export interface PoolShares {
  readonly connections: Share;
  readonly queue: Share | undefined;
}

/** The load lines of a pool: its connections and its queue. They outlive a stop, after which a database has another pool. */
export class PoolLines {
  readonly connections: LoadLine;
  readonly queue: LoadLine;
  readonly late: RefusalCount;
  readonly full: RefusalCount;

  /** `of`: whose they are, in the names of the lines. */
  constructor({ size, queue }: Pick<PoolOptions, "size" | "queue">, pool: () => Pool | undefined, of = "database") {
    this.connections = new LoadLine({
      ...{ name: `${of} connections`, unit: "connections", declared: size, now: () => pool()?.lent ?? 0 },
      fixed: "The server bounds the connections of all processes, so one process cannot open more. Change postgres({ connections }).",
    });
    this.queue = new LoadLine({
      ...{ name: `${of} connection queue`, unit: "executions", declared: queue, now: () => pool()?.waiting ?? 0 },
    });
    this.late = this.connections.reason("late");
    this.full = this.queue.reason("full");
  }
}

interface Waiting extends QueuedWaiter {
  refused(fault: Fault): void;
}

const retryConnectMs = 250;
/** A connection that is younger says what the server is like now. */
const freshMs = 1_000;

/**
 * A bounded set of connections with a bounded queue in front, first come first served, no longer than each one's deadline.
 * A broken connection is replaced by the next who needs one; while the server is away every caller is refused at once. One that is found broken makes
 * the others that are as old be asked before they are lent; what is too old, or unused for too long, is closed.
 */
export class Pool {
  readonly options: PoolOptions;
  readonly opened = new Signal<Connection>("connection opened");
  readonly lost = new Signal<undefined>("connection lost");
  readonly #catalog = new TypeCatalog();
  readonly #connecting: ConnectionOptions;
  readonly #idle = new Stock<Connection>();
  /** Who uses a connection, and who waits for one. */
  readonly #places: BoundedQueue<Waiting>;
  readonly #all = new Set<Connection>();
  #opening = 0;
  /** Those that a smaller share closes, and that the server may still have. */
  #closing = 0;
  /** Those that may be broken, and are checked; no caller waits for that. */
  #asked = 0;
  #downUntil = 0;
  #downFault: Fault | undefined;
  #retry: Timer | undefined;
  #sweep: Timer | undefined;
  #closed = false;

  constructor(options: PoolOptions) {
    this.options = options;
    this.#connecting = { ...options, catalog: this.#catalog };
    const { queue, lines } = options;
    this.#places = new BoundedQueue({ limit: this.#idle, queue, turns: new InOrder(), line: lines.connections });
  }

  get connections(): number {
    return this.#all.size;
  }
  /** How many it may have open now. */
  get size(): number {
    return this.options.shares?.connections.current ?? this.options.size;
  }
  /** Those that are open, or will be; those that may be broken, and are checked, excepted. */
  get held(): number {
    return this.#all.size - this.#asked + this.#opening + this.#closing;
  }
  get idle(): number {
    return this.#idle.size;
  }
  /** Connections that executions use. */
  get lent(): number {
    return this.#places.running;
  }
  get waiting(): number {
    return this.#places.waiting;
  }

  /** An idle connection, if there is one and no caller waits. */
  take(): Connection | undefined {
    return this.#places.tryEnter() ? this.#lend() : undefined;
  }

  /** Waits for a connection until `deadlineAt` of the clock's monotonic time. *Faults thrown*: `unavailable`, `deadline_exceeded`. */
  wait(deadlineAt: number): Promise<Connection> {
    const { clock, lines, shares } = this.options;
    const queue = shares?.queue?.current ?? this.options.queue;
    const now = clock.monotonic();
    const idle = this.take();
    if (idle !== undefined) return Promise.resolve(idle);
    if (this.#closed) return Promise.reject(databaseDown(undefined));
    if (this.#all.size === 0 && this.#opening === 0 && now < this.#downUntil) return Promise.reject(this.#downFault);
    shares?.queue?.uses(this.waiting + 1);
    shares?.connections.uses(this.lent + this.waiting + 1);
    if (this.waiting >= queue && lines.queue.refuses(lines.full)) {
      const reached = { limit: lines.queue.name, value: queue, load: this.waiting };
      return Promise.reject(overloaded(reached, clock.random()));
    }
    return new Promise((resolve, reject) => {
      const waiting: Waiting = {
        granted: () => {
          timer.cancel();
          resolve(this.#lend());
        },
        refused: (fault) => {
          timer.cancel();
          reject(fault);
        },
      };
      const timer = clock.schedule(Math.max(0, deadlineAt - now), () => {
        if (!this.#places.forget(waiting)) return;
        lines.connections.refuses(lines.late);
        reject(waitedTooLong({ limit: lines.connections.name, value: this.size, load: this.lent }, clock.random()));
      });
      this.#places.addOver(waiting);
      lines.queue.admits(this.waiting);
      this.#openMore();
    });
  }

  /** Returns a connection to the pool; the caller that has waited longest gets it. */
  release(connection: Connection): void {
    const now = this.options.clock.monotonic();
    connection.idleSince = now;
    if (this.#isWanted(connection, now)) this.#idle.put(connection);
    else if (!connection.broken) this.#retire(connection);
    this.#ended(connection);
    if (this.#idle.size > 0) this.#sweepLater();
  }

  /** Its share has changed: opens what those who wait may use now, or closes what no caller uses. */
  resized(): void {
    for (let waiting = this.waiting; waiting > 0; waiting--) this.#openMore();
    for (const connection of [...this.#idle]) {
      if (this.held <= this.size) return;
      this.#idle.remove(connection);
      this.#retire(connection);
    }
  }

  /** The server is another than it was, as after a failover: connections that are older lead to what it was. */
  retireOld(): void {
    const now = this.options.clock.monotonic();
    for (const connection of this.#all) {
      if (now - connection.openedAt < freshMs) continue;
      connection.retired = true;
      if (this.#idle.remove(connection)) this.#retire(connection);
    }
  }

  /** Stops what a connection runs and gives it back when the server is ready again; cut after one second. */
  quarantine(connection: Connection): void {
    if (connection.broken) return;
    // The server may be slow, or the connection may be broken. Then those that have been idle for as long may be broken too, and are checked.
    this.#askIdle(connection.idleSince);
    const cut = this.options.clock.schedule(limits.quarantineMs, () => void connection.close(true));
    connection
      .cancel()
      .then(() => connection.sendCommand("rollback"))
      .then(() => this.release(connection))
      .catch(() => connection.close(true))
      .finally(() => cut.cancel());
  }

  /** Opens the first connection, so that a wrong address is known at start. */
  async start(): Promise<void> {
    this.#closed = false;
    // Of fewer connections than processes this one may have none yet.
    if (this.size === 0) return;
    const connection = await Connection.open(this.#connecting);
    this.#adopt(connection);
    this.release(connection);
  }

  async stop(): Promise<void> {
    this.#closed = true;
    this.#retry?.cancel();
    this.#retry = undefined;
    this.#sweep?.cancel();
    this.#sweep = undefined;
    this.#failWaiting(databaseDown(undefined));
    await Promise.all([...this.#all].map((connection) => connection.close(connection.inFlight > 0)));
    this.#idle.clear();
  }

  #openMore(): void {
    if (this.#closed || this.#opening >= this.waiting || this.held >= this.size) return;
    if (this.#retry !== undefined && this.#all.size > 0) return;
    this.#opening++;
    Connection.open(this.#connecting).then(
      (connection) => {
        this.#opening--;
        this.#adopt(connection);
        this.release(connection);
        this.#openMore();
      },
      (error) => {
        this.#opening--;
        const fault = databaseFault(error);
        this.#downFault = fault instanceof Fault ? fault : databaseDown(error);
        this.#downUntil = this.options.clock.monotonic() + retryConnectMs;
        // Without connections left, waiting longer would only hide the outage.
        if (this.#all.size === 0) this.#failWaiting(this.#downFault);
        else this.#retryLater();
      },
    );
  }

  /** Those who wait may get one of the connections that are left, but these may be broken too: so it is tried again. */
  #retryLater(): void {
    this.#retry ??= this.options.clock.schedule(retryConnectMs, () => {
      this.#retry = undefined;
      this.#openMore();
    });
  }

  #adopt(connection: Connection): void {
    this.#all.add(connection);
    connection.onBroken = () => {
      this.#all.delete(connection);
      this.options.shares?.connections.returned(this.#all.size + 1);
      this.#idle.remove(connection);
      this.#ended(connection);
      // What comes next may be another server, as after a restore: types have other numbers there.
      if (this.#all.size === 0) this.#catalog.forget();
      this.lost.publish(undefined);
      if (!connection.retired) this.#askIdle(connection.idleSince);
      this.#openMore();
    };
    this.opened.publish(connection);
  }

  #lend(): Connection {
    const connection = this.#idle.take();
    connection.lent = true;
    return connection;
  }

  /** No caller uses it any more, whether it was returned or broke; one that was opened or asked has been lent to none. */
  #ended(connection: Connection): void {
    if (!connection.lent) return this.#places.refill();
    connection.lent = false;
    this.#places.leave();
  }

  #isWanted(connection: Connection, now: number): boolean {
    if (connection.broken || this.#closed || this.#isOver(connection, now)) return false;
    if (this.options.shares !== undefined) return this.held <= this.size;
    return this.waiting > 0 || this.#all.size <= this.options.size;
  }

  /** Whether no caller may get it any more. Not all of one moment end in one moment. */
  #isOver(connection: Connection, now: number): boolean {
    return connection.retired || now - connection.openedAt >= this.options.lifetimeMs * (1 - connection.early / 10);
  }

  #retire(connection: Connection): void {
    connection.retired = true;
    const { shares } = this.options;
    if (shares === undefined) return void connection.close();
    this.#closing++;
    void connection.close().then(() => {
      this.#closing--;
      shares.connections.returned(this.held + 1);
      this.#openMore();
    });
  }

  /** A connection that is unused since then must respond before it is used again, or is cut. */
  #askIdle(since: number): void {
    if (this.#closed) return;
    for (const connection of [...this.#idle].filter(({ idleSince }) => idleSince <= since)) {
      this.#idle.remove(connection);
      this.#asked++;
      void connection.answers(limits.connectionCheckMs).then((alive) => {
        this.#asked--;
        if (alive) this.release(connection);
      });
    }
  }

  /** Closes connections that were unused for too long: its way through the network may be forgotten. */
  #sweepLater(): void {
    const { clock, idleMs } = this.options;
    this.#sweep ??= clock.schedule(idleMs / 2, () => {
      this.#sweep = undefined;
      const now = clock.monotonic();
      for (const connection of [...this.#idle]) {
        if (now - connection.idleSince < idleMs / 2 && !this.#isOver(connection, now)) continue;
        this.#idle.remove(connection);
        this.#retire(connection);
      }
      if (this.#idle.size > 0) this.#sweepLater();
    });
  }

  #failWaiting(fault: Fault): void {
    for (const waiting of this.#places.takeOut()) waiting.refused(fault);
  }
}

function waitedTooLong(reached: ReachedLimit, random: number): Fault {
  return new Fault({
    code: "deadline_exceeded",
    type: "database_connections_busy",
    message: `All ${reached.value} database connections were busy until the deadline. Nothing was changed; try again later.`,
    details: reached,
    retryAfterMs: retryLater(random),
  });
}

import type { Clock, Timer } from "../core/clock.ts";
import { Fault } from "../core/fault.ts";
import { limits } from "../core/limits.ts";
import { Signal } from "../core/signals.ts";
import { Connection, type ConnectionOptions } from "./connection.ts";
import { databaseDown, databaseFault } from "./errors.ts";

export interface PoolOptions extends Omit<ConnectionOptions, "clock"> {
  /** Connections at the most. *Default*: 16. */
  readonly size: number;
  /** How many may wait for one. */
  readonly queue: number;
  readonly clock: Clock;
}

interface Waiting {
  resolve(connection: Connection): void;
  reject(error: unknown): void;
  readonly timer: Timer;
}

const retryConnectMs = 250;

/**
 * A bounded set of connections with a bounded queue in front, first come first served, no longer than each one's deadline.
 * A broken connection is replaced by the next who needs one; while the server is away everybody is told at once.
 */
export class Pool {
  readonly options: PoolOptions;
  readonly opened = new Signal<Connection>("connection opened");
  readonly lost = new Signal<undefined>("connection lost");
  readonly #idle: Connection[] = [];
  readonly #all = new Set<Connection>();
  readonly #waiting = new Set<Waiting>();
  #opening = 0;
  #downUntil = 0;
  #downFault: Fault | undefined;
  #retry: Timer | undefined;
  #closed = false;

  constructor(options: PoolOptions) {
    this.options = options;
  }

  get connections(): number {
    return this.#all.size;
  }
  get idle(): number {
    return this.#idle.length;
  }
  get waiting(): number {
    return this.#waiting.size;
  }

  /** An idle connection, when there is one and nobody waits. */
  take(): Connection | undefined {
    return this.#waiting.size > 0 ? undefined : this.#idle.pop();
  }

  /** Waits for a connection until `deadlineAt` of the clock's monotonic time. *Faults thrown*: `unavailable`, `deadline_exceeded`. */
  wait(deadlineAt: number): Promise<Connection> {
    const { clock, queue, size } = this.options;
    const now = clock.monotonic();
    const idle = this.take();
    if (idle !== undefined) return Promise.resolve(idle);
    if (this.#closed) return Promise.reject(databaseDown(undefined));
    if (this.#all.size === 0 && this.#opening === 0 && now < this.#downUntil) return Promise.reject(this.#downFault);
    if (this.#waiting.size >= queue) return Promise.reject(poolFull(queue, this.#waiting.size));
    return new Promise((resolve, reject) => {
      const waiting: Waiting = {
        resolve,
        reject,
        timer: clock.schedule(Math.max(0, deadlineAt - now), () => {
          this.#waiting.delete(waiting);
          reject(waitedTooLong(size));
        }),
      };
      this.#waiting.add(waiting);
      this.#openMore();
    });
  }

  /** Gives a connection back; whoever waits longest gets it. */
  release(connection: Connection): void {
    if (connection.broken || this.#closed) {
      if (!connection.broken) void connection.close();
      return;
    }
    for (const next of this.#waiting) {
      this.#waiting.delete(next);
      next.timer.cancel();
      return next.resolve(connection);
    }
    this.#idle.push(connection);
  }

  /** Stops what a connection runs and gives it back when the server is ready again; cut after one second. */
  quarantine(connection: Connection): void {
    if (connection.broken) return;
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
    const connection = await Connection.open(this.options);
    this.#adopt(connection);
    this.release(connection);
  }

  async stop(): Promise<void> {
    this.#closed = true;
    this.#retry?.cancel();
    this.#retry = undefined;
    this.#failWaiting(databaseDown(undefined));
    await Promise.all([...this.#all].map((connection) => connection.close(connection.inFlight > 0)));
    this.#idle.length = 0;
  }

  #openMore(): void {
    if (this.#closed || this.#opening >= this.#waiting.size || this.#all.size + this.#opening >= this.options.size) return;
    if (this.#retry !== undefined && this.#all.size > 0) return;
    this.#opening++;
    Connection.open(this.options).then(
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

  /** Those who wait may get one of the connections that are left, but these may be as good as dead: so it is tried again. */
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
      const at = this.#idle.indexOf(connection);
      if (at >= 0) this.#idle.splice(at, 1);
      this.lost.publish(undefined);
      this.#openMore();
    };
    this.opened.publish(connection);
  }

  #failWaiting(fault: Fault): void {
    for (const waiting of this.#waiting) {
      waiting.timer.cancel();
      waiting.reject(fault);
    }
    this.#waiting.clear();
  }
}

function poolFull(queue: number, load: number): Fault {
  return new Fault({
    code: "unavailable",
    type: "overloaded",
    message: `The limit "database connection queue" of ${queue} is reached (load ${load}). Try again in a moment.`,
    details: { limit: "database connection queue", value: queue, load },
    retryAfterMs: 1_000,
  });
}

function waitedTooLong(size: number): Fault {
  return new Fault({
    code: "deadline_exceeded",
    type: "database_connections_busy",
    message: `All ${size} database connections were busy until the deadline. Nothing was changed; try again later.`,
    details: { limit: "database connections", value: size, load: size },
    retryAfterMs: 1_000,
  });
}

import pg from "pg";
import type { Clock, Timer } from "../../core/clock.ts";
import { Fault } from "../../core/fault.ts";
import { limits } from "../../core/limits.ts";
import type { Lender } from "../lender.ts";
import { checkSession } from "../start/session-address.ts";
import { verifiedUrl } from "../start/verified-url.ts";
import { endSession } from "../wire/end-session.ts";

const connectMs = 5_000;
const reconnectMs = 500;

/** The database that a session is opened to. */
export interface SessionDatabase extends Lender {
  readonly clock: Clock;
  /** Known once the database has started. */
  readonly sessionUrl: string | undefined;
}

/** What a session listens to, and what it calls. */
export interface ListeningOptions {
  readonly database: SessionDatabase;
  /** How the session is named in `pg_stat_activity`. */
  readonly name: string;
  readonly channel: string;
  /** How long a statement of it may take. *Units*: milliseconds. */
  readonly respondMs: number;
  /** What a start fails with where a pooler keeps no session. */
  readonly needsSession: string;
  /** It listens from now on. `since`: monotonic milliseconds just before it did; what was sent earlier is not known. */
  readonly opened: (since: number) => void;
  readonly notified: (payload: string) => void;
  /** What is done with it again and again while it is open; where it fails the session is lost. */
  readonly beat?: { readonly everyMs: number; readonly run: (client: pg.Client) => Promise<void> };
}

/**
 * A connection of its own that listens on one channel, and is opened again when it is lost.
 * *Guarantees*: while {@link client} is defined, it listens; once stopped it opens nothing more.
 */
export class ListeningSession {
  readonly #options: ListeningOptions;
  readonly #clock: Clock;
  #client: pg.Client | undefined;
  #isStopped = true;
  #timer: Timer | undefined;

  constructor(options: ListeningOptions) {
    this.#options = options;
    this.#clock = options.database.clock;
  }

  /** The open session; undefined while there is none. */
  get client(): pg.Client | undefined {
    return this.#client;
  }

  /** Opens it, now or, where the database is away, later. *Faults thrown*: `failed_precondition`, `pooler_keeps_no_session`; then it stays closed. */
  async start(): Promise<void> {
    this.#isStopped = false;
    await this.#open().catch((error) => {
      if (error instanceof Fault) throw error;
      this.#later(reconnectMs);
    });
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#timer?.cancel();
    const client = this.#client;
    this.#client = undefined;
    if (client !== undefined) await endSession(client, this.#clock);
  }

  /** Gives up a session that did not do what it was asked, and opens another. */
  lost(client: pg.Client): void {
    if (this.#client !== client) return;
    this.#client = undefined;
    void endSession(client, this.#clock);
    this.#later(reconnectMs);
  }

  async #open(): Promise<void> {
    const { database, name, channel, respondMs, needsSession, opened, notified, beat } = this.#options;
    const options = {
      connectionString: verifiedUrl(database.sessionUrl ?? ""),
      application_name: name,
      connectionTimeoutMillis: connectMs,
      query_timeout: respondMs,
      ...{ keepAlive: true, keepAliveInitialDelayMillis: limits.connectionProbeMs },
    };
    const client = new pg.Client(options);
    client.on("error", () => this.lost(client));
    client.on("end", () => this.lost(client));
    client.on("notification", ({ payload = "" }) => notified(payload));
    try {
      await client.connect();
      await checkSession(client, { another: () => new pg.Client(options), message: needsSession });
      const since = this.#clock.monotonic();
      await client.query(`listen ${channel}`);
      if (this.#isStopped) return void endSession(client, this.#clock);
      this.#client = client;
      opened(since);
      if (beat !== undefined) this.#later(beat.everyMs);
    } catch (error) {
      void endSession(client, this.#clock);
      throw error;
    }
  }

  /** Continues after a pause: with a beat, or with another attempt to connect. */
  #later(delayMs: number): void {
    if (this.#isStopped) return;
    this.#timer?.cancel();
    this.#timer = this.#clock.schedule(delayMs, () => {
      const [client, { beat }] = [this.#client, this.#options];
      if (client === undefined) return void this.#open().catch(() => this.#later(reconnectMs));
      beat?.run(client).then(
        () => this.#later(beat.everyMs),
        () => this.lost(client),
      );
    });
  }
}

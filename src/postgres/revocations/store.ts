import pg from "pg";
import type { Clock, Timer } from "../../core/clock.ts";
import { Fault } from "../../core/fault.ts";
import type { Service } from "../../core/service.ts";
import type {
  NewRevocation,
  RevocationEntry,
  RevocationHost,
  RevocationReading,
  RevocationStore,
} from "../../operation/authentication/revocations.ts";
import type { Statement } from "../../operation/transaction.ts";
import type { ChannelDatabase } from "../cache/channel.ts";
import { borrowed } from "../lender.ts";
import { checkSession } from "../start/session-address.ts";
import { verifiedUrl } from "../start/verified-url.ts";

const connectMs = 5_000;
const reconnectMs = 500;
/** How long one reading may take on one connection; a second may follow on another. */
const readMs = 400;
const channel = "plimsoll_revocations";

/**
 * Keeps revocations in PostgreSQL. Each process reads them on a session of its own, which also listens for new ones, so that no execution waits for it, nor it
 * for an execution. While that session is lost, or where a pooler keeps none, it reads on a connection of the pool.
 */
export class PostgresRevocations implements RevocationStore {
  readonly service: Service;
  readonly #database: ChannelDatabase;
  readonly #host: RevocationHost;
  readonly #clock: Clock;
  #client: pg.Client | undefined;
  #stopped = true;
  #timer: Timer | undefined;

  constructor(database: ChannelDatabase, host: RevocationHost) {
    this.#database = database;
    this.#host = host;
    this.#clock = database.clock;
    this.service = {
      name: "postgres revocations",
      start: async () => {
        this.#stopped = false;
        await this.#connect();
      },
      stop: async () => {
        this.#stopped = true;
        this.#timer?.cancel();
        const client = this.#client;
        this.#client = undefined;
        await client?.end().catch(() => undefined);
      },
    };
  }

  async read(mark: string | undefined, most: number): Promise<RevocationReading> {
    const text = "select plimsoll.read_revocations($1, $2) as reading";
    const values = [mark ?? null, most];
    const client = this.#client;
    if (client !== undefined) {
      try {
        const { rows } = await client.query<{ reading: string }>({ text, values });
        return readingOf(rows[0]?.reading);
      } catch {
        this.#lost(client);
      }
    }
    const { rows } = await this.#within(borrowed(this.#database, readMs, (connection) => connection.send({ text, values })));
    return readingOf(rows[0]?.reading);
  }

  statement({ kind, tenant, id, beforeMs, keepMs, untilMs, most }: NewRevocation): Statement {
    return {
      text: "select plimsoll.revoke($1, $2, $3, $4, $5, $6, $7) as revoked",
      values: [kind, tenant, id, beforeMs ?? null, keepMs ?? null, untilMs ?? null, most],
    };
  }

  #within<T>(work: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const message = "The database did not return the revocations in time. Check the path to it.";
      const timer = this.#clock.schedule(readMs, () => reject(new Fault({ code: "unavailable", message })));
      work.then(resolve, reject).finally(() => timer.cancel());
    });
  }

  async #connect(): Promise<void> {
    const options = {
      connectionString: verifiedUrl(this.#database.sessionUrl ?? ""),
      application_name: "plimsoll-revocations",
      connectionTimeoutMillis: connectMs,
      query_timeout: readMs,
      keepAlive: true,
    };
    const client = new pg.Client(options);
    client.on("error", () => this.#lost(client));
    client.on("end", () => this.#lost(client));
    client.on("notification", () => this.#host.changed());
    try {
      await client.connect();
      await checkSession(client, {
        another: () => new pg.Client(options),
        message: "The pooler keeps no session. Give postgres({ directUrl }).",
      });
      await client.query(`listen ${channel}`);
      if (this.#stopped) return void client.end().catch(() => undefined);
      this.#client = client;
      // What came while it did not listen.
      this.#host.changed();
    } catch (error) {
      client.end().catch(() => undefined);
      // Behind a pooler that keeps no session there never is one.
      if (!(error instanceof Fault)) this.#reconnect();
    }
  }

  #reconnect(): void {
    this.#timer?.cancel();
    if (!this.#stopped) this.#timer = this.#clock.schedule(reconnectMs, () => void this.#connect());
  }

  #lost(client: pg.Client): void {
    if (this.#client !== client) return;
    this.#client = undefined;
    client.end().catch(() => undefined);
    this.#reconnect();
  }
}

function readingOf(json: unknown): RevocationReading {
  const { mark, whole, entries } = JSON.parse(String(json)) as Omit<RevocationReading, "entries"> & {
    readonly entries: readonly (readonly [RevocationEntry["kind"], string, string, number | null])[];
  };
  return { mark, whole, entries: entries.map(([kind, tenant, id, beforeMs]) => ({ kind, tenant, id, beforeMs: beforeMs ?? undefined })) };
}

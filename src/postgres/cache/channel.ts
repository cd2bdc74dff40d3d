import pg from "pg";
import type { Clock, Timer } from "../../core/clock.ts";
import { Fault } from "../../core/fault.ts";
import type { Service } from "../../core/service.ts";
import { type CacheHost, everything, type InvalidationChannel } from "../../operation/cache/port.ts";
import type { Statement } from "../../operation/transaction.ts";
import { borrowed, type Lender } from "../lender.ts";
import { checkSession } from "../start/session-address.ts";
import { verifiedUrl } from "../start/verified-url.ts";

const connectMs = 5_000;
/** How often the session is asked whether it is there: what was sent to it before has arrived then. */
const beatMs = 250;
/** How long it may take to respond. */
const respondMs = 2_000;
const reconnectMs = 500;
const notifyMs = 1_000;
/** A notification holds less than 8,000 bytes; a character may take four. */
const payloadChars = 1_900;
const mostPayloads = 32;
const channel = "plimsoll_cache";
const needsSession =
  "Cached queries are invalidated through a session, and a transaction pooler between the app and PostgreSQL keeps none. Give postgres({ directUrl }) an address of the server itself, or of a pooler with pool_mode = session.";

/** The database that a channel is of. */
export interface ChannelDatabase extends Lender {
  readonly clock: Clock;
  /** Known once the database has started. */
  readonly sessionUrl: string | undefined;
}

/**
 * Invalidations by NOTIFY, in the transaction that invalidates: other processes get them when it has committed, and never otherwise, also where the process ends
 * in that moment. Listens on a connection of its own, which is opened again when it is lost; what was kept before is not used then.
 */
export class PostgresInvalidations implements InvalidationChannel {
  readonly service: Service;
  readonly #database: ChannelDatabase;
  readonly #host: CacheHost;
  readonly #clock: Clock;
  #client: pg.Client | undefined;
  #stopped = true;
  #timer: Timer | undefined;

  constructor(database: ChannelDatabase, host: CacheHost) {
    this.#database = database;
    this.#host = host;
    this.#clock = database.clock;
    this.service = {
      name: "postgres invalidations",
      start: async () => {
        this.#stopped = false;
        await this.#connect().catch((error) => {
          if (error instanceof Fault) throw error;
          this.#later(reconnectMs);
        });
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

  statement(tags: readonly string[]): Statement {
    const text = `select pg_catalog.pg_notify('${channel}', payload) from pg_catalog.unnest($1::text[]) as payload`;
    return { text, values: [payloadsOf(tags)], columnsAsIs: true };
  }

  async notify(tags: readonly string[]): Promise<void> {
    await borrowed(this.#database, notifyMs, (connection) => connection.send(this.statement(tags)));
  }

  async #connect(): Promise<void> {
    const options = {
      connectionString: verifiedUrl(this.#database.sessionUrl ?? ""),
      application_name: "plimsoll-cache",
      connectionTimeoutMillis: connectMs,
      query_timeout: respondMs,
      keepAlive: true,
    };
    const client = new pg.Client(options);
    client.on("error", () => this.#lost(client));
    client.on("end", () => this.#lost(client));
    client.on("notification", ({ payload = "" }) => this.#host.invalidated(tagsOf(payload)));
    try {
      await client.connect();
      await checkSession(client, { another: () => new pg.Client(options), message: needsSession });
      const listensFrom = this.#clock.monotonic();
      await client.query(`listen ${channel}`);
      if (this.#stopped) throw new Fault({ code: "cancelled", message: "The app has stopped." });
      this.#client = client;
      // What came while it did not listen is not known.
      this.#host.missed();
      this.#host.confirmed(listensFrom);
      this.#later(beatMs);
    } catch (error) {
      client.end().catch(() => undefined);
      throw error;
    }
  }

  async #beat(client: pg.Client): Promise<void> {
    const at = this.#clock.monotonic();
    await client.query("select 1");
    this.#host.confirmed(at);
  }

  /** Continues after a pause: with a beat, or with another attempt to connect. */
  #later(delayMs: number): void {
    if (this.#stopped) return;
    this.#timer?.cancel();
    this.#timer = this.#clock.schedule(delayMs, () => {
      const client = this.#client;
      if (client === undefined) return void this.#connect().catch(() => this.#later(reconnectMs));
      this.#beat(client).then(
        () => this.#later(beatMs),
        () => this.#lost(client),
      );
    });
  }

  #lost(client: pg.Client): void {
    if (this.#client !== client) return;
    this.#client = undefined;
    client.end().catch(() => undefined);
    this.#later(reconnectMs);
  }
}

/** Writes tags as few notifications; everything where they would be many. */
function payloadsOf(tags: readonly string[]): readonly string[] {
  if (tags.includes(everything)) return [""];
  const payloads: string[] = [];
  let part: string[] = [];
  let chars = 0;
  for (const tag of tags) {
    const size = tag.length + 3;
    if (chars + size > payloadChars) {
      payloads.push(JSON.stringify(part));
      [part, chars] = [[], 0];
    }
    part.push(tag);
    chars += size;
  }
  payloads.push(JSON.stringify(part));
  return payloads.length > mostPayloads ? [""] : payloads;
}

function tagsOf(payload: string): readonly string[] {
  if (payload === "") return [everything];
  try {
    const tags: unknown = JSON.parse(payload);
    if (Array.isArray(tags) && tags.every((tag) => typeof tag === "string")) return tags;
  } catch {
    // Any session of the database may notify.
  }
  return [everything];
}

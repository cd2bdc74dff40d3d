import { createHash } from "node:crypto";
import pg from "pg";
import type { Clock, Timer } from "../../core/clock.ts";
import type { Service } from "../../core/service.ts";
import { type LeaseAsk, type LeaseGrant, type LeaseStore, type LeaseStoreSource, renewMs } from "../../resilience/leases/lease-store.ts";
import { type LeaseOptions, leasedRates } from "../../resilience/leases/leased-rates.ts";
import type { QuotaAsk, QuotaGrant } from "../../resilience/leases/quota-rules.ts";
import { storeUnavailable } from "../../resilience/leases/unavailable.ts";
import type { RateHost, RateStore } from "../../resilience/rate-limit.ts";
import { verifiedUrl } from "../start/verified-url.ts";
import { endSession } from "../wire/end-session.ts";

/** How long a connection may take. *Units*: milliseconds. */
const connectMs = 5_000;
/** How long after a failed attempt to connect the next one follows. *Units*: milliseconds. */
const reconnectMs = 500;
/** How often one process deletes what has expired. *Units*: milliseconds. */
const expireMs = 10_000;

/** What {@link postgresRates} takes. */
export interface PostgresRatesSpec extends LeaseOptions {
  /** As the app's role; the database is one that an app with `postgres()` has migrated. */
  readonly url: string;
}

/**
 * Counts rates in PostgreSQL, for apps without a Redis: by leases, in an unlogged table, on one connection of its own in each process.
 * *Guarantees*: those of `leasedRates`. A server that crashed has lost the counts, and each key gets at most one burst more.
 * @example createApp({ modules, database, rateLimit: { perSecond: 100, store: postgresRates({ url: env.DATABASE_URL }) } });
 */
export function postgresRates({ url, ...options }: PostgresRatesSpec): RateStore {
  return leasedRates(postgresLeases(url), options);
}

/** Keeps leases in PostgreSQL; what {@link postgresRates} is made of. */
export function postgresLeases(url: string): LeaseStoreSource {
  return { name: "postgres rates", open: (host) => new PostgresLeases(url, host) };
}

class PostgresLeases implements LeaseStore {
  readonly service: Service;
  readonly #url: string;
  readonly #app: string;
  readonly #clock: Clock;
  #client: pg.Client | undefined;
  #stopped = false;
  #retry: Timer | undefined;
  #expiry: Timer | undefined;

  constructor(url: string, { app, clock }: RateHost) {
    this.#url = url;
    this.#app = app;
    this.#clock = clock;
    this.service = {
      name: "postgres rates",
      start: async () => {
        this.#stopped = false;
        await this.#connect();
        this.#expireLater();
      },
      stop: async () => {
        this.#stopped = true;
        this.#retry?.cancel();
        this.#expiry?.cancel();
        if (this.#client !== undefined) await endSession(this.#client, this.#clock);
      },
    };
  }

  async exchange(member: string, asks: readonly LeaseAsk[]): Promise<readonly LeaseGrant[]> {
    // Rows are locked in one order by all processes, so that none waits for another in a circle.
    const places = inOrder(asks, ({ rate, key }) => this.#place(rate, key));
    const rows = await this.#ask(
      `select l.credits, l.share, l.members, l.crowded
       from unnest($2::text[], $3::float8[], $4::float8[], $5::float8[], $6::float8[], $7::boolean[])
         with ordinality a(place, rate, burst, want, demand, held, n)
       cross join lateral plimsoll.lease_rate($1, a.place, a.rate, a.burst, a.want, a.demand, a.held) l order by a.n`,
      [
        member,
        places.map(({ place }) => place),
        places.map(({ ask }) => ask.rate.ratePerSecond),
        places.map(({ ask }) => ask.rate.burst),
        places.map(({ ask }) => ask.want),
        places.map(({ ask }) => ask.demand),
        places.map(({ ask }) => ask.held),
      ],
    );
    return asAsked<LeaseGrant>(places, rows);
  }

  async take(rate: LeaseAsk["rate"], key: string): Promise<number> {
    const values = [this.#place(rate, key), rate.ratePerSecond, rate.burst];
    const [row] = await this.#ask("select plimsoll.take_rate($1, $2, $3) as wait", values);
    return row?.wait as number;
  }

  async refund(rate: LeaseAsk["rate"], key: string): Promise<void> {
    await this.#ask("select plimsoll.refund_rate($1, $2)", [this.#place(rate, key), rate.ratePerSecond]);
  }

  async quotas(asks: readonly QuotaAsk[]): Promise<readonly QuotaGrant[]> {
    const places = inOrder(asks, ({ name, key }) => this.#place({ name: `quota\0${name}` }, key));
    const each = (value: (ask: QuotaAsk) => number | undefined) => places.map(({ ask }) => value(ask) ?? null);
    const rows = await this.#ask(
      `select l.* from unnest($1::text[], $2::float8[], $3::float8[], $4::float8[], $5::float8[], $6::float8[], $7::float8[], $8::float8[])
         with ordinality a(place, want, owed, quota, span, remaining, reset, retry, n)
       cross join lateral plimsoll.settle_quota(a.place, a.want, a.owed, a.quota, a.span, a.remaining, a.reset, a.retry) l order by a.n`,
      [
        ...[places.map(({ place }) => place), each(({ want }) => want), each(({ owed }) => owed)],
        ...[each(({ lesson }) => lesson.limit), each(({ lesson }) => lesson.windowMs), each(({ lesson }) => lesson.remaining)],
        ...[each(({ lesson }) => lesson.resetMs), each(({ lesson }) => lesson.retryAfterMs)],
      ],
    );
    return asAsked<QuotaGrant>(places, rows);
  }

  #place({ name }: Pick<LeaseAsk["rate"], "name">, key: string): string {
    return createHash("sha256").update(`${this.#app}\0${name}\0${key}`).digest("base64url");
  }

  async #ask(text: string, values: readonly unknown[]): Promise<readonly Record<string, unknown>[]> {
    if (this.#client === undefined)
      throw storeUnavailable("There is no connection to PostgreSQL for rates. Check its address and that it runs.");
    const { rows } = await this.#client.query<Record<string, unknown>>({ text, values: [...values] });
    return rows;
  }

  /** The app starts without it where the first attempt fails; further attempts follow. */
  async #connect(): Promise<void> {
    const client = new pg.Client({
      connectionString: verifiedUrl(this.#url),
      application_name: "plimsoll-rates",
      connectionTimeoutMillis: connectMs,
      // A later response is of no use, and a connection whose query hangs is replaced.
      query_timeout: 4 * renewMs,
      options: `-c statement_timeout=${4 * renewMs}`,
      pipeline: true,
    } as pg.ClientConfig);
    let lost = false;
    const lose = () => {
      if (lost) return;
      lost = true;
      if (this.#client === client) this.#client = undefined;
      if (!this.#stopped) this.#retry = this.#clock.schedule(reconnectMs, () => void this.#connect());
    };
    client.on("error", lose);
    client.on("end", lose);
    try {
      await client.connect();
      this.#client = client;
      if (this.#stopped) await endSession(client, this.#clock);
    } catch {
      lose();
    }
  }

  #expireLater(): void {
    this.#expiry = this.#clock.schedule(expireMs * (0.5 + this.#clock.random()), () => {
      this.#ask("select plimsoll.expire_rates()", []).then(
        () => this.#expireLater(),
        () => this.#expireLater(),
      );
    });
  }
}

interface Placed<A> {
  readonly ask: A;
  readonly index: number;
  readonly place: string;
}

/** The asks in the order of their places, in which all processes lock rows. */
function inOrder<A>(asks: readonly A[], placeOf: (ask: A) => string): readonly Placed<A>[] {
  const places = asks.map((ask, index) => ({ ask, index, place: placeOf(ask) }));
  return places.sort((a, b) => (a.place < b.place ? -1 : 1));
}

function asAsked<G>(places: readonly Placed<unknown>[], rows: readonly unknown[]): readonly G[] {
  const grants: G[] = [];
  places.forEach(({ index }, n) => {
    grants[index] = rows[n] as G;
  });
  return grants;
}

import pg from "pg";
import { migrationClient } from "../postgres/client.ts";
import { databaseFault, endsSession } from "../postgres/faults.ts";
import { deadlockDetected } from "../postgres/migrate/apply.ts";

const attempts = 5;

/** One statement of this kind leaves the session as it found it, unless it does what {@link changing} names. */
const plain = /^\s*(select|insert|update|delete|truncate|with)\b[^;]*;?\s*$/i;
const changing = /set_config|advisory_|setseed|lastval|currval|\btemp|pg_terminate_backend|pg_reload_conf/i;
/** After this, a connection beside those of the app may be one too many. */
const limiting = /\balter\s+(database|role|user|system)\b/i;

type Client = pg.Client & { ref(): void; unref(): void };

/**
 * SQL as the owner of one test database. Most of the processor time of a short statement is a new connection, so one is kept for the next
 * statement. Only one that leaves no trace in its session may use it; any other gets a connection of its own, as do those that run at the same time.
 * *Guarantees*: the kept connection does not keep the process alive.
 */
export class OwnerSession {
  readonly #url: string;
  #kept: Client | undefined;
  /** Counts what may change the settings that a new session begins with: one from before is not kept. */
  #generation = 0;
  #keeps = true;

  constructor(url: string) {
    this.#url = url;
  }

  /** Runs SQL, again where PostgreSQL ended it to resolve a deadlock. *Bounds*: at most 5 times. */
  async run<R extends pg.QueryResultRow>(text: string, values: readonly unknown[]): Promise<R[]> {
    for (let attempt = 1; ; attempt += 1)
      try {
        return await this.#once(text, values);
      } catch (error) {
        if (attempt === attempts || (error as pg.DatabaseError).code !== deadlockDetected) throw databaseFault(error);
      }
  }

  /** Closes the kept connection. */
  async close(): Promise<void> {
    this.#generation += 1;
    const kept = this.#take();
    await kept?.end().catch(() => undefined);
  }

  async #once<R extends pg.QueryResultRow>(text: string, values: readonly unknown[]): Promise<R[]> {
    const leavesNoTrace = plain.test(text) && !changing.test(text);
    if (limiting.test(text)) this.#keeps = false;
    if (!leavesNoTrace) await this.close();
    const generation = leavesNoTrace ? this.#generation : undefined;
    const ask = async (client: Client) => {
      try {
        const { rows } = await client.query<R>(text, [...values]);
        await this.#release(client, generation);
        return rows;
      } catch (error) {
        await this.#release(client, isAnswer(error) ? generation : undefined);
        throw error;
      }
    };
    const kept = leavesNoTrace ? this.#take() : undefined;
    if (kept !== undefined)
      try {
        return await ask(kept);
      } catch (error) {
        // The server may have ended it while it was idle.
        if (isAnswer(error)) throw error;
      }
    return await ask(await this.#connect());
  }

  async #connect(): Promise<Client> {
    const client = migrationClient(this.#url) as Client;
    client.on("error", () => {
      if (this.#kept === client) this.#kept = undefined;
    });
    try {
      await client.connect();
    } catch (error) {
      await client.end().catch(() => undefined);
      throw error;
    }
    return client;
  }

  #take(): Client | undefined {
    const kept = this.#kept;
    this.#kept = undefined;
    kept?.ref();
    return kept;
  }

  async #release(client: Client, generation: number | undefined): Promise<void> {
    if (!this.#keeps || generation !== this.#generation || this.#kept !== undefined)
      return void (await client.end().catch(() => undefined));
    client.unref();
    this.#kept = client;
  }
}

/** Whether the server said so, and the session lives on. */
function isAnswer(error: unknown): boolean {
  return error instanceof pg.DatabaseError && !endsSession(error);
}

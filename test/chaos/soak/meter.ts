import pg from "pg";
import { taskTables } from "../../tasks/books/task-tables.ts";

const everyMs = 500;

/** What the relations of tasks took over a while. *Units*: bytes. */
export interface Sizes {
  readonly now: number;
  readonly mean: number;
  readonly largest: number;
  /** Of each relation, the largest it was. */
  readonly byName: Readonly<Record<string, number>>;
}

/** Looks at the sizes again and again: they rise and fall as partitions are filled and emptied, so that one look says little. */
export class Meter {
  readonly #client: pg.Client;
  readonly #timer: NodeJS.Timeout;
  #looking: Promise<void> | undefined;
  #now = 0;
  #largest = 0;
  #sum = 0;
  #looks = 0;
  #byName: Record<string, number> = {};

  private constructor(client: pg.Client) {
    this.#client = client;
    this.#timer = setInterval(() => {
      this.#looking ??= this.#look()
        .catch(() => undefined)
        .finally(() => {
          this.#looking = undefined;
        });
    }, everyMs);
  }

  static async open(url: string): Promise<Meter> {
    const client = new pg.Client({ connectionString: url, application_name: "soak-meter" });
    client.on("error", () => {});
    await client.connect();
    return new Meter(client);
  }

  /** The sizes since the last time this was asked. */
  async take(): Promise<Sizes> {
    await this.#looking;
    await this.#look();
    const sizes = { now: this.#now, mean: this.#sum / this.#looks, largest: this.#largest, byName: this.#byName };
    this.#largest = 0;
    this.#sum = 0;
    this.#looks = 0;
    this.#byName = {};
    return sizes;
  }

  /** How many tasks are anywhere. */
  async left(): Promise<number> {
    const { rows } = await this.#client.query<{ left: string }>(
      `select (select count(*) from ${taskTables.tasks}) + (select count(*) from ${taskTables.later}) + (select count(*) from ${taskTables.deadLetters}) as left`,
    );
    return Number(rows[0]!.left);
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#looking;
    await this.#client.end();
  }

  async #look(): Promise<void> {
    const { rows } = await this.#client.query<{ name: string; bytes: string }>(
      `select c.relname as name, pg_total_relation_size(c.oid) as bytes from pg_class c
       where c.relnamespace = 'plimsoll'::regnamespace and c.relkind = 'r' and starts_with(c.relname, 'task')`,
    );
    this.#now = 0;
    for (const { name, bytes } of rows) {
      this.#now += Number(bytes);
      this.#byName[name] = Math.max(this.#byName[name] ?? 0, Number(bytes));
    }
    this.#largest = Math.max(this.#largest, this.#now);
    this.#sum += this.#now;
    this.#looks++;
  }
}

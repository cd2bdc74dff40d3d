import pg from "pg";

/** A session that holds a table locked, so that no other writes to it. */
export class Locking implements AsyncDisposable {
  readonly #client: pg.Client;

  constructor(url: string) {
    this.#client = new pg.Client({ connectionString: url });
  }

  async lock(table: string): Promise<void> {
    await this.#client.connect();
    await this.#client.query(`begin; lock table ${table} in exclusive mode`);
  }

  async unlock(): Promise<void> {
    await this.#client.query("commit");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#client.end();
  }
}

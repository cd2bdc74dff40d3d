import type { Socket } from "node:net";
import pg from "pg";
import { actorId, deadlineMs, tenant } from "./work.ts";

export interface Prepared {
  readonly name: string;
  readonly text: string;
  readonly values: readonly unknown[];
}

/** Connections of `pg` as fast as one can make them by hand: pipelined, what belongs to one flight in one write, statements prepared. */
export class HandPool {
  readonly #idle: pg.Client[] = [];
  readonly #all: pg.Client[] = [];
  readonly #waiting: ((client: pg.Client) => void)[] = [];
  #settings = "";

  async open(connectionString: string, connections: number): Promise<void> {
    for (let i = 0; i < connections; i++) {
      const client = new pg.Client({ connectionString, ...{ pipeline: true } });
      client.on("error", () => {});
      await client.connect();
      this.#all.push(client);
      this.#idle.push(client);
    }
    const { rows } = await this.#all[0]!.query<{ version: number }>("select current_setting('server_version_num')::int as version");
    this.#settings = `select set_config('plimsoll.tenant', $1, true), set_config('plimsoll.actor', $2, true), set_config('statement_timeout', $3, true), set_config('idle_in_transaction_session_timeout', $4, true)${
      rows[0]!.version >= 170_000 ? ", set_config('transaction_timeout', $4, true)" : ""
    }`;
  }

  async take(): Promise<pg.Client> {
    return this.#idle.pop() ?? new Promise((resolve) => this.#waiting.push(resolve));
  }

  release(client: pg.Client): void {
    const next = this.#waiting.shift();
    if (next) next(client);
    else this.#idle.push(client);
  }

  /** Tenant, actor and the time that is left, for this transaction only. */
  settings(startedAt: number): Prepared {
    const leftMs = Math.max(1, Math.ceil(startedAt + deadlineMs - performance.now()));
    return { name: "settings", text: this.#settings, values: [tenant, actorId, String(leftMs), String(leftMs + 1_000)] };
  }

  async close(): Promise<void> {
    await Promise.all(this.#all.map((client) => client.end()));
  }
}

/** Sends statements in one write, without waiting in between. Resolves when all are answered; rejects with the first that failed. */
export function flight(client: pg.Client, statements: readonly (string | Prepared)[]): Promise<pg.QueryResult[]> {
  const { stream } = (client as unknown as { readonly connection: { readonly stream: Socket } }).connection;
  stream.cork();
  const answers = statements.map((statement) => client.query(statement as pg.QueryConfig));
  stream.uncork();
  return Promise.all(answers);
}

import type { LockStore } from "../../locks/store.ts";
import type { Lock } from "../../operation/durable/lock.ts";
import type { Statement, StatementResult } from "../../operation/transaction.ts";
import { borrowed, type Lender } from "../lender.ts";

/** How long a statement on locks may take before its connection is cut. */
const statementMs = 10_000;

/** Keeps locks in PostgreSQL. See the migration for how. */
export class PostgresLockStore implements LockStore {
  readonly #lender: Lender;

  constructor(lender: Lender) {
    this.#lender = lender;
  }

  async acquire({ name, leaseMs }: Lock, holder: string): Promise<number | undefined> {
    const { rows } = await this.#ask({ text: "select plimsoll.acquire_lock($1, $2, $3) as token", values: [name, holder, leaseMs] });
    return (rows[0]?.token as number | null) ?? undefined;
  }

  async renew({ name, leaseMs }: Lock, token: number): Promise<boolean> {
    const { rows } = await this.#ask({ text: "select plimsoll.renew_lock($1, $2, $3) as renewed", values: [name, token, leaseMs] });
    return rows[0]?.renewed === true;
  }

  async release({ name }: Lock, token: number): Promise<void> {
    await this.#ask({ text: "select plimsoll.release_lock($1, $2)", values: [name, token] });
  }
  #ask(statement: Statement): Promise<StatementResult> {
    return borrowed(this.#lender, statementMs, (connection) => connection.send(statement));
  }
}

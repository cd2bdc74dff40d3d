import assert from "node:assert";
import {
  type CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  Kysely,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  type QueryResult,
} from "kysely";
import type { Sql } from "../operation/sql.ts";

/**
 * Builds queries with Kysely on the transaction of `sql`, with the tenant, the deadline and the budget of the operation.
 *
 * *Shapes*: columns keep the names that they have in SQL; types are those of `sql`: `int8` a number, `numeric` and times strings.
 * *Guarantees*: it begins, commits and closes nothing; `transaction()` and `stream()` are refused.
 * @example
 * const db = kysely<Database>(sql);
 * await db.selectFrom("orders.orders").select(["id", "total_cents"]).where("customer_id", "=", actor.id).execute();
 */
export function kysely<DB>(sql: Sql): Kysely<DB> {
  return new Kysely<DB>({ dialect: new SqlDialect(sql) });
}

class SqlDialect implements Dialect {
  readonly #sql: Sql;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  createDriver(): Driver {
    return new SqlDriver(this.#sql);
  }
  createQueryCompiler(): PostgresQueryCompiler {
    return new PostgresQueryCompiler();
  }
  createAdapter(): PostgresAdapter {
    return new PostgresAdapter();
  }
  // biome-ignore lint/suspicious/noExplicitAny: the introspector takes a Kysely of any database.
  createIntrospector(db: Kysely<any>): PostgresIntrospector {
    return new PostgresIntrospector(db);
  }
}

/** There is one connection, the transaction's, and nothing to open or close. */
class SqlDriver implements Driver {
  readonly #connection: DatabaseConnection;

  constructor(sql: Sql) {
    this.#connection = new SqlConnection(sql);
  }

  async init(): Promise<void> {}
  async acquireConnection(): Promise<DatabaseConnection> {
    return this.#connection;
  }
  async releaseConnection(): Promise<void> {}
  async destroy(): Promise<void> {}

  beginTransaction(): Promise<void> {
    return refuse("A query or a command is one transaction already. Leave transaction() out, and use the db directly.");
  }
  commitTransaction(): Promise<void> {
    return refuse("Plimsoll commits the command when its handler has returned. Leave commit() out.");
  }
  rollbackTransaction(): Promise<void> {
    return refuse("Plimsoll rolls the command back when its handler throws. Use fail(…) instead of rollback().");
  }
}

class SqlConnection implements DatabaseConnection {
  readonly #sql: Sql;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  async executeQuery<R>({ query, sql: text, parameters }: CompiledQuery): Promise<QueryResult<R>> {
    const statement = this.#sql.unsafe<R>(text, parameters, { columnsAsIs: true });
    // A statement that changes rows and returns none yields their number.
    const changes = /^(Insert|Update|Delete|Merge)QueryNode$/.test(query.kind);
    if (changes && !("returning" in query && query.returning !== undefined))
      return { rows: [], numAffectedRows: BigInt(await statement.run()) };
    const rows = await statement.many();
    return changes ? { rows, numAffectedRows: BigInt(rows.length) } : { rows };
  }

  streamQuery<R>(): AsyncIterableIterator<QueryResult<R>> {
    assert.fail("A cursor cannot share its connection with other statements. Read pages with a limit instead of stream().");
  }
}

async function refuse(fix: string): Promise<never> {
  assert.fail(fix);
}

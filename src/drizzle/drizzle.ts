import {
  type Casing,
  createTableRelationsHelpers,
  type ExtractTablesWithRelations,
  extractTablesRelationalConfig,
  type RelationalSchemaConfig,
} from "drizzle-orm";
import { PgDatabase, PgDialect, type PgQueryResultHKT } from "drizzle-orm/pg-core";
import type { Sql } from "../operation/sql.ts";
import { SqlSession } from "./session.ts";
import { watchWrites } from "./watch.ts";

type Tables = Record<string, unknown>;

/** Options of {@link drizzle}. */
export interface DrizzleOptions<T extends Tables> {
  /** The tables and their relations, for `db(scope).query`. *Default*: none. */
  readonly schema?: T;
  /** How properties without a name of their own are named in SQL. *Default*: as they are. */
  readonly casing?: Casing;
}

/** What a statement gives that returns no rows of a table: the number of rows that it changed or read, and the rows of `execute`. */
export interface StatementRows<R = Record<string, unknown>> {
  readonly rows: readonly R[];
  readonly rowCount: number;
}

/** Says to Drizzle what `execute`, and writes without `returning`, give. */
export interface SqlResult extends PgQueryResultHKT {
  type: StatementRows<this["row"]>;
}

/** Drizzle on the transaction of one operation. */
export type SqlDatabase<T extends Tables = Record<string, never>> = PgDatabase<SqlResult, T>;

/**
 * Returns what builds queries with Drizzle on the transaction of a scope, with the tenant, the deadline and the budget of the operation. Call `drizzle` once
 * for a module, and the function that it returns in each handler.
 *
 * *Shapes*: values are those that the columns of Drizzle make of the values of `sql`. *Guarantees*: it begins, commits and closes nothing; `transaction()` is
 * refused; a write that is never awaited fails the handler; faults of statements come as they are.
 * @example
 * const db = drizzle({ schema: { orders } });
 * await db(scope).select().from(orders).where(eq(orders.customerId, scope.actor.id));
 */
export function drizzle<T extends Tables = Record<string, never>>({
  schema,
  casing,
}: DrizzleOptions<T> = {}): (scope: { readonly sql: Sql }) => SqlDatabase<T> {
  const dialect = new PgDialect(casing === undefined ? {} : { casing });
  const relations = schema === undefined ? undefined : relationsOf(schema);
  return ({ sql }) => {
    const session = new SqlSession<T>(sql, dialect, relations);
    return watchWrites(new PgDatabase<SqlResult, T>(dialect, session, relations), { sql, dialect });
  };
}

function relationsOf<T extends Tables>(fullSchema: T): RelationalSchemaConfig<ExtractTablesWithRelations<T>> {
  const { tables, tableNamesMap } = extractTablesRelationalConfig<ExtractTablesWithRelations<T>>(fullSchema, createTableRelationsHelpers);
  return { fullSchema, schema: tables, tableNamesMap };
}

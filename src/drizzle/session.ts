import assert from "node:assert";
import type { ExtractTablesWithRelations, RelationalSchemaConfig, SQL } from "drizzle-orm";
import { DrizzleQueryError } from "drizzle-orm/errors";
import type { PgDialect } from "drizzle-orm/pg-core";
import { PgRemoteSession } from "drizzle-orm/pg-proxy";
import { json } from "../operation/sql/json.ts";
import { resultOf, type Sql } from "../operation/sql.ts";

type Tables = Record<string, unknown>;
type Prepare<T extends Tables> = PgRemoteSession<T, ExtractTablesWithRelations<T>>["prepareQuery"];

/** Sends what Drizzle builds over the transaction of `sql`. */
export class SqlSession<T extends Tables> extends PgRemoteSession<T, ExtractTablesWithRelations<T>> {
  constructor(sql: Sql, dialect: PgDialect, relations: RelationalSchemaConfig<ExtractTablesWithRelations<T>> | undefined) {
    // tidy-allow: Drizzle passes them one by one.
    super((text, values, method, typings) => send(sql, { text, values, typings, asArrays: method === "all" }), dialect, relations);
  }

  override prepareQuery: Prepare<T> = (...given) => {
    const prepared = super.prepareQuery(...given);
    const execute = prepared.execute.bind(prepared);
    // Drizzle wraps each error with the text and the values of the statement: they would stand in logs, and hide what the pipeline decides by.
    prepared.execute = (values) => handled(execute(values).catch(unwrapped));
    return prepared as never;
  };

  override transaction(): Promise<never> {
    return refuse("A query or a command is one transaction already. Leave transaction() out, and use the db directly.");
  }

  override async count(query: SQL): Promise<number> {
    const { rows } = (await this.execute(query)) as unknown as { readonly rows: readonly { readonly count: unknown }[] };
    return Number(rows[0]?.count);
  }
}

interface Built {
  readonly text: string;
  readonly values: readonly unknown[];
  readonly typings: readonly unknown[] | undefined;
  readonly asArrays: boolean;
}

/** Drizzle maps arrays to fields by their place. Where it has no fields, it hands on what it gets. */
async function send(sql: Sql, { text, values, typings, asArrays }: Built): Promise<{ rows: never }> {
  const parameters = values.map((value, at) => (typings?.[at] === "json" && typeof value === "string" ? json(JSON.parse(value)) : value));
  const { rows, rowCount } = await resultOf(sql.unsafe(text, parameters, { columnsAsIs: true, rowsAsArrays: asArrays }));
  return { rows: (asArrays ? rows : { rows, rowCount }) as never };
}

function unwrapped(error: unknown): never {
  throw error instanceof DrizzleQueryError ? error.cause : error;
}

/** A rejection that no code awaits does not end the process: the transaction knows of it. */
function handled<R>(result: Promise<R>): Promise<R> {
  result.catch(() => undefined);
  return result;
}

async function refuse(fix: string): Promise<never> {
  assert.fail(fix);
}

import type { SQL } from "drizzle-orm";
import type { PgDialect } from "drizzle-orm/pg-core";
import { CallSite } from "../core/node/call-site.ts";
import { type Sql, written } from "../operation/sql.ts";

/** A query of Drizzle that is built, and becomes text when it is sent or stands in another. */
interface Built {
  getSQL(): SQL;
}

interface Watching {
  readonly sql: Sql;
  readonly dialect: PgDialect;
}

interface Writers {
  insert(table: unknown): object;
  update(table: unknown): object;
  delete(table: unknown): object;
}

/** Queries are sent when they are awaited. A write that is not would be lost without a word, so each is watched until then. */
export function watchWrites<D extends object>(db: D, watching: Watching): D {
  const writers = db as unknown as Writers;
  const { insert, update, delete: remove } = writers;
  const steps = { insert: ["values", "select"], update: ["set"] } as const;
  const made = (builder: object, names: readonly string[]) => {
    for (const name of names) {
      const step = (builder as Record<string, (...given: unknown[]) => Built>)[name];
      if (step === undefined) continue;
      const watched = (...given: unknown[]) => watch(step.apply(builder, given), watching, watched);
      Object.assign(builder, { [name]: watched });
    }
    return builder;
  };
  writers.insert = (table) => made(insert.call(db, table), steps.insert);
  writers.update = (table) => made(update.call(db, table), steps.update);
  const deleted = (table: unknown) => watch(remove.call(db, table) as unknown as Built, watching, deleted);
  writers.delete = deleted;
  return db;
}

function watch<B extends Built>(query: B, { sql, dialect }: Watching, callee: (...given: never[]) => unknown): B {
  const site = new CallSite(callee);
  const build = query.getSQL.bind(query);
  const sent = written(sql, {
    parts: [],
    get site() {
      return `${site}`;
    },
    compile() {
      const { sql: text, params: values } = dialect.sqlToQuery(build());
      return { text, values };
    },
  });
  query.getSQL = () => {
    sent();
    return build();
  };
  return query;
}

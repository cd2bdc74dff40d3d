import type { Fold, ProjectionTable, RowChanges } from "../../events/ports/projection-store.ts";
import type { Statement, StatementResult } from "../../operation/transaction.ts";
import type { Connection } from "../connection.ts";

/** A statement of ours. */
export const asIs = (text: string, values: readonly unknown[]): Statement => ({ text, values, columnsAsIs: true });
/** The name of the table that a rebuild fills. */
export const besideOf = (table: string): string => `${table}__rebuild`;
const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;
const inTenant = (tenant: string | null): Statement => asIs("select set_config('plimsoll.tenant', $1, true)", [tenant ?? ""]);

/** Loads the rows of a fold, and sends those after it. Returns what was sent. `begun`: was sent before. */
export async function foldInto(
  connection: Connection,
  table: ProjectionTable,
  { fold, begun }: { readonly fold: Fold; readonly begun: Promise<unknown> },
): Promise<Promise<unknown>[]> {
  const loading = [begun];
  const loads: Promise<StatementResult>[] = [];
  for (const { tenant, keys } of fold.groups) {
    loading.push(connection.send(inTenant(tenant)));
    const load = connection.send(loadRows(table, keys));
    loading.push(load);
    loads.push(load);
  }
  await settled(loading);
  const writing: Promise<unknown>[] = [];
  try {
    for (const [at, { tenant }] of fold.groups.entries()) {
      const { rows } = await loads[at]!;
      const changes = fold.change(
        at,
        rows.map(({ row }) => row as Readonly<Record<string, unknown>>),
      );
      writing.push(connection.send(inTenant(tenant)), ...writeRows(table, changes).map((statement) => connection.send(statement)));
    }
  } catch (error) {
    // What was sent for earlier groups may be refused later, or its connection lost: no caller waits for that any more.
    void Promise.allSettled(writing);
    throw error;
  }
  return writing;
}

/** What writes the rows after a batch. */
export function writeRows(table: ProjectionTable, { rows, deletes }: RowChanges): readonly Statement[] {
  return [...(rows.length > 0 ? [upsert(table, rows)] : []), ...(deletes.length > 0 ? [remove(table, deletes)] : [])];
}

/** The first failure is the cause; those behind it only follow. */
export async function settled(sent: readonly Promise<unknown>[]): Promise<void> {
  const failed = (await Promise.allSettled(sent)).find(({ status }) => status === "rejected");
  if (failed !== undefined) throw (failed as PromiseRejectedResult).reason;
}

const nameOf = ({ schema, table }: ProjectionTable): string => `${quoted(schema)}.${quoted(table)}`;

/** The types of the columns are those of the table: its rows are read from JSON. */
function recordset(table: ProjectionTable): string {
  return `json_populate_recordset(null::${nameOf(table)}, $1::json)`;
}

/** Loads the rows of these keys that there are, each as `row`. */
export function loadRows(table: ProjectionTable, keys: readonly string[]): Statement {
  const key = quoted(table.key);
  const text = `select to_jsonb(t) as row from ${recordset(table)} k join ${nameOf(table)} t on t.${key} = k.${key}`;
  return asIs(text, [JSON.stringify(keys.map((value) => ({ [table.key]: value })))]);
}

function upsert(table: ProjectionTable, rows: RowChanges["rows"]): Statement {
  const columns = table.columns.map(quoted).join(", ");
  const set = table.columns
    .filter((column) => !table.primaryKey.includes(column))
    .map((column) => `${quoted(column)} = excluded.${quoted(column)}`);
  const onConflict = set.length === 0 ? "do nothing" : `do update set ${set.join(", ")}`;
  return asIs(
    `insert into ${nameOf(table)} (${columns}) select ${columns} from ${recordset(table)}
      on conflict (${table.primaryKey.map(quoted).join(", ")}) ${onConflict}`,
    [JSON.stringify(rows)],
  );
}

function remove(table: ProjectionTable, keys: readonly string[]): Statement {
  const key = quoted(table.key);
  return asIs(`delete from ${nameOf(table)} t using ${recordset(table)} k where t.${key} = k.${key}`, [
    JSON.stringify(keys.map((value) => ({ [table.key]: value }))),
  ]);
}

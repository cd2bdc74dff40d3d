import { Fault } from "../../core/fault.ts";
import { limits } from "../../core/limits.ts";
import { messageOf } from "../../core/value/thrown.ts";
import type { BatchWrite, ProjectionStore, ProjectionTable, Rebuild, RowChanges, RowGroup } from "../../events/ports/projection-store.ts";
import type { Hold } from "../../events/ports/subscription-store.ts";
import type { Position } from "../../events/position.ts";
import type { ProjectionFreshness } from "../../operation/events/freshness.ts";
import type { Statement } from "../../operation/transaction.ts";
import { asCommand, type Connection } from "../connection.ts";
import { borrowed, type Lender } from "../lender.ts";
import { rolledBack } from "../transaction/faults.ts";
import type { AskEvents } from "./ask.ts";

const asIs = (text: string, values: readonly unknown[]): Statement => ({ text, values, columnsAsIs: true });
const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;
const besideOf = (table: string): string => `${table}__rebuild`;
const inTenant = (tenant: string | null): Statement => asIs("select set_config('plimsoll.tenant', $1, true)", [tenant ?? ""]);

/** How long one batch may take before its connection is cut. */
const batchMs = 60_000;

/** The tables of projections in PostgreSQL. */
export class PostgresProjections implements ProjectionStore {
  readonly #lender: Lender;
  readonly #ask: AskEvents;

  constructor(lender: Lender, ask: AskEvents) {
    this.#lender = lender;
    this.#ask = ask;
  }

  async describe(name: string, { name: table, key, columns }: Parameters<ProjectionStore["describe"]>[1]): Promise<ProjectionTable> {
    const { rows } = await this.#ask(asIs("select name, is_key from plimsoll.describe_projection($1)", [table]));
    const found = rows as unknown as readonly { readonly name: string; readonly is_key: boolean }[];
    const primaryKey = found.filter(({ is_key }) => is_key).map((column) => column.name);
    const missing = columns.find((column) => !found.some((one) => one.name === column));
    if (found.length === 0) throw unfit(name, `There is no table ${table}. Make it in a migration of the module.`);
    if (missing !== undefined) throw unfit(name, `The table ${table} has no column ${missing}. Add it, or leave the field out of the row.`);
    if (!primaryKey.includes(key) || primaryKey.some((column) => column !== key && column !== "tenant_id"))
      throw unfit(name, `The primary key of ${table} is not ${key}, nor tenant_id and ${key}. Make it so in a migration.`);
    const [schema = "", own = ""] = table.split(".");
    return { schema, table: own, key, columns, primaryKey, perTenant: found.some((column) => column.name === "tenant_id") };
  }

  apply(write: BatchWrite, change: (group: number, rows: readonly Readonly<Record<string, unknown>>[]) => RowChanges): Promise<void> {
    return borrowed(this.#lender, batchMs, async (connection) => {
      try {
        await applyOn(connection, write, change);
      } catch (error) {
        await connection.sendCommand("rollback").catch(() => undefined);
        throw error;
      }
    });
  }

  async position(name: string): Promise<Position | undefined> {
    const { rows } = await this.#ask(asIs("select epoch, xid, seq from plimsoll.projection_position($1)", [name]));
    return rows[0] as unknown as Position | undefined;
  }

  async freshness(name: string, events: readonly string[]): Promise<ProjectionFreshness> {
    const text = "select next, lag_ms, started, epoch, horizon from plimsoll.projection_freshness($1, $2)";
    const { rows } = await this.#ask(asIs(text, [name, events]));
    const { next, lag_ms, started, epoch, horizon } = rows[0] as Readonly<Record<string, unknown>>;
    return {
      next: (next as string | null) ?? undefined,
      lagMs: Math.max(0, Number(lag_ms ?? 0)),
      started: started === true,
      epoch: (epoch as number | null) ?? undefined,
      horizon: String(horizon),
    };
  }

  async rebuilds(): Promise<readonly Rebuild[]> {
    const { rows } = await this.#ask(
      asIs('select name, epoch, xid, seq, events, total, started_ms as "startedMs" from plimsoll.read_rebuilds()', []),
    );
    return rows as unknown as readonly Rebuild[];
  }

  async begin(name: string, { schema, table }: ProjectionTable, names: readonly string[]): Promise<boolean> {
    const values = [name, schema, table, besideOf(table), names, limits.rebuildCount];
    try {
      return await this.#is("select plimsoll.begin_rebuild($1, $2, $3, $4, $5, $6) as done", values);
    } catch (error) {
      if (error instanceof Fault && error.type === "projection_rebuild") throw notRebuilt(name, error);
      throw error;
    }
  }

  async cancel(name: string, { schema, table }: ProjectionTable): Promise<boolean> {
    return this.#is("select plimsoll.cancel_rebuild($1, $2, $3) as done", [name, schema, besideOf(table)]);
  }

  async swap({ subscription, partition, fence }: Hold, { schema, table }: ProjectionTable): Promise<boolean> {
    return this.#is("select plimsoll.swap_rebuild($1, $2, $3, $4, $5, $6) as done", [
      ...[subscription, partition, fence, schema, table, besideOf(table)],
    ]);
  }

  async #is(text: string, values: readonly unknown[]): Promise<boolean> {
    const { rows } = await this.#ask(asIs(text, values));
    return rows[0]?.done === true;
  }
}

/** Two flights: the rows that there are, and those after the batch, with the position and the commit. */
async function applyOn(
  connection: Connection,
  { hold, table, groups, through, rebuild, parked }: BatchWrite,
  change: (group: number, rows: readonly Readonly<Record<string, unknown>>[]) => RowChanges,
): Promise<void> {
  const target: ProjectionTable = rebuild === undefined ? table : { ...table, table: besideOf(table.table) };
  const loading = [connection.send(asCommand("begin"))];
  const loads = groups.map((group) => {
    loading.push(connection.send(inTenant(group.tenant)));
    const load = connection.send(loadRows(target, group));
    loading.push(load);
    return load;
  });
  await settled(loading);
  const writing: Promise<unknown>[] = [];
  for (const [at, { tenant }] of groups.entries()) {
    const { rows } = await loads[at]!;
    const changes = change(
      at,
      rows.map(({ row }) => row as Readonly<Record<string, unknown>>),
    );
    writing.push(connection.send(inTenant(tenant)));
    if (changes.rows.length > 0) writing.push(connection.send(upsert(target, changes.rows)));
    if (changes.deletes.length > 0) writing.push(connection.send(remove(target, changes.deletes)));
  }
  writing.push(connection.send(moved(hold, through, { rebuild, parked })));
  const commit = connection.sendCommand("commit");
  await settled([...writing, commit]);
  const { command } = await commit;
  if (command !== "COMMIT") throw rolledBack(command);
}

/** The first failure is the cause; those behind it only follow. */
async function settled(sent: readonly Promise<unknown>[]): Promise<void> {
  const failed = (await Promise.allSettled(sent)).find(({ status }) => status === "rejected");
  if (failed !== undefined) throw (failed as PromiseRejectedResult).reason;
}

const nameOf = ({ schema, table }: ProjectionTable): string => `${quoted(schema)}.${quoted(table)}`;

/** The types of the columns are those of the table: its rows are read from JSON. */
function recordset(table: ProjectionTable): string {
  return `json_populate_recordset(null::${nameOf(table)}, $1::json)`;
}

function loadRows(table: ProjectionTable, { keys }: RowGroup): Statement {
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

function moved(
  { subscription, partition, fence }: Hold,
  { epoch, xid, seq }: Position,
  { rebuild, parked }: { readonly rebuild: number | undefined; readonly parked: string | undefined },
): Statement {
  const hold = [subscription, partition, fence];
  const at = [epoch, xid, seq];
  if (parked !== undefined)
    return asIs("select plimsoll.complete_parked_event($1, $2, $3, $4, $5, $6::text::xid8, $7)", [...hold, parked, ...at]);
  if (rebuild === undefined) return asIs("select plimsoll.complete_event($1, $2, $3, $4, $5::text::xid8, $6)", [...hold, ...at]);
  return asIs("select plimsoll.advance_rebuild($1, $2, $3, $4, $5::text::xid8, $6, $7)", [...hold, ...at, rebuild]);
}

const unfit = (name: string, message: string): Fault =>
  new Fault({ code: "failed_precondition", type: "projection_table", message: `${name} cannot be kept. ${message}` });

const notRebuilt = (name: string, { cause }: Fault): Fault =>
  new Fault({
    code: "failed_precondition",
    type: "projection_rebuild",
    message: `The table of ${name} cannot be rebuilt beside itself: ${messageOf((cause as Error | undefined)?.message)}. Change that in a migration, and begin again.`,
    cause,
  });

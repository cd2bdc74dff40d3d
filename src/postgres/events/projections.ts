import { Fault } from "../../core/fault.ts";
import { limits } from "../../core/limits.ts";
import { messageOf } from "../../core/value/thrown.ts";
import type {
  BatchMove,
  BatchWrite,
  ChangeRows,
  ElsewhereStore,
  ProjectionStore,
  ProjectionTable,
  Rebuild,
} from "../../events/ports/projection-store.ts";
import type { Hold } from "../../events/ports/subscription-store.ts";
import type { Position } from "../../events/position.ts";
import type { ProjectionFreshness } from "../../operation/events/freshness.ts";
import type { Statement } from "../../operation/transaction.ts";
import { asCommand, type Connection } from "../connection.ts";
import { borrowed, type Lender } from "../lender.ts";
import { rolledBack } from "../transaction/faults.ts";
import type { AskEvents } from "./ask.ts";
import { PostgresInline } from "./inline.ts";
import { asIs, besideOf, foldInto, settled } from "./projection-rows.ts";

/** How long one batch may take before its connection is cut. */
const batchMs = 60_000;

/** The tables of projections in PostgreSQL. */
export class PostgresProjections implements ProjectionStore {
  readonly inline: PostgresInline;
  readonly elsewhere: ElsewhereStore = {
    move: async (hold, move) => void (await this.#ask(moved(hold, move))),
    begin: (name, names) => this.#is("select plimsoll.begin_index_rebuild($1, $2, $3) as done", [name, names, limits.rebuildCount]),
    cancel: (name) => this.#is("select plimsoll.cancel_index_rebuild($1) as done", [name]),
    swap: ({ subscription, partition, fence }) =>
      this.#is("select plimsoll.swap_index_rebuild($1, $2, $3) as done", [subscription, partition, fence]),
  };
  readonly #lender: Lender;
  readonly #ask: AskEvents;

  constructor(lender: Lender, ask: AskEvents) {
    this.inline = new PostgresInline(lender, ask);
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

  apply(write: BatchWrite, change: ChangeRows): Promise<void> {
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
async function applyOn(connection: Connection, { hold, table, groups, move }: BatchWrite, change: ChangeRows): Promise<void> {
  const isBeside = "rebuild" in move && move.rebuild !== undefined;
  const target: ProjectionTable = isBeside ? { ...table, table: besideOf(table.table) } : table;
  const begun = connection.send(asCommand("begin isolation level read committed"));
  const writing = await foldInto(connection, target, { fold: { groups, change }, begun });
  writing.push(connection.send(moved(hold, move)));
  const commit = connection.sendCommand("commit");
  await settled([...writing, commit]);
  const { command } = await commit;
  if (command !== "COMMIT") throw rolledBack(command);
}

function moved({ subscription, partition, fence }: Hold, move: BatchMove): Statement {
  const hold = [subscription, partition, fence];
  const through = valuesOf(move.through);
  if ("parked" in move)
    return asIs("select plimsoll.complete_parked_event($1, $2, $3, $4, $5, $6::text::xid8, $7)", [...hold, move.parked, ...through]);
  const values = [...hold, ...valuesOf(move.from), ...through];
  const parameters = "$1, $2, $3, $4, $5::text::xid8, $6, $7, $8::text::xid8, $9";
  if (move.rebuild === undefined) return asIs(`select plimsoll.complete_batch(${parameters})`, values);
  return asIs(`select plimsoll.complete_rebuild_batch(${parameters}, $10)`, [...values, move.rebuild]);
}

const valuesOf = ({ epoch, xid, seq }: Position) => [epoch, xid, seq];

const unfit = (name: string, message: string): Fault =>
  new Fault({ code: "failed_precondition", type: "projection_table", message: `${name} cannot be kept. ${message}` });

const notRebuilt = (name: string, { cause }: Fault): Fault =>
  new Fault({
    code: "failed_precondition",
    type: "projection_rebuild",
    message: `The table of ${name} cannot be rebuilt beside itself: ${messageOf((cause as Error | undefined)?.message)}. Change that in a migration, and begin again.`,
    cause,
  });

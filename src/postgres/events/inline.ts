import { limits } from "../../core/limits.ts";
import type { StoredEvent } from "../../events/ports/log-store.ts";
import type { FoldRest, InlineRow, InlineState, InlineStore, ProjectionTable, RowChanges } from "../../events/ports/projection-store.ts";
import type { Hold } from "../../events/ports/subscription-store.ts";
import type { Position } from "../../events/position.ts";
import type { Statement } from "../../operation/transaction.ts";
import { asCommand, type Connection } from "../connection.ts";
import { borrowed, type Lender } from "../lender.ts";
import { rolledBack } from "../transaction/faults.ts";
import type { AskEvents } from "./ask.ts";
import { asIs, besideOf, foldInto, loadRows, settled, writeRows } from "./projection-rows.ts";

/** How long to go live may take before its connection is cut: all who emit wait for it. */
const goLiveMs = 5_000;

/** Projections that commands keep, in PostgreSQL. */
export class PostgresInline implements InlineStore {
  readonly #lender: Lender;
  readonly #ask: AskEvents;

  constructor(lender: Lender, ask: AskEvents) {
    this.#lender = lender;
    this.#ask = ask;
  }

  async declare(name: string, events: readonly string[]): Promise<void> {
    await this.#ask(asIs("select plimsoll.declare_inline($1, $2)", [name, events.toSorted()]));
  }

  async end(name: string): Promise<boolean> {
    const { rows } = await this.#ask(asIs("select plimsoll.end_inline($1) as again", [name]));
    return rows[0]?.again === true;
  }

  async state(name: string): Promise<InlineState | undefined> {
    const { rows } = await this.#ask(asIs("select plimsoll.inline_state($1) as state", [name]));
    return (rows[0]?.state as InlineState | null | undefined) ?? undefined;
  }

  async pass({ subscription, partition, fence }: Hold, { epoch, xid, seq }: Position): Promise<void> {
    const values = [subscription, partition, fence, epoch, xid, seq];
    await this.#ask(asIs("select plimsoll.pass_inline($1, $2, $3, $4, $5::text::xid8, $6)", values));
  }

  goLive(...[hold, of, fold]: Parameters<InlineStore["goLive"]>): Promise<boolean> {
    return borrowed(this.#lender, goLiveMs, async (connection) => {
      try {
        if (await goLiveOn(connection, { hold, ...of, fold })) return true;
        await connection.sendCommand("rollback");
        return false;
      } catch (error) {
        await connection.sendCommand("rollback").catch(() => undefined);
        throw error;
      }
    });
  }

  begin(known: readonly string[]): Statement {
    return asIs('select live, recorded_at as "recordedAt" from plimsoll.begin_inline($1)', [known]);
  }

  mark(rows: readonly InlineRow[]): Statement {
    return asIs("select plimsoll.mark_inline($1, $2, $3)", [
      rows.map(({ projection }) => projection),
      rows.map(({ tenant }) => tenant ?? ""),
      rows.map(({ key }) => key),
    ]);
  }

  load(table: ProjectionTable, keys: readonly string[]): Statement {
    return loadRows(table, keys);
  }

  write(table: ProjectionTable, changes: RowChanges): readonly Statement[] {
    return writeRows(table, changes);
  }
}

interface GoingLive {
  readonly hold: Hold;
  readonly table: ProjectionTable;
  readonly names: readonly string[];
  readonly beside: boolean;
  readonly fold: FoldRest;
}

async function goLiveOn(connection: Connection, { hold, table, names, beside, fold }: GoingLive): Promise<boolean> {
  await connection.send(asCommand("begin isolation level read committed"));
  const { subscription, partition, fence } = hold;
  const of = [subscription, partition, fence];
  const holding = "select epoch, xid, seq from plimsoll.hold_inline($1, $2, $3, $4, $5)";
  const held = await connection.send(asIs(holding, [...of, beside, limits.inlineQuietMs]));
  const at = held.rows[0] as unknown as Position & { readonly epoch: number | null };
  if (at.epoch === null) return false;
  const rest = await connection.send(
    asIs(
      `select epoch, xid, seq, id, name, version, key, tenant, actor, trace, causation, correlation, recorded_at as "recordedAt", data
      from plimsoll.read_rest($1, $2, $3::text::xid8, $4, $5)`,
      [names, at.epoch, at.xid, at.seq, limits.inlineRest + 1],
    ),
  );
  const events = rest.rows as unknown as readonly StoredEvent[];
  if (events.length > limits.inlineRest) return false;
  const batch = await fold(events, (statement) => connection.send(statement));
  const target = beside ? { ...table, table: besideOf(table.table) } : table;
  const writing = await foldInto(connection, target, { fold: batch, begun: Promise.resolve() });
  const { epoch, xid, seq } = events.at(-1) ?? at;
  const marks = batch.groups.flatMap(({ tenant, keys }) => keys.map((key) => ({ tenant: tenant ?? "", key })));
  const living = connection.send(
    asIs("select plimsoll.go_live($1, $2, $3, $4, $5::text::xid8, $6, $7, $8, $9, $10, $11, $12, $13) as done", [
      ...[...of, epoch, xid, seq],
      ...[marks.map((mark) => mark.tenant), marks.map((mark) => mark.key), marks.map(() => epoch), marks.map(() => String(xid))],
      ...[table.schema, table.table, beside ? target.table : null],
    ]),
  );
  await settled([...writing, living]);
  if ((await living).rows[0]?.done !== true) return false;
  const { command } = await connection.sendCommand("commit");
  if (command !== "COMMIT") throw rolledBack(command);
  return true;
}

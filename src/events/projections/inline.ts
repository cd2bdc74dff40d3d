import { Fault } from "../../core/fault.ts";
import type { EventOrigin, EventRow } from "../../operation/events/log.ts";
import type { BeforeCommit, Statement, StatementResult } from "../../operation/transaction.ts";
import type { StoredEvent } from "../ports/log-store.ts";
import type { InlineRow, ProjectionStore, ProjectionTable } from "../ports/projection-store.ts";
import type { ProjectionDefinition } from "./definition.ts";
import { Batch, Inapplicable } from "./fold.ts";

type Send = (statement: Statement) => Promise<StatementResult>;

/** Keeps projections in the transactions of the commands that emit their events. */
export class InlineProjections {
  readonly #store: ProjectionStore;
  readonly #definitions: readonly ProjectionDefinition[];

  constructor(store: ProjectionStore, definitions: readonly ProjectionDefinition[]) {
    this.#store = store;
    this.#definitions = definitions.filter(({ isInline }) => isInline);
  }

  get isUsed(): boolean {
    return this.#definitions.length > 0;
  }

  /** *Faults thrown*: as those of `describe` of the store. */
  async start(): Promise<void> {
    for (const definition of this.#definitions) await describe(this.#store, definition);
  }

  /** What is done before the commit of a transaction that emits these rows. */
  before(origin: EventOrigin, rows: readonly EventRow[]): BeforeCommit {
    return async (send) => {
      const touched = this.#definitions
        .map((definition) => ({ definition, rows: rows.filter(({ name }) => definition.names.includes(name)) }))
        .filter((one) => one.rows.length > 0);
      return touched.length === 0 ? [] : this.#apply(touched, { origin, send });
    };
  }

  async #apply(
    touched: readonly Touched[],
    { origin, send }: { readonly origin: EventOrigin; readonly send: Send },
  ): Promise<readonly Statement[]> {
    const { inline } = this.#store;
    const begun = send(inline.begin(this.#definitions.map(({ name }) => name)));
    // Where the key of the row is that of the event, it is known before the time of the event is, and all goes out at once.
    const isEarly = touched.every(({ definition }) => definition.compiled.projection.of === undefined);
    const early = isEarly
      ? this.#load(
          touched.map((one) => ({ ...one, ...keysOf(one, origin) })),
          send,
        )
      : undefined;
    early?.catch(() => undefined);
    const { live, recordedAt } = (await begun).rows[0] as unknown as { readonly live: readonly string[]; readonly recordedAt: string };
    const folds = touched
      .filter(({ definition }) => live.includes(definition.name))
      .map(({ definition, rows }) => ({ definition, rows, batch: fold(definition, eventsOf(rows, { origin, recordedAt })) }));
    const found = await (early ??
      this.#load(
        folds.map((one) => ({ ...one, ...keysOfBatch(one.batch) })),
        send,
      ));
    return folds.flatMap(({ definition, batch }) => {
      const changes = guarded(definition, () => batch.change(0, found.get(definition) ?? []));
      return inline.write(definition.table as ProjectionTable, changes);
    });
  }

  /** Locks rows and loads those that there are. */
  async #load(
    groups: readonly Group[],
    send: Send,
  ): Promise<ReadonlyMap<ProjectionDefinition, readonly Readonly<Record<string, unknown>>[]>> {
    if (groups.length === 0) return new Map();
    const { inline } = this.#store;
    const marks = groups.flatMap(({ definition, tenant, keys }): InlineRow[] =>
      keys.map((key) => ({ projection: definition.name, tenant, key })),
    );
    const marking = send(inline.mark(marks));
    const loads = groups.map(({ definition, keys }) => send(inline.load(definition.table as ProjectionTable, keys)));
    const settled = await Promise.allSettled([marking, ...loads]);
    const failed = settled.find(({ status }) => status === "rejected");
    if (failed !== undefined) throw (failed as PromiseRejectedResult).reason;
    const found = await Promise.all(loads);
    return new Map(
      groups.map(({ definition }, at) => [definition, found[at]!.rows.map(({ row }) => row as Readonly<Record<string, unknown>>)]),
    );
  }
}

/** Finds the table of a projection. *Faults thrown*: `failed_precondition` of type `projection_table`. */
export async function describe(store: ProjectionStore, definition: ProjectionDefinition): Promise<ProjectionTable> {
  const { projection, columns } = definition.compiled;
  const { name, table, key } = projection;
  definition.table ??= await store.describe(name, { name: table, key: columns.get(key) ?? key, columns: [...columns.values()] });
  return definition.table;
}

interface Touched {
  readonly definition: ProjectionDefinition;
  readonly rows: readonly EventRow[];
}

interface Group {
  readonly definition: ProjectionDefinition;
  readonly tenant: string | null;
  readonly keys: readonly string[];
}

function keysOf({ definition, rows }: Touched, { tenant }: EventOrigin): Pick<Group, "tenant" | "keys"> {
  return { tenant: definition.table?.perTenant === false ? null : (tenant ?? null), keys: [...new Set(rows.map(({ key }) => key))] };
}

/** All events of a transaction are of one tenant. */
function keysOfBatch({ groups: [group] }: Batch): Pick<Group, "tenant" | "keys"> {
  return { tenant: group?.tenant ?? null, keys: group?.keys ?? [] };
}

function eventsOf(
  rows: readonly EventRow[],
  { origin, recordedAt }: { readonly origin: EventOrigin; readonly recordedAt: string },
): readonly StoredEvent[] {
  const { tenant = null, actorId = null, traceparent: trace, causation, correlation } = origin;
  return rows.map(({ id, name, version, key, data: stored, opened: data = stored }) => ({
    ...{ id, name, version, key, data, recordedAt, tenant, actor: actorId, trace, causation, correlation },
    // It has none before it is written, and `apply` gets none.
    ...{ epoch: 0, xid: "0", seq: 0 },
  }));
}

function fold(definition: ProjectionDefinition, events: readonly StoredEvent[]): Batch {
  return guarded(definition, () => new Batch(definition, events));
}

function guarded<T>({ name }: ProjectionDefinition, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof Inapplicable)) throw error;
    throw new Fault({
      code: "internal",
      type: "projection_failed",
      message: `The inline projection ${name} cannot apply ${error.event.name} ${error.event.key}: ${error.message}. Nothing was changed; correct its apply, or refuse in the command what it cannot take.`,
      cause: error,
    });
  }
}

import { limits } from "../../core/limits.ts";
import { Problems } from "../../core/schema.ts";
import { messageOf } from "../../core/value/thrown.ts";
import { readStored, Unreadable } from "../../pipeline/events/stored.ts";
import type { StoredEvent } from "../ports/log-store.ts";
import type { RowChanges, RowGroup } from "../ports/projection-store.ts";
import { comparePositions, type Position } from "../position.ts";
import type { ProjectionDefinition } from "./definition.ts";

/** An event that cannot be applied, and why. */
export class Inapplicable extends TypeError {
  readonly event: StoredEvent;
  readonly code: string;

  constructor(event: StoredEvent, code: string, message: string) {
    super(message);
    this.event = event;
    this.code = code;
  }
}

interface Read {
  readonly stored: StoredEvent;
  readonly event: Readonly<Record<string, unknown>>;
  readonly key: string;
}

/** The events of a batch by tenant, or together where rows are of none, in their order. */
export class Batch {
  readonly #definition: ProjectionDefinition;
  readonly #groups = new Map<string | null, Read[]>();

  /** *Errors thrown*: {@link Inapplicable}. */
  constructor(definition: ProjectionDefinition, events: readonly StoredEvent[]) {
    this.#definition = definition;
    for (const stored of events) {
      // Events of several tenants may be of one row then, which is loaded once.
      const tenant = definition.table?.perTenant === false ? null : stored.tenant;
      const group = this.#groups.get(tenant);
      const read = this.#read(stored);
      if (group === undefined) this.#groups.set(tenant, [read]);
      else group.push(read);
    }
  }

  get groups(): readonly RowGroup[] {
    return [...this.#groups].map(([tenant, events]) => ({ tenant, keys: [...new Set(events.map(({ key }) => key))] }));
  }

  /** The rows of a group after a batch. *Errors thrown*: {@link Inapplicable}. */
  change(group: number, found: readonly Readonly<Record<string, unknown>>[], applied?: ReadonlyMap<string, Position>): RowChanges {
    const { compiled } = this.#definition;
    const { apply, key: keyField } = compiled.projection;
    const events = [...this.#groups.values()][group] ?? [];
    const rows = new Map<string, unknown>(found.map((row) => this.#rowOf(row, keyField)));
    const last = new Map<string, StoredEvent>();
    for (const { stored, event, key } of events) {
      const done = applied?.get(key);
      if (done !== undefined && comparePositions(stored, done) <= 0) continue;
      const row = attempt(stored, () => apply(rows.get(key) as never, event as never));
      rows.set(key, row);
      last.set(key, stored);
    }
    const changes = { rows: [] as Record<string, unknown>[], deletes: [] as string[], through: last };
    for (const [key, stored] of last) {
      const row = rows.get(key);
      if (row === undefined) changes.deletes.push(key);
      else changes.rows.push(this.#columnsOf(stored, row, key));
    }
    return changes;
  }

  #read(stored: StoredEvent): Read {
    const { compiled, eventOf } = this.#definition;
    const { name, version, data: json, id, key, tenant, recordedAt } = stored;
    const known = eventOf(stored);
    if (known === undefined) throw new Inapplicable(stored, "event_unknown", `the code does not take version ${version} of ${name}`);
    const data = readStored(known, version, json);
    if (data instanceof Unreadable) throw new Inapplicable(stored, "invalid_input", data.text);
    const event = { name, data, id, key, tenant: tenant ?? undefined, recordedAt: new Date(recordedAt) };
    const { of } = compiled.projection;
    const row: unknown = of === undefined ? key : attempt(stored, () => of(event as never));
    if (typeof row !== "string" || row === "") throw new Inapplicable(stored, "internal", "`of` returned no key of a row");
    return { stored, event, key: row };
  }

  #rowOf(columns: Readonly<Record<string, unknown>>, keyField: string): [string, unknown] {
    const { compiled } = this.#definition;
    const row = Object.fromEntries([...compiled.columns].map(([field, column]) => [field, columns[column]]));
    const parsed = compiled.row.parse(row);
    // What the table has is what this projection wrote, maybe with other code: then it is to be rebuilt.
    return [String(row[keyField]), parsed instanceof Problems ? row : parsed];
  }

  #columnsOf(stored: StoredEvent, row: unknown, key: string): Record<string, unknown> {
    const { compiled } = this.#definition;
    const { key: keyField } = compiled.projection;
    const text = compiled.row.stringify(row);
    if (text instanceof Problems) throw new Inapplicable(stored, "invalid_row", `apply returned no row: ${new Unreadable(text).text}`);
    const bytes = compiled.projection.search === undefined ? 0 : Buffer.byteLength(text);
    if (bytes > limits.searchDocumentBytes)
      throw new Inapplicable(
        stored,
        "document_too_large",
        `the document has ${bytes} bytes, and ${limits.searchDocumentBytes} are allowed: leave out what is not searched`,
      );
    const shaped = JSON.parse(text) as Record<string, unknown>;
    if (String(shaped[keyField]) !== key)
      throw new Inapplicable(
        stored,
        "invalid_row",
        `apply returned the row ${JSON.stringify(shaped[keyField])} for the key ${JSON.stringify(key)}`,
      );
    if (compiled.projection.search !== undefined) return shaped;
    return Object.fromEntries([...compiled.columns].map(([field, column]) => [column, shaped[field] ?? null]));
  }
}

function attempt<T>(stored: StoredEvent, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw new Inapplicable(stored, "internal", messageOf(error));
  }
}

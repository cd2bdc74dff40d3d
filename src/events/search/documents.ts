import type { Clock } from "../../core/clock.ts";
import { Fault } from "../../core/fault.ts";
import { limits } from "../../core/limits.ts";
import { Problems } from "../../core/schema.ts";
import { searchOtherTenant } from "../../operation/sourcing/search-faults.ts";
import type { SearchAsk, SearchDocument, SearchStore, SearchTarget, StoredHit } from "../../operation/sourcing/search-store.ts";
import type { BatchWrite, ChangeRows, ProjectionStore, ProjectionTable } from "../ports/projection-store.ts";
import type { Hold } from "../ports/subscription-store.ts";
import { comparePositions, type Position, readSortable, sortablePosition } from "../position.ts";
import type { ProjectionDefinition } from "../projections/definition.ts";

/** What keeping the documents of one search index needs. */
export interface DocumentsOptions {
  readonly definition: ProjectionDefinition;
  readonly search: SearchStore;
  readonly store: ProjectionStore;
  readonly clock: Clock;
}

type Kept = Pick<ProjectionStore, "describe" | "apply" | "begin" | "cancel" | "swap">;

const start: Position = { epoch: 0, xid: "0", seq: 0 };

/**
 * Keeps the rows of a projection as documents of a search index. The index and the position are not written in one transaction, so each document has its own
 * position: *Guarantees*: an event is applied to a document once, whatever is lost between the two; one that is lost altogether is made again of its events.
 */
export class Documents implements Kept {
  readonly #options: DocumentsOptions;
  #prepared = false;
  /** When a position was passed, of which documents that were removed before are forgotten later. */
  #passed: { readonly at: number; readonly position: Position } | undefined;

  constructor(options: DocumentsOptions) {
    this.#options = options;
  }

  async describe(): Promise<ProjectionTable> {
    const { name, compiled } = this.#options.definition;
    const { key } = compiled.projection;
    return { schema: "search", table: name, key, columns: [...compiled.columns.keys()], primaryKey: ["tenant_id", key], perTenant: true };
  }

  async apply({ hold, groups, move }: BatchWrite, change: ChangeRows): Promise<void> {
    const { search, store } = this.#options;
    if (!("from" in move)) return store.elsewhere.move(hold, move);
    const target = this.#target(move.rebuild !== undefined);
    const { key } = this.#options.definition.compiled.projection;
    if (groups.length > 0) {
      if (!target.beside) await this.#prepare(move.from);
      try {
        const keys = groups.flatMap(({ tenant, keys: ids }) => ids.map((id) => ({ tenant: tenant ?? "", id })));
        const found = await search.load(target, keys);
        const documents = groups.flatMap(({ tenant }, group) => changed({ group, tenant: tenant ?? "", key }, found, change));
        if (documents.length > 0) await search.write(target, documents);
      } catch (error) {
        if (error instanceof Fault && error.type === "search_index_missing") await this.#again(target, hold);
        throw error;
      }
    }
    await store.elsewhere.move(hold, move);
    if (!target.beside) await this.#sweep(move.through);
  }

  async begin(name: string, _table: ProjectionTable, names: readonly string[]): Promise<boolean> {
    const { search, store } = this.#options;
    if ((await store.rebuilds()).some((rebuild) => rebuild.name === name)) return false;
    await search.begin(this.#target(true));
    return store.elsewhere.begin(name, names);
  }

  async cancel(name: string): Promise<boolean> {
    const { search, store } = this.#options;
    const cancelled = await store.elsewhere.cancel(name);
    await search.drop(this.#target(true));
    return cancelled;
  }

  /** First the documents, then the position: where the second is lost, the documents are ahead of it, which each of them knows. */
  async swap(hold: Hold): Promise<boolean> {
    const { search, store } = this.#options;
    if (!(await search.swap(this.#target(true)))) await this.#again(this.#target(true), hold);
    return store.elsewhere.swap(hold);
  }

  /** The hits of one tenant. *Faults thrown*: `unavailable` of type `search_unavailable`; `internal` of type `search_other_tenant`. */
  async find(ask: SearchAsk): Promise<readonly StoredHit[]> {
    const target = this.#target(false);
    const hits = await this.#options.search.search(target, ask);
    if (hits.some(({ tenant }) => tenant !== ask.tenant)) throw searchOtherTenant(target.index);
    const { row } = this.#options.definition.compiled;
    return hits.map((hit) => {
      const document = row.parse(hit.document);
      // What other code made is returned as it is, until a rebuild.
      return document instanceof Problems ? hit : { ...hit, document: document as StoredHit["document"] };
    });
  }

  #target(beside: boolean): SearchTarget {
    const { name, compiled } = this.#options.definition;
    const { text = [], language = "english" } = compiled.projection.search ?? {};
    return { index: name, text, language, beside };
  }

  /** Makes the index; one that was lost is made again of all events. */
  async #prepare(from: Position): Promise<void> {
    if (this.#prepared) return;
    const { search, definition } = this.#options;
    const isNew = await search.prepare(this.#target(false));
    if (isNew && comparePositions(from, start) > 0) await this.begin(definition.name, await this.describe(), definition.names);
    this.#prepared = true;
  }

  /** The documents are gone: the index is prepared again, or the rebuild begins again. The next holder of the projection reads again what was read. */
  async #again({ beside }: SearchTarget, { subscription }: Hold): Promise<never> {
    const { store, definition } = this.#options;
    this.#prepared = false;
    if (beside) {
      await store.elsewhere.cancel(subscription);
      await this.begin(definition.name, await this.describe(), definition.names);
    }
    throw new Fault({ code: "aborted", type: "lease_lost", message: "The documents of the index are gone. They are made again." });
  }

  /** Forgets what was removed so long ago that no write of before is under way. */
  async #sweep(position: Position): Promise<void> {
    const now = this.#options.clock.monotonic();
    this.#passed ??= { at: now, position };
    if (now - this.#passed.at < limits.searchRemovedMs) return;
    const before = sortablePosition(this.#passed.position);
    this.#passed = { at: now, position };
    // The next time does what this one does not.
    await this.#options.search.sweep(this.#target(false), before).catch(() => undefined);
  }
}

function changed(
  { group, tenant, key }: { readonly group: number; readonly tenant: string; readonly key: string },
  found: readonly SearchDocument[],
  change: ChangeRows,
): SearchDocument[] {
  const own = found.filter((one) => one.tenant === tenant);
  const applied = new Map(own.map(({ id, position }) => [id, readSortable(position)]));
  const there = own.flatMap(({ document }) => (document === undefined ? [] : [document]));
  const { rows, deletes, through } = change(group, there, applied);
  const after = (id: string, document: SearchDocument["document"]): SearchDocument => {
    const position = sortablePosition(through.get(id) as Position);
    return { tenant, id, position, document };
  };
  return [...deletes.map((id) => after(id, undefined)), ...rows.map((document) => after(String(document[key]), document))];
}

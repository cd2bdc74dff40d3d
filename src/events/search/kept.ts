import type { Clock } from "../../core/clock.ts";
import { Fault } from "../../core/fault.ts";
import type { SearchAsk, SearchStore, StoredHit } from "../../operation/sourcing/search-store.ts";
import type { ProjectionStore } from "../ports/projection-store.ts";
import type { ProjectionDefinition } from "../projections/definition.ts";
import { Documents } from "./documents.ts";

/** Where the rows of each projection are kept: in tables of the database, or as documents of a search index. */
export class KeptProjections {
  readonly #tables: ProjectionStore;
  readonly #documents: ReadonlyMap<string, Documents>;

  constructor(
    definitions: readonly ProjectionDefinition[],
    { store, search, clock }: { readonly store: ProjectionStore; readonly search: SearchStore | undefined; readonly clock: Clock },
  ) {
    this.#tables = store;
    const found = definitions.filter(({ compiled }) => compiled.projection.search !== undefined);
    if (found[0] !== undefined && search === undefined) throw noSearch(found[0].name);
    this.#documents = new Map(
      found.map((definition) => [definition.name, new Documents({ definition, store, clock, search: search as SearchStore })]),
    );
  }

  of(projection: string): ProjectionStore {
    const documents = this.#documents.get(projection);
    if (documents === undefined) return this.#tables;
    const tables = this.#tables;
    return {
      ...{ inline: tables.inline, elsewhere: tables.elsewhere },
      describe: () => documents.describe(),
      apply: (...batch) => documents.apply(...batch),
      begin: (...rebuild) => documents.begin(...rebuild),
      cancel: (name) => documents.cancel(name),
      swap: (hold) => documents.swap(hold),
      position: (name) => tables.position(name),
      freshness: (...asked) => tables.freshness(...asked),
      rebuilds: () => tables.rebuilds(),
    };
  }

  /** *Faults thrown*: `failed_precondition` of type `search_unknown`, and those of the search. */
  async find(index: string, ask: SearchAsk): Promise<readonly StoredHit[]> {
    const documents = this.#documents.get(index);
    if (documents === undefined) throw searchUnknown(index);
    return documents.find(ask);
  }
}

const searchUnknown = (index: string): Fault =>
  new Fault({
    code: "failed_precondition",
    type: "search_unknown",
    message: `No module of this app lists the search index ${index}. Add it to module({ projections }).`,
  });

const noSearch = (index: string): Fault =>
  new Fault({
    code: "failed_precondition",
    type: "app_invalid",
    message: `${index} is a search index, and this app has nothing that keeps one. Give createApp a database, or createApp({ search }).`,
  });

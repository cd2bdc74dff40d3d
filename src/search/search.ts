import assert from "node:assert";
import { limits } from "../core/limits.ts";
import type { AnySchema, Output } from "../core/schema/standard.ts";
import type { DomainEvent } from "../operation/events/event.ts";
import type { SearchIndex } from "../operation/sourcing/search-index.ts";
import { boundSearch, type SearchHolder, type SearchPlace } from "../operation/sourcing/search-store.ts";

/** What is searched for. */
export interface SearchQuery {
  /** The words; every one must occur. Signs are no operators. *Bounds*: what is beyond `limits.searchTextChars` is not read. */
  readonly text: string;
  /** *Default*: 20. *Bounds*: 1 to `limits.searchHits`. */
  readonly limit?: number;
  /** The rank and the id of the last hit of the page before. */
  readonly after?: SearchPlace | undefined;
}

/** A document that was found, and where it stands. */
export interface Hit<D> extends SearchPlace {
  readonly document: D;
}

/**
 * Finds the documents of the caller's tenant that have all words, the best first. In a query it needs no transaction: call it before the first statement, and it
 * holds no connection meanwhile. *Faults thrown*: `unavailable` of type `search_unavailable`; `internal` of type `search_other_tenant`.
 * @example const hits = await search(scope, books, { text: query, limit });
 */
export async function search<E extends DomainEvent, D extends AnySchema>(
  scope: SearchHolder,
  index: SearchIndex<E, D>,
  { text, limit = 20, after }: SearchQuery,
): Promise<readonly Hit<Output<D>>[]> {
  assert(
    Number.isInteger(limit) && limit >= 1 && limit <= limits.searchHits,
    `search: limit is ${limit}. Write 1 to ${limits.searchHits}.`,
  );
  // U+0000 is no part of a word, and PostgreSQL takes none.
  const words = text.slice(0, limits.searchTextChars).replaceAll("\0", " ").toWellFormed();
  const hits = await scope[boundSearch].find(index.name, { text: words, limit, after });
  return hits.map(({ id, rank, document }) => ({ id, rank, document: document as Output<D> }));
}

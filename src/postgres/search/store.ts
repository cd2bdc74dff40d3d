import { limits } from "../../core/limits.ts";
import { searchIndexMissing } from "../../operation/sourcing/search-faults.ts";
import type { SearchAsk, SearchDocument, SearchKey, SearchStore, SearchTarget, StoredHit } from "../../operation/sourcing/search-store.ts";
import { borrowed, type Lender } from "../lender.ts";

/** How long a statement on documents may take before its connection is cut. */
const statementMs = 60_000;
/** How long a search may take. */
const searchMs = 10_000;

/** Keeps search indexes in PostgreSQL, in a table of the app's database. See the migration for how. */
export class PostgresSearchStore implements SearchStore {
  readonly #lender: Lender;

  constructor(lender: Lender) {
    this.#lender = lender;
  }

  async prepare({ index }: SearchTarget): Promise<boolean> {
    return (await this.#value("select plimsoll.prepare_search_index($1) as value", [index])) === true;
  }

  async load({ index, beside }: SearchTarget, keys: readonly SearchKey[]): Promise<readonly SearchDocument[]> {
    const asked = JSON.stringify(keys.map(({ tenant, id }) => ({ tenant, id })));
    const found = await this.#value("select plimsoll.load_search_documents($1, $2, $3)::text as value", [index, beside, asked]);
    if (typeof found !== "string") throw searchIndexMissing(index);
    const documents = JSON.parse(found) as readonly (Omit<SearchDocument, "document"> & {
      readonly document: SearchDocument["document"] | null;
    })[];
    return documents.map(({ document, ...rest }) => ({ ...rest, document: document ?? undefined }));
  }

  async write({ index, beside, text, language }: SearchTarget, documents: readonly SearchDocument[]): Promise<void> {
    const sent = JSON.stringify(documents.map(({ document = null, ...rest }) => ({ ...rest, document })));
    const values = [index, beside, text, `pg_catalog.${language}`, sent];
    const found = await this.#value("select plimsoll.write_search_documents($1, $2, $3, $4::text::regconfig, $5) as value", values);
    if (found !== true) throw searchIndexMissing(index);
  }

  async begin({ index }: SearchTarget): Promise<void> {
    await this.#value("select plimsoll.begin_search_documents($1) as value", [index]);
  }

  async swap({ index }: SearchTarget): Promise<boolean> {
    return (await this.#value("select plimsoll.swap_search_documents($1, false) as value", [index])) === true;
  }

  async drop({ index }: SearchTarget): Promise<void> {
    await this.#value("select plimsoll.swap_search_documents($1, true) as value", [index]);
  }

  async sweep({ index }: SearchTarget, before: string): Promise<void> {
    await this.#value("select plimsoll.sweep_search_documents($1, $2, $3) as value", [index, before, limits.eventExpiryTurn]);
  }

  async search({ index, language }: SearchTarget, { tenant, text, limit, after }: SearchAsk): Promise<readonly StoredHit[]> {
    const rows = await this.#rows<StoredHit>(
      "select tenant, id, document, rank from plimsoll.find_search_documents($1, $2::text::regconfig, $3, $4, $5::float8::real, $6, $7)",
      { values: [index, `pg_catalog.${language}`, tenant, text, after?.rank ?? null, after?.id ?? null, limit], withinMs: searchMs },
    );
    return rows;
  }

  async #value(text: string, values: readonly unknown[]): Promise<unknown> {
    return (await this.#rows<{ readonly value: unknown }>(text, { values, withinMs: statementMs }))[0]?.value;
  }

  async #rows<T>(
    text: string,
    { values, withinMs }: { readonly values: readonly unknown[]; readonly withinMs: number },
  ): Promise<readonly T[]> {
    const asked = { text, values, columnsAsIs: true };
    const { rows } = await borrowed(this.#lender, withinMs, (connection) => connection.send(asked));
    return rows as unknown as readonly T[];
  }
}

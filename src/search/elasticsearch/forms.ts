import type { SearchAsk, SearchDocument, SearchKey, SearchTarget } from "../../operation/sourcing/search-store.ts";

/** A document as Elasticsearch has it. `text`: the fields that are searched. */
export interface Source {
  readonly tenant: string;
  readonly id: string;
  readonly position: string;
  readonly removed: boolean;
  readonly document?: Readonly<Record<string, unknown>>;
  readonly text?: Readonly<Record<string, unknown>>;
}

/** A length says where the tenant ends. Ids of more than 512 bytes are refused by Elasticsearch, which skips the event. */
export const idOf = ({ tenant, id }: SearchKey): string => `${tenant.length}:${tenant}${id}`;

/** What an index is made with: nothing is indexed but what is searched and filtered by. */
export function mapping({ text, language }: SearchTarget): Readonly<Record<string, unknown>> {
  const keyword = { type: "keyword" };
  const words = { type: "text", analyzer: language === "english" ? "english" : "standard" };
  const properties = {
    ...{ tenant: keyword, id: keyword, position: keyword, removed: { type: "boolean" } },
    document: { type: "object", enabled: false },
    text: { properties: Object.fromEntries(text.map((field) => [field, words])) },
  };
  return { mappings: { dynamic: false, properties } };
}

/** A document as it is stored. */
function sourceOf({ text }: SearchTarget, { tenant, id, position, document }: SearchDocument): Source {
  const kept = { tenant, id, position, removed: document === undefined };
  return document === undefined ? kept : { ...kept, document, text: Object.fromEntries(text.map((field) => [field, document[field]])) };
}

/** A document as it was stored. */
export const documentOf = ({ tenant, id, position, removed, document }: Source): SearchDocument => ({
  ...{ tenant, id, position },
  document: removed ? undefined : document,
});

const latest =
  "if (ctx.op == 'create' || params.source.position.compareTo(ctx._source.position) > 0) { ctx._source = params.source } else { ctx.op = 'noop' }";

/** The two lines of a bulk request that put a document where it has a later position. */
export function updateLines(target: SearchTarget, document: SearchDocument): string {
  const script = { lang: "painless", source: latest, params: { source: sourceOf(target, document) } };
  const update = { scripted_upsert: true, upsert: {}, script };
  return `${JSON.stringify({ update: { _id: idOf(document), retry_on_conflict: 3 } })}\n${JSON.stringify(update)}\n`;
}

/** Each word may be in another field. */
const acrossFields = "cross_fields";

/** What is searched: words, never operators. */
export function searchBody({ text }: SearchTarget, { tenant, text: words, limit, after }: SearchAsk): Readonly<Record<string, unknown>> {
  const fields = text.map((field, at) => `text.${field}^${text.length - at}`);
  const query = {
    bool: {
      must: [{ multi_match: { query: words, fields, type: acrossFields, operator: "and" } }],
      filter: [{ term: { tenant } }, { term: { removed: false } }],
    },
  };
  const place = after === undefined ? {} : { search_after: [after.rank, after.id] };
  return { query, size: limit, track_scores: true, sort: [{ _score: "desc" }, { id: "asc" }], ...place };
}

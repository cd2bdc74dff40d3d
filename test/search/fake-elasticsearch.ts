import type { SearchFetch } from "plimsoll/search";

type Source = { tenant: string; id: string; position: string; removed: boolean; text?: Record<string, unknown> };
type Index = { readonly aliases: Set<string>; readonly documents: Map<string, Source>; readonly fields: readonly string[] };
type Body = Readonly<Record<string, unknown>>;

/** What the next requests get in the place of an answer. */
interface Trouble {
  readonly status: number;
  readonly headers?: Record<string, string>;
}

/**
 * The part of the HTTP interface of Elasticsearch 8 that the adapter uses, in memory. It knows words by their letters, and of the script only that it keeps the
 * latest position: it shows that the adapter keeps to the protocol as it is documented, and nothing of the server itself.
 */
export class FakeElasticsearch {
  readonly indexes = new Map<string, Index>();
  readonly requests: string[] = [];
  readonly troubles: Trouble[] = [];
  /** A word of the id of documents that it refuses. */
  refuses: string | undefined;
  /** Whether a search knows no tenants. */
  mixesTenants = false;
  /** How each item of the next bulk requests ends. */
  readonly itemStatuses: (readonly number[])[] = [];

  readonly fetch: SearchFetch = async (url, { method = "GET", body }) => {
    const { pathname, search, searchParams } = new URL(url);
    this.requests.push(`${method} ${pathname}${search}`);
    const trouble = this.troubles.shift();
    if (trouble !== undefined) return new Response("{}", trouble);
    const [first = "", second = ""] = pathname.slice(1).split("/");
    const sent = String(body ?? "");
    if (second === "_bulk") return this.#bulk(first, sent, searchParams);
    const json = (sent === "" ? {} : JSON.parse(sent)) as Body;
    if (first === "_alias") return this.#aliasOf(second);
    if (first === "_aliases") return this.#aliases(json);
    if (method === "PUT") return this.#make(first, json);
    const index = this.#index(first);
    if (index === undefined)
      return second === "_mget" ? answer(200, { docs: [{ error: { type: "index_not_found_exception" } }] }) : answer(404);
    if (method === "DELETE") this.indexes.delete(first);
    if (second === "_mget")
      return answer(200, {
        docs: (json.ids as string[]).map((id) => ({ found: index.documents.has(id), _source: index.documents.get(id) })),
      });
    if (second === "_search") return answer(200, { hits: { hits: hitsOf(index, json, this.mixesTenants) } });
    if (second === "_delete_by_query") for (const [id, kept] of index.documents) if (isAsked(json, kept)) index.documents.delete(id);
    return answer(200);
  };

  #index(name: string): Index | undefined {
    return this.indexes.get(name) ?? [...this.indexes.values()].find(({ aliases }) => aliases.has(name));
  }

  #aliasOf(alias: string): Response {
    const names = [...this.indexes].filter(([, { aliases }]) => aliases.has(alias)).map(([name]) => name);
    return names.length === 0 ? answer(404) : answer(200, Object.fromEntries(names.map((name) => [name, {}])));
  }

  #make(
    name: string,
    { aliases = {}, mappings }: { aliases?: object; mappings?: { properties: { text: { properties: object } } } },
  ): Response {
    if (!/^[a-z0-9][a-z0-9.-]*$/.test(name)) return answer(400);
    const fields = Object.keys(mappings?.properties.text.properties ?? {});
    this.indexes.set(name, { aliases: new Set(Object.keys(aliases)), documents: new Map(), fields });
    return answer(200);
  }

  #aliases(body: Body): Response {
    const { actions = [] } = body as { actions?: readonly Record<string, { index: string; alias: string }>[] };
    for (const { remove_index, add, remove } of actions) {
      if (remove_index !== undefined) this.indexes.delete(remove_index.index);
      if (add !== undefined) this.indexes.get(add.index)?.aliases.add(add.alias);
      if (remove !== undefined) this.indexes.get(remove.index)?.aliases.delete(remove.alias);
    }
    return answer(200);
  }

  #bulk(alias: string, body: string, query: URLSearchParams): Response {
    const lines = body
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
    const index = this.#index(alias);
    const statuses = this.itemStatuses.shift();
    const items = lines.flatMap(({ update }, at) => {
      if (update === undefined) return [];
      const isMissing = index === undefined && query.get("require_alias") === "true";
      const isRefused = this.refuses !== undefined && update._id.includes(this.refuses);
      const status = statuses?.[at / 2] ?? (isMissing ? 404 : isRefused ? 400 : 200);
      if (status < 300) keepLatest(index as Index, update._id, lines[at + 1].script.params.source);
      return [{ update: { _id: update._id, status, ...(status >= 400 && { error: { type: "refused" } }) } }];
    });
    return answer(200, { errors: items.some(({ update }) => update.status >= 400), items });
  }
}

const answer = (status: number, body: object = {}) => new Response(JSON.stringify(body), { status });

function keepLatest({ documents }: Index, id: string, source: Source): void {
  const kept = documents.get(id);
  if (kept === undefined || source.position > kept.position) documents.set(id, source);
}

const wordsOf = (text: unknown): readonly string[] =>
  String(text ?? "")
    .toLowerCase()
    .match(/[\p{L}\p{N}]+/gu) ?? [];

type Asked = {
  query: { bool: { must: [{ multi_match: { query: string } }]; filter: [{ term: { tenant: string } }] } };
  size: number;
  search_after?: [number, string];
};

function hitsOf({ documents, fields }: Index, body: Body, mixesTenants: boolean): object[] {
  const { query, size, search_after: after } = body as unknown as Asked;
  const asked = wordsOf(query.bool.must[0].multi_match.query);
  return [...documents.values()]
    .filter(({ tenant, removed }) => (mixesTenants || tenant === query.bool.filter[0].term.tenant) && !removed)
    .map((source) => ({ _source: source, words: fields.flatMap((field) => wordsOf(source.text?.[field])) }))
    .filter(({ words }) => asked.length > 0 && asked.every((word) => words.includes(word)))
    .map(({ words, _source }) => ({ _source, _score: words.filter((word) => asked.includes(word)).length }))
    .toSorted((one, other) => other._score - one._score || (one._source.id < other._source.id ? -1 : 1))
    .filter(({ _score, _source: { id } }) => after === undefined || _score < after[0] || (_score === after[0] && id > after[1]))
    .slice(0, size);
}

function isAsked(body: Body, { removed, position }: Source): boolean {
  const { query } = body as unknown as { query: { bool: { filter: [unknown, { range: { position: { lt: string } } }] } } };
  return removed && position < query.bool.filter[1].range.position.lt;
}

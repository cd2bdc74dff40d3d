import { type Clock, systemClock } from "../../core/clock.ts";
import { limits } from "../../core/limits.ts";
import { searchIndexMissing, searchUnavailable } from "../../operation/sourcing/search-faults.ts";
import type { SearchAsk, SearchDocument, SearchKey, SearchStore, SearchTarget, StoredHit } from "../../operation/sourcing/search-store.ts";
import { Bulk } from "./bulk.ts";
import { Client, type Reply, type SearchFetch } from "./client.ts";
import { documentOf, idOf, mapping, type Source, searchBody } from "./forms.ts";

/** What `elasticsearch` takes. */
export interface ElasticsearchOptions {
  /** The address, as in `https://search.internal:9200`. */
  readonly url: string;
  /** For credentials, as in `{ authorization: "ApiKey …" }`. */
  readonly headers?: Readonly<Record<string, string>>;
  /** What all names of this app begin with. *Default*: `plimsoll-`. */
  readonly prefix?: string;
  /** *Default*: that of Node.js. */
  readonly fetch?: SearchFetch;
  readonly clock?: Clock;
}

/**
 * Keeps search indexes in Elasticsearch 8: each is an alias, which a rebuild moves to a new index. It was tested against a protocol fake.
 * @example createApp({ search: elasticsearch({ url: env.SEARCH_URL, headers: { authorization: `ApiKey ${env.SEARCH_KEY}` } }), … })
 */
export function elasticsearch({
  url,
  headers = {},
  prefix = "plimsoll-",
  fetch = globalThis.fetch,
  clock = systemClock,
}: ElasticsearchOptions): SearchStore {
  return new Elasticsearch(new Client({ url: url.replace(/\/$/, ""), headers, fetch, clock }), prefix);
}

class Elasticsearch implements SearchStore {
  readonly #client: Client;
  readonly #prefix: string;

  constructor(client: Client, prefix: string) {
    this.#client = client;
    this.#prefix = prefix;
  }

  async prepare(target: SearchTarget): Promise<boolean> {
    const live = this.#alias({ ...target, beside: false });
    if ((await this.#indexesOf(live)).length > 0) return false;
    await this.#make(target, live);
    return true;
  }

  async load(target: SearchTarget, keys: readonly SearchKey[]): Promise<readonly SearchDocument[]> {
    const reply = await this.#client.ask("POST", `/${this.#alias(target)}/_mget`, { ids: keys.map(idOf) });
    const { docs } = this.#found(target, reply) as { readonly docs?: readonly { readonly _source?: Source; readonly error?: unknown }[] };
    // An index that is missing is an error of each document.
    if (docs?.some(({ error }) => error !== undefined)) throw searchIndexMissing(target.index);
    return (docs ?? []).flatMap(({ _source }) => (_source === undefined ? [] : [documentOf(_source)]));
  }

  async write(target: SearchTarget, documents: readonly SearchDocument[]): Promise<void> {
    await new Bulk(this.#client, target, this.#alias(target)).write(documents);
  }

  async begin(target: SearchTarget): Promise<void> {
    await this.drop(target);
    await this.#make(target, this.#alias({ ...target, beside: true }));
  }

  async swap(target: SearchTarget): Promise<boolean> {
    const [live, beside] = [this.#alias({ ...target, beside: false }), this.#alias({ ...target, beside: true })];
    const [built] = await this.#indexesOf(beside);
    if (built === undefined) return false;
    // What was written without a wait is shown from the first search on.
    this.#expect(await this.#client.ask("POST", `/${built}/_refresh`));
    const old = await this.#indexesOf(live);
    const actions = [
      ...old.map((index) => ({ remove_index: { index } })),
      { add: { index: built, alias: live } },
      { remove: { index: built, alias: beside } },
    ];
    this.#expect(await this.#client.ask("POST", "/_aliases", { actions }));
    return true;
  }

  async drop(target: SearchTarget): Promise<void> {
    for (const index of await this.#indexesOf(this.#alias({ ...target, beside: true }))) {
      const { status } = await this.#client.ask("DELETE", `/${index}`);
      if (status >= 400 && status !== 404) throw unexpected(status);
    }
  }

  async sweep(target: SearchTarget, before: string): Promise<void> {
    const query = { bool: { filter: [{ term: { removed: true } }, { range: { position: { lt: before } } }] } };
    const path = `/${this.#alias(target)}/_delete_by_query?conflicts=proceed`;
    await this.#client.ask("POST", path, { query, max_docs: limits.eventExpiryTurn });
  }

  async search(target: SearchTarget, ask: SearchAsk): Promise<readonly StoredHit[]> {
    const reply = await this.#client.ask("POST", `/${this.#alias(target)}/_search`, searchBody(target, ask));
    // Before the first event there is no index.
    if (reply.status === 404) return [];
    const { hits } = this.#found(target, reply) as {
      readonly hits?: { readonly hits?: readonly { readonly _score: number; readonly _source: Source }[] };
    };
    return (hits?.hits ?? []).map(({ _score, _source: { tenant, id, document } }) => ({
      tenant,
      id,
      rank: _score,
      document: document ?? {},
    }));
  }

  #alias({ index, beside }: SearchTarget): string {
    return `${this.#prefix}${index}${beside ? "--beside" : ""}`;
  }

  async #indexesOf(alias: string): Promise<readonly string[]> {
    const { status, body } = await this.#client.ask("GET", `/_alias/${alias}`);
    if (status === 404) return [];
    if (status >= 400) throw unexpected(status);
    return Object.keys(body);
  }

  async #make(target: SearchTarget, alias: string): Promise<void> {
    const index = `${this.#prefix}${target.index}--${this.#client.clock.uuid()}`;
    this.#expect(await this.#client.ask("PUT", `/${index}`, { ...mapping(target), aliases: { [alias]: {} } }));
  }

  #found(target: SearchTarget, { status, body }: Reply): Reply["body"] {
    if (status === 404) throw searchIndexMissing(target.index);
    if (status >= 400) throw unexpected(status);
    return body;
  }

  #expect({ status }: Reply): void {
    if (status >= 400) throw unexpected(status);
  }
}

const unexpected = (status: number) =>
  searchUnavailable(`Elasticsearch responded with the status ${status}. Check its version, and who else changes its indexes.`);

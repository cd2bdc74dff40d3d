export { type SearchIndex, type SearchIndexSpec, searchIndex } from "../operation/sourcing/search-index.ts";
export type {
  SearchAsk,
  SearchDocument,
  SearchHolder,
  SearchKey,
  SearchLanguage,
  SearchPlace,
  SearchStore,
  SearchTarget,
  StoredHit,
} from "../operation/sourcing/search-store.ts";
export type { SearchFetch } from "./elasticsearch/client.ts";
export { type ElasticsearchOptions, elasticsearch } from "./elasticsearch/elasticsearch.ts";
export { type Hit, type SearchQuery, search } from "./search.ts";

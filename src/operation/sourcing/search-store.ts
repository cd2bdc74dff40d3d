/** Which documents are meant, and how their text is read. */
export interface SearchTarget {
  /** The name of the index. */
  readonly index: string;
  /** The fields whose words are found, the most important one first. */
  readonly text: readonly string[];
  readonly language: SearchLanguage;
  /** The documents of a rebuild, which are beside those that are searched. */
  readonly beside: boolean;
}

/** How words are made of a text: the forms of one English word are the same, or each form is a word of its own. */
export type SearchLanguage = "english" | "simple";

/** Which document of which tenant; the tenant is empty for none. */
export interface SearchKey {
  readonly tenant: string;
  readonly id: string;
}

/** A document as an index keeps it. */
export interface SearchDocument extends SearchKey {
  /** Up to where in the log its events are applied. Texts of one length, which sort as the positions do. */
  readonly position: string;
  /** Undefined where it was removed: its position is kept, so that what comes late does not put it back. */
  readonly document: Readonly<Record<string, unknown>> | undefined;
}

/** What is searched for. */
export interface SearchAsk {
  /** The tenant whose documents are searched; empty for none. */
  readonly tenant: string;
  /** Every word must occur. Signs are no operators. */
  readonly text: string;
  readonly limit: number;
  /** The last hit of the page before. */
  readonly after: SearchPlace | undefined;
}

/** Where a hit stands: by its rank, and by its id among those of one rank. */
export interface SearchPlace {
  readonly rank: number;
  readonly id: string;
}

/** A document that was found. */
export interface StoredHit extends SearchPlace, SearchKey {
  readonly document: Readonly<Record<string, unknown>>;
}

/**
 * Keeps the documents of search indexes, in batches. One process at a time writes to an index; one that was stopped for long may still send what is old.
 * *Faults thrown*: `unavailable` of type `search_unavailable`; `not_found` of type `search_index_missing` where it has no such documents; any that may not be sent
 * again where it refuses a document, which a batch of fewer then finds.
 */
export interface SearchStore {
  /** Makes the index where there is none. Returns whether it did. */
  prepare(target: SearchTarget): Promise<boolean>;
  /** The documents with these keys that there are or were, in any order. *Bounds*: `limits.projectionScan` keys. */
  load(target: SearchTarget, keys: readonly SearchKey[]): Promise<readonly SearchDocument[]>;
  /**
   * Puts and removes documents; of each the one with the latest position stays, however often and in whatever order they are written. What is searched shows them
   * when this resolves. *Bounds*: `limits.projectionScan` documents.
   */
  write(target: SearchTarget, documents: readonly SearchDocument[]): Promise<void>;
  /** Makes an empty index beside the one that is searched, in the place of one that was begun. */
  begin(target: SearchTarget): Promise<void>;
  /** Has the one beside searched from now on, at once for all. Returns false where there is none. */
  swap(target: SearchTarget): Promise<boolean>;
  /** Drops the one beside. */
  drop(target: SearchTarget): Promise<void>;
  /** Forgets removed documents whose position is before this one, and what was swapped away. *Bounds*: it may leave some for the next time. */
  sweep(target: SearchTarget, before: string): Promise<void>;
  /** The documents of one tenant that have all words, the best first, then by id. A text without words finds none. */
  search(target: SearchTarget, ask: SearchAsk): Promise<readonly StoredHit[]>;
}

/** The search as the scope of one execution has it. */
export interface BoundSearch {
  find(index: string, ask: Omit<SearchAsk, "tenant">): Promise<readonly StoredHit[]>;
}

/** By this name `search` of `plimsoll/search` finds the indexes of the app in a scope. */
export const boundSearch: unique symbol = Symbol("boundSearch");

/** A scope in which an index can be searched. */
export interface SearchHolder {
  readonly [boundSearch]: BoundSearch;
}

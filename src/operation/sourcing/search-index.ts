import type { AnySchema, Input, Output } from "../../core/schema/standard.ts";
import type { DomainEvent } from "../events/event.ts";
import { type ProjectedEvent, type Projection, projection } from "./projection.ts";
import type { SearchLanguage } from "./search-store.ts";

/** What `searchIndex` takes: the events, what a document is, and how one follows from an event. */
export interface SearchIndexSpec<E extends DomainEvent, D extends AnySchema> {
  /** One line for documents. */
  readonly summary?: string;
  /** The events that it reads, also those of other modules. */
  readonly on: readonly E[];
  /** What a document is. *Bounds*: `limits.searchDocumentBytes` as JSON. */
  readonly document: D;
  /** The field that names the document, once in a tenant. */
  readonly key: keyof Output<NoInfer<D>> & string;
  /** The fields whose words are found, the most important one first; each is a string. *Bounds*: 1 to 4. */
  readonly text: readonly (keyof Output<NoInfer<D>> & string)[];
  /** How words are made of a text. *Default*: `english`. */
  readonly language?: SearchLanguage;
  /** Which document an event belongs to. *Default*: that of the event's key. */
  readonly of?: (event: ProjectedEvent<NoInfer<E>>) => string;
  /** Returns the document after an event; undefined removes it. It is pure: it may be called again for the same event, and in a rebuild for all of them. */
  readonly apply: (document: Output<NoInfer<D>> | undefined, event: ProjectedEvent<E>) => Input<NoInfer<D>> | undefined;
}

/** Documents that follow from events, and are found by their words. */
export interface SearchIndex<E extends DomainEvent = DomainEvent, D extends AnySchema = AnySchema> extends Projection<E, D> {
  readonly search: { readonly text: readonly string[]; readonly language: SearchLanguage };
}

/**
 * Declares a search index: a projection whose rows are documents of an index. A module lists it in `projections`.
 * *Guarantees*: each event is applied to a document once, in the order of all events; a search finds documents of the caller's tenant only.
 * @example
 * export const books = searchIndex("shelf.books", {
 *   on: [added], document: z.object({ id: z.string(), title: z.string() }), key: "id", text: ["title"],
 *   apply: (_, { data: { id, title } }) => ({ id, title }),
 * });
 */
export function searchIndex<const E extends DomainEvent, D extends AnySchema>(
  name: string,
  spec: SearchIndexSpec<E, D>,
): SearchIndex<E, D> {
  const { document, text, language = "english", ...rest } = spec;
  return { ...projection<E, D>(name, { ...rest, row: document, table: `search.${name}` }), search: { text, language } };
}

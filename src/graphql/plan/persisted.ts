import { createHash } from "node:crypto";
import { Fault } from "../../core/fault.ts";
import type { Documents } from "./documents.ts";

/** The documents that an app has for its clients, by their names and by the hashes of their texts. */
export class Persisted {
  readonly #texts: ReadonlyMap<string, string>;
  readonly #only: boolean;

  constructor(documents: Readonly<Record<string, string>>, { only }: { readonly only: boolean }) {
    this.#only = only;
    const named = Object.entries(documents);
    const hashed = named.map(([, text]): [string, string] => [`sha256:${createHash("sha256").update(text).digest("hex")}`, text]);
    this.#texts = new Map([...hashed, ...named]);
  }

  /** Reads each once. *Faults thrown*: `failed_precondition` of type `graphql_document_unfit` with the name of one that does not fit the schema, and why. */
  check(documents: Documents): void {
    for (const [name, text] of this.#texts) {
      try {
        documents.read(text);
      } catch (fault) {
        if (!(fault instanceof Fault)) throw fault;
        throw new Fault({
          code: "failed_precondition",
          type: "graphql_document_unfit",
          message: `The document ${name} of graphql({ documents }) cannot be served: ${fault.message} Change it, or the contracts that it asks.`,
          cause: fault,
        });
      }
    }
  }

  /** Returns the document of a request; undefined where it has none. *Faults thrown*: `graphql_document_unknown`. */
  textOf({ query, documentId }: { readonly query: string | undefined; readonly documentId: string | undefined }): string | undefined {
    const known = documentId === undefined ? undefined : this.#texts.get(documentId);
    if (known !== undefined) return known;
    if (query === undefined ? documentId === undefined : !this.#only) return query;
    const message = this.#only
      ? "The app serves only documents that it has. Send the name of one in documentId."
      : "The app has no document of that name. Send the document itself in query.";
    throw new Fault({ code: "not_found", type: "graphql_document_unknown", message });
  }
}

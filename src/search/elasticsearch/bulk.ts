import { limits } from "../../core/limits.ts";
import { searchDocumentRefused, searchIndexMissing, searchUnavailable } from "../../operation/sourcing/search-faults.ts";
import type { SearchDocument, SearchTarget } from "../../operation/sourcing/search-store.ts";
import { backOff, type Client } from "./client.ts";
import { updateLines } from "./forms.ts";

interface Item {
  readonly update?: { readonly status?: number; readonly error?: { readonly type?: string; readonly reason?: string } };
}

/** Writes documents by the bulk API, in requests of a bounded size. What was refused because the server is busy is sent again, alone. */
export class Bulk {
  readonly #client: Client;
  readonly #target: SearchTarget;
  readonly #path: string;

  constructor(client: Client, target: SearchTarget, alias: string) {
    this.#client = client;
    this.#target = target;
    // Nothing reads what is beside before it is swapped. An alias that is missing makes no index.
    this.#path = `/${alias}/_bulk?require_alias=true&refresh=${target.beside ? "false" : "wait_for"}`;
  }

  async write(documents: readonly SearchDocument[]): Promise<void> {
    let [lines, bytes]: [string[], number] = [[], 0];
    for (const document of documents) {
      const text = updateLines(this.#target, document);
      const size = Buffer.byteLength(text);
      if (lines.length > 0 && bytes + size > limits.searchRequestBytes) {
        await this.#send(lines);
        [lines, bytes] = [[], 0];
      }
      lines.push(text);
      bytes += size;
    }
    if (lines.length > 0) await this.#send(lines);
  }

  async #send(lines: readonly string[]): Promise<void> {
    let left = lines;
    for (let attempt = 1; left.length > 0; attempt++) {
      const { status, body } = await this.#client.ask("POST", this.#path, left.join(""));
      if (status === 404) throw searchIndexMissing(this.#target.index);
      if (status === 413) throw searchDocumentRefused(this.#target.index, "the request is too large for http.max_content_length");
      const items = (body as { readonly items?: readonly Item[] }).items;
      if (status >= 400 || items?.length !== left.length) throw searchUnavailable(`Elasticsearch responded with the status ${status}.`);
      left = left.filter((_, at) => this.#isBusy(items[at] as Item));
      if (left.length === 0) return;
      if (attempt === limits.searchAttempts)
        throw searchUnavailable(`Elasticsearch refused documents ${attempt} times because it is busy. Give it more room.`);
      await backOff(this.#client.clock, attempt);
    }
  }

  #isBusy({ update: { status = 500, error } = {} }: Item): boolean {
    if (status < 400) return false;
    // Another writer has changed the document meanwhile: which one is later is seen the next time.
    if (status === 429 || status === 409) return true;
    if (status === 404) throw searchIndexMissing(this.#target.index);
    if (status >= 500) throw searchUnavailable(`Elasticsearch could not write a document (status ${status}). Look at its log.`);
    throw searchDocumentRefused(this.#target.index, `${error?.type ?? status}`);
  }
}

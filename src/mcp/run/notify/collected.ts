import { toFault } from "../../../core/fault.ts";
import { limits } from "../../../core/limits.ts";
import type { RunningExecution } from "../../../pipeline/state/running-execution.ts";
import type { StreamSink } from "../../../pipeline/stream/sink.ts";
import { resultLarge } from "../../faults.ts";
import type { McpLimits } from "../../limits.ts";
import type { Talk } from "../asking.ts";
import type { ItemNotes } from "./item-notes.ts";

/** The items of a stream on their way to one result; its client learns of each as it comes. *Bounds*: `resultItems` and `resultBytes`. */
export class Collected implements StreamSink {
  readonly stallMs = limits.downloadStallMs;
  readonly items: unknown[] = [];
  bytes = 0;
  readonly #terms: { readonly talk: Talk; readonly notes: ItemNotes; readonly limits: McpLimits };
  #execution: RunningExecution | undefined;

  constructor(terms: { readonly talk: Talk; readonly notes: ItemNotes; readonly limits: McpLimits }) {
    this.#terms = terms;
  }

  opens(execution: RunningExecution, drained: () => void): this {
    this.#execution = execution;
    this.#terms.talk.onDrained(drained);
    return this;
  }

  send(json: string): boolean {
    const { resultItems, resultBytes } = this.#terms.limits;
    this.bytes += Buffer.byteLength(json);
    if (this.items.length >= resultItems) return this.#tooLarge(`${resultItems} items`);
    if (this.bytes > resultBytes) return this.#tooLarge(`${resultBytes} bytes`);
    const item: unknown = JSON.parse(json);
    this.items.push(item);
    try {
      return this.#terms.notes.tell(item);
    } catch (thrown) {
      this.#execution?.stop(toFault(thrown));
      return true;
    }
  }

  beat(): void {
    this.#terms.talk.beat();
  }

  #tooLarge(limit: string): boolean {
    this.#execution?.stop(resultLarge(limit));
    return true;
  }
}

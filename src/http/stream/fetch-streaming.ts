import { Fault } from "../../core/fault.ts";
import { callerLeft } from "../../pipeline/sign-in.ts";
import type { RunningExecution } from "../../pipeline/state/running-execution.ts";
import type { HttpReply } from "../reply/reply.ts";
import type { AskedStream } from "./asked.ts";
import { FetchStream } from "./fetch-stream.ts";
import { endingOf, streamHead } from "./reply.ts";

/** A reply whose body is a stream. */
export interface StreamedReply extends HttpReply {
  readonly stream: ReadableStream<Uint8Array>;
}

interface FetchStreamingOptions {
  readonly stallMs: number;
  /** Whether only the head is asked for. */
  readonly isHead: boolean;
  readonly left: () => void;
  readonly opened: (reply: StreamedReply) => void;
}

/** The stream that a web `Request` asks for, from its head to its end. */
export class FetchStreaming {
  readonly #asked: AskedStream | Fault;
  readonly #options: FetchStreamingOptions;
  #stream: FetchStream | undefined;

  constructor(asked: AskedStream | Fault, options: FetchStreamingOptions) {
    this.#asked = asked;
    this.#options = options;
  }

  get lastEventId(): string | undefined {
    return this.#asked instanceof Fault ? undefined : this.#asked.lastEventId;
  }

  /** *Faults thrown*: those of what cannot be served. */
  check(): void {
    if (this.#asked instanceof Fault) throw this.#asked;
  }

  open(execution: RunningExecution, drained: () => void): FetchStream {
    if (this.#asked instanceof Fault) throw this.#asked;
    const { format } = this.#asked;
    const { stallMs, isHead, left, opened } = this.#options;
    this.#stream = new FetchStream({ format, stallMs, drained, left });
    opened({ ...streamHead(execution, format), stream: this.#stream.body });
    if (isHead) queueMicrotask(() => execution.stop(callerLeft(), { succeeds: true }));
    return this.#stream;
  }

  /** Ends what was opened. Returns its bytes; undefined where nothing was. */
  end(execution: RunningExecution): number | undefined {
    this.#stream?.end(endingOf(execution), execution.fault);
    return this.#stream?.bytes;
  }
}

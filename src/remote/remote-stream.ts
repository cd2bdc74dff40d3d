import type { AwayContract, AwayStream } from "../operation/away/away.ts";
import type { StreamEnd } from "../operation/execution.ts";
import type { ResourceCaller } from "../operation/resource.ts";
import { endedTrailer } from "../protobuf/inside.ts";
import type { OpenStream } from "./connection/open-stream.ts";
import { replyUnreadable, streamLost } from "./faults.ts";
import type { Form } from "./peer/forms.ts";
import { faultOf } from "./reply-fault.ts";

/** Whose stream it is. */
export interface RemoteStreamTerms {
  readonly contract: AwayContract;
  readonly caller: ResourceCaller;
  readonly form: Form;
}

/** The items of a stream that another process runs. While one is awaited, its caller waits for that process. */
export class RemoteStream implements AwayStream {
  readonly #stream: OpenStream;
  readonly #terms: RemoteStreamTerms;
  ended: StreamEnd | undefined = undefined;

  constructor(stream: OpenStream, terms: RemoteStreamTerms) {
    this.#stream = stream;
    this.#terms = terms;
  }

  /** Resolves when it has ended. */
  get over(): Promise<unknown> {
    return this.#stream.ended;
  }

  async next(): Promise<{ readonly item: unknown } | undefined> {
    const { contract, caller, form } = this.#terms;
    caller.upstreamEnters(contract.module);
    const message = await this.#stream.next();
    caller.upstreamLeaves(contract.module);
    if (message === undefined) return this.#over();
    try {
      return { item: form.read(message) };
    } catch (cause) {
      throw replyUnreadable(contract.name, cause);
    }
  }

  send(message: unknown): Promise<void> | undefined {
    return this.#stream.write(this.#terms.form.method.writeMessage(message));
  }

  sentAll(): void {
    this.#stream.sentAll();
  }

  close(): void {
    this.#stream.close();
  }

  async #over(): Promise<undefined> {
    const { contract, caller } = this.#terms;
    const end = await this.#stream.ended;
    switch (end.is) {
      case "reply":
        if (end.status === 0) return undefined;
        this.ended = endOf(end.said[endedTrailer]);
        throw faultOf(end, contract);
      case "lost":
        throw streamLost(contract.name, end.cause);
      case "unreadable":
        throw replyUnreadable(contract.name, end.cause);
      case "left":
        return caller.throwIfSettled() as undefined;
    }
  }
}

const ends: readonly unknown[] = ["left", "unread", "idle", "longest", "stopping", "failed"] satisfies readonly StreamEnd[];

const endOf = (said: unknown): StreamEnd => (ends.includes(said) ? (said as StreamEnd) : "failed");

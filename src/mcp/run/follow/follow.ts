import { Fault } from "../../../core/fault.ts";
import { limits } from "../../../core/limits.ts";
import type { RunningExecution } from "../../../pipeline/state/running-execution.ts";
import type { StreamSink } from "../../../pipeline/stream/sink.ts";
import { paramsInvalid, resourceUnknown } from "../../faults.ts";
import type { McpModel } from "../../model/model.ts";
import { type CallTerms, notification, type Talk } from "../asking.ts";
import { runCall } from "../invocation.ts";

/** Where a resource is followed: its template, the stream that says when it has changed, and the input of that. */
export interface Followed {
  readonly uri: string;
  readonly target: string;
  readonly input: Readonly<Record<string, string>>;
}

/** Finds what an address stands for; undefined where its changes cannot be followed. *Faults thrown*: `mcp_params_invalid`, `mcp_resource_unknown`. */
export function followedOf({ resources }: McpModel, uri: unknown): Followed | undefined {
  if (typeof uri !== "string") throw paramsInvalid("The address of a resource is not a text.");
  for (const [target, { read, updates }] of resources) {
    const input = read(uri);
    if (input !== undefined) return updates === undefined ? undefined : { uri, target, input };
  }
  throw resourceUnknown(uri);
}

/** What a resource is followed for. */
export interface Following {
  readonly carrier: RunningExecution;
  readonly talk: Talk;
  readonly signal: AbortSignal;
  /** Stands in `_meta` of each notification. *Default*: nothing does. */
  readonly meta?: object;
}

/** Tells a client each time that a resource has changed, until its stream ends. *Faults thrown*: those of the stream. */
export async function follow(terms: CallTerms, { uri, target, input }: Followed, following: Following): Promise<void> {
  const updates = terms.model.resources.get(target)?.updates;
  if (updates === undefined) return;
  const { carrier, signal, talk, meta } = following;
  const message = notification("notifications/resources/updated", { uri, ...(meta !== undefined && { _meta: meta }) });
  const call = { carrier, signal, input, idempotencyKey: undefined, method: "subscriptions/listen", target } as const;
  const { fault, streaming } = await runCall(terms.runtime, updates, { ...call, items: new Updates(talk, message) });
  const why = fault ?? streaming?.interruption;
  if (why !== undefined && !signal.aborted) throw why;
}

/** The items of the stream of one resource: each is one notification, and waits until its client has read those before it. */
class Updates implements StreamSink {
  readonly stallMs = limits.downloadStallMs;
  bytes = 0;
  readonly #talk: Talk;
  readonly #message: object;

  constructor(talk: Talk, message: object) {
    this.#talk = talk;
    this.#message = message;
  }

  opens(_execution: RunningExecution, drained: () => void): this {
    this.#talk.onDrained(drained);
    return this;
  }

  send(json: string): boolean {
    this.bytes += Buffer.byteLength(json);
    return this.#talk.send(this.#message);
  }

  beat(): void {
    this.#talk.beat();
  }
}

/** Refuses to follow more than a client may. */
export const followsExhausted = (most: number, of: string): Fault =>
  new Fault({
    code: "resource_exhausted",
    type: "mcp_subscriptions_exhausted",
    message: `More than ${most} ${of} cannot be followed. Unsubscribe from some, or ask less often.`,
  });

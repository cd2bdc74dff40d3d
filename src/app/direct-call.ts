import { type Actor, anonymous } from "../operation/actor.ts";
import type { Operation } from "../operation/contract.ts";
import type { Criticality } from "../operation/execution.ts";
import type { Runtime } from "../pipeline/runtime.ts";
import { callerLeft } from "../pipeline/sign-in.ts";
import { positionOf } from "../pipeline/sourcing/positions.ts";
import { DirectStream } from "../pipeline/stream/direct-stream.ts";

/** The actor and the options of a call from inside the process. */
export interface DirectCall {
  /** *Default*: anonymous. */
  readonly actor?: Actor;
  /** The idempotency key. */
  readonly key?: string;
  /** The caller goes away when it aborts: the work is stopped. */
  readonly signal?: AbortSignal;
  /** *Default*: as the operation declares. */
  readonly criticality?: Criticality;
  /** What the caller has left. *Units*: milliseconds. */
  readonly remainingMs?: number;
  /** The position that a query waits for which declares `reads`: what `onPosition` of an earlier call was given, or a response said in `Plimsoll-Position`. */
  readonly after?: string;
  /** Called before the call resolves, with the position of the events that it committed, if there are any. */
  readonly onPosition?: (token: string) => void;
}

/** Sends a call the way of every request, without a network. Rejects with the fault that any caller would see. The input is left as it is until then. */
export function callDirectly(
  runtime: Runtime,
  operation: Operation,
  { input, actor = anonymous, key, signal, remainingMs, criticality, after, onPosition }: DirectCall & { readonly input: unknown },
): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const gone = () => execution.stop(callerLeft());
    let stream: DirectStream | undefined;
    const execution = runtime.start(runtime.operation(operation.name), {
      surface: "direct",
      isInside: true,
      address: undefined,
      requestId: undefined,
      trace: undefined,
      remainingMs,
      criticality,
      idempotencyKey: key,
      after,
      authenticate: () => actor,
      readInput: (running) => {
        running.input = input;
      },
      // A caller gets what it would get over any wire, and nothing that the handler still holds.
      openStream: (_, drained) => {
        stream = new DirectStream(drained, gone);
        resolve(stream);
        return stream;
      },
      prepare: (output) => void output.json,
      reply: (done) => {
        signal?.removeEventListener("abort", gone);
        if (stream !== undefined) return void stream.end(done.fault ?? done.streaming?.interruption);
        const position = onPosition !== undefined && done.fault === undefined ? positionOf(done) : undefined;
        if (position !== undefined) onPosition?.(position);
        if (done.output === undefined || done.fault !== undefined) reject(done.fault);
        else resolve(JSON.parse(done.output.json));
        return undefined;
      },
    });
    if (signal?.aborted) gone();
    else signal?.addEventListener("abort", gone, { once: true });
  });
}

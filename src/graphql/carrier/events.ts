import { limits } from "../../core/limits.ts";
import { Handover } from "../../pipeline/stream/handover.ts";
import { type DocumentRun, runPlan } from "../run/execute.ts";
import { resultOf } from "../run/replies.ts";
import { Subscription } from "../run/subscription.ts";
import type { ServerTerms } from "./prepare.ts";

const encoder = new TextEncoder();

/**
 * Sends results as events of `text/event-stream`: `next` with each, and `complete` behind the last.
 * *Source*: the protocol of graphql-sse, distinct connections.
 */
export function sendEvents(terms: ServerTerms, run: DocumentRun, lastEventId: string | undefined): Response {
  let subscription: Subscription | undefined;
  const handover = new Handover<Uint8Array>(() => subscription?.drained());
  const give = (text: string) => handover.give(encoder.encode(text));
  const next = (result: object, id?: string): boolean => {
    give(`${id === undefined ? "" : `id: ${id}\n`}event: next\ndata: ${JSON.stringify(result)}\n\n`);
    return !handover.isFull;
  };
  const complete = () => {
    give("event: complete\ndata: \n\n");
    handover.end();
  };
  const leaving = new AbortController();
  if (run.plan.root === "Subscription") {
    const subscriber = { next: (result: object, id?: string) => next(resultOf(result), id), beat: () => give(":\n\n"), complete };
    subscription = new Subscription(terms, { ...run, lastEventId: idOf(lastEventId) }, { ...subscriber, stallMs: limits.downloadStallMs });
    subscription.start();
  } else {
    void runPlan(terms, { ...run, signal: leaving.signal }).then((outcome) => {
      next(resultOf(outcome));
      complete();
    });
  }
  const body = new ReadableStream<Uint8Array>(
    {
      pull: async (controller) => {
        const bytes = await handover.take();
        if (bytes === undefined) controller.close();
        else controller.enqueue(bytes);
      },
      cancel: () => {
        leaving.abort();
        subscription?.stop();
      },
    },
    { highWaterMark: 0 },
  );
  return new Response(body, { headers: { "content-type": "text/event-stream; charset=utf-8", "cache-control": "no-store" } });
}

/** An id that could have been ours. */
function idOf(text: string | undefined): string | undefined {
  return text !== undefined && text.length <= limits.streamIdChars && /^[\x20-\x7e]+$/.test(text) ? text : undefined;
}

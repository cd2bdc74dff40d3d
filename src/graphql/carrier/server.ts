import assert from "node:assert";
import { Fault } from "../../core/fault.ts";
import { type CarriedRequest, TextReply } from "../../core/schema/opaque/carried.ts";
import { current } from "../../pipeline/pipeline.ts";
import { httpStatusOf } from "../../surface/http-status.ts";
import { type Outcome, runPlan } from "../run/execute.ts";
import { requestErrors, resultOf } from "../run/replies.ts";
import { type ReplyType, replyTypeOf, takesEvents, wantsPage } from "./accept.ts";
import { readAsked } from "./asked.ts";
import { sendEvents } from "./events.ts";
import { chargeCaller, eventsNotTaken, prepareRun, type ServerTerms } from "./prepare.ts";

/** Serves one request: reads what it asks, runs it, and writes the reply. *Faults thrown*: `rate_limited`, for a request that starts no operation. */
export async function serve(terms: ServerTerms, request: CarriedRequest): Promise<Response | TextReply> {
  const carrier = current.getStore();
  assert(carrier !== undefined, "a request of GraphQL is an execution");
  const accept = request.header("accept");
  const type = replyTypeOf(accept);
  const { page } = terms;
  if (page !== undefined && request.method === "GET" && wantsPage(accept) && !request.url.includes("?")) {
    await chargeCaller(carrier);
    const headers = { "content-type": "text/html; charset=utf-8", "content-security-policy": page.contentSecurityPolicy };
    return new Response(page.html, { headers });
  }
  try {
    const asked = await readAsked(request, terms.limits);
    const run = await prepareRun(terms, asked, { carrier, writes: request.method === "POST" });
    const events = takesEvents(accept);
    if (run.plan.root === "Subscription" && !events) throw eventsNotTaken();
    if (events) return sendEvents(terms, run, request.header("last-event-id") ?? undefined);
    return written(await runPlan(terms, run), type, 200);
  } catch (fault) {
    if (!(fault instanceof Fault) || fault.code === "internal") throw fault;
    // What starts no operation is charged to its caller all the same.
    await chargeCaller(carrier);
    return refused(fault, type, carrier.requestId);
  }
}

function refused(fault: Fault, type: ReplyType, requestId: string): TextReply {
  // To a client that knows only JSON, a document that is refused is a reply like any other; what is no request of GraphQL is not.
  const isDocument = fault.type === "graphql_invalid" || fault.type === "graphql_limit";
  const status = type.legacy && isDocument ? 200 : httpStatusOf(fault);
  const reply = written({ errors: requestErrors(fault, requestId) }, type, status);
  return fault.status === 405 ? new TextReply(status, [...reply.headers, "allow", "POST"], reply.text) : reply;
}

function written(outcome: Partial<Outcome>, { contentType }: ReplyType, status: number): TextReply {
  return new TextReply(status, ["content-type", contentType], JSON.stringify(resultOf(outcome)));
}

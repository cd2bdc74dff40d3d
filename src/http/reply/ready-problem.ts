import type { Fault } from "../../core/fault.ts";
import { type ProblemReply, problemReply } from "./problem.ts";

/** The text of a problem document on both sides of the request's id. */
interface ReadyProblem {
  readonly reply: ProblemReply;
  readonly before: string;
  readonly after: string;
}

const ready = new WeakMap<Fault, ReadyProblem>();
const place = '"requestId":"';

/**
 * Writes a refusal for want of capacity, of which the pipeline makes one for many requests: its text is made once.
 * *Bounds*: as many as there are such faults. *Guarantees*: the same as {@link problemReply}.
 */
export function overloadedReply(fault: Fault, requestId: string): ProblemReply {
  let made = ready.get(fault);
  if (made === undefined) {
    made = split(fault);
    ready.set(fault, made);
  }
  const { status, headers } = made.reply;
  // A request id has no character that JSON escapes.
  return { status, headers, body: made.before + requestId + made.after };
}

function split(fault: Fault): ReadyProblem {
  const reply = problemReply(fault, "", false);
  // The first match is the field: inside a text of the document its quotes would be escaped.
  const at = reply.body.indexOf(place) + place.length;
  return { reply, before: reply.body.slice(0, at), after: reply.body.slice(at) };
}

import { inputDeclined, inputLong } from "../../faults.ts";
import type { Asking, CallTerms } from "../asking.ts";
import { type Continuation, type Continued, openContinuation, sealContinuation } from "./continuation.ts";
import { type Callable, Preparation, type Prepared } from "./preparation.ts";
import type { Response } from "./questions.ts";

type Ready = Extract<Prepared, { readonly input: unknown }>;
type Asked = Exclude<Prepared, Ready>;

/** What is known before a call runs, or what its client gets in the place of a result. */
export type Outcome = Ready | { readonly result: Readonly<Record<string, unknown>> };

/**
 * Prepares a call: a modern client is asked by a result, and sends the call again; one of a session is asked in front of the result, while nothing of the operation
 * runs, holds a slot, or has a transaction.
 */
export async function prepare(
  terms: CallTerms,
  asking: Asking,
  { callable, call }: { callable: Callable; call: Continued },
): Promise<Outcome> {
  const preparation = new Preparation(terms, asking, { callable, call });
  const { carrier, client, message } = asking;
  if (client.era === "legacy") return converse(terms, asking, { preparation, callable });
  const { requestState, inputResponses } = message.params;
  const continuation = requestState === undefined ? undefined : openContinuation(carrier, call, requestState);
  const prepared = preparation.outcome(inputResponses, continuation);
  if ("input" in prepared) return prepared;
  const { requests } = prepared;
  const kept = terms.limits.continuationBytes;
  if (Buffer.byteLength(JSON.stringify(prepared.continuation.given)) > kept) throw inputLong(kept);
  const sealed = sealContinuation(carrier, call, { ...prepared.continuation, forMs: terms.limits.continuationMs });
  const asked = Object.keys(requests).length > 0 && { inputRequests: requests };
  return { result: { resultType: "input_required", ...asked, requestState: sealed } };
}

async function converse(
  terms: CallTerms,
  asking: Asking,
  { preparation, callable: { name, asks } }: { preparation: Preparation; callable: Callable },
): Promise<Ready> {
  // Each brings the fields of one question at least, and the last the confirmation; a client that brings none has none.
  const rounds = asks.length + 1;
  let responses: Record<string, Response> = {};
  let continuation: Continuation | undefined;
  for (let round = 0; ; round++) {
    const prepared = preparation.outcome(responses, continuation);
    if ("input" in prepared) return prepared;
    if (round > rounds) throw inputDeclined(name);
    responses = await askAll(terms, asking, prepared.requests);
    continuation = prepared.continuation;
  }
}

/** Asks the client of a session; what it will not say is declined. */
async function askAll({ questions }: CallTerms, { carrier, client, signal, talk }: Asking, requests: Asked["requests"]) {
  const { clock } = carrier.host;
  const { session = "" } = client;
  const responses = Object.entries(requests).map(async ([key, request]) => {
    const send = (id: string) => void talk.send({ jsonrpc: "2.0", id, ...legacyForm(request) });
    const response = await questions.ask(session, { clock, signal, send });
    return [key, response === "declined" ? { action: "decline" } : response] as const;
  });
  return Object.fromEntries(await Promise.all(responses));
}

/** Clients of before 2025-11-25 know one mode, and no name of it. */
function legacyForm(request: object): object {
  const { method, params } = request as { readonly method: string; readonly params: Readonly<Record<string, unknown>> };
  const { mode: _, ...rest } = params;
  return { method, params: rest };
}

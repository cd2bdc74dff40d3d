import type { Fault } from "../../core/fault.ts";
import { parseJson } from "../../core/json.ts";
import { Problems } from "../../core/schema.ts";
import { readQuotaHeaders } from "../../resilience/policies/quota/lesson.ts";
import { failed, rateLimited, redirected, refused as refusedBy, replyInvalid, replyMalformed } from "../faults.ts";
import type { HeaderValues } from "../request/headers.ts";
import type { Prepared } from "../request/prepare.ts";
import { plainHeaders, type RawReply } from "./raw-reply.ts";

/** A reply that is one: its status says so, and its body has the form that was asked for. */
export interface GoodReply {
  readonly status: number;
  readonly headers: HeaderValues;
  readonly body: unknown;
}

/** How long an upstream that does not say is left alone after a 429. */
const pauseMs = 1_000;

/** Reads a reply. `nowMs`: wall time, for headers that have a date. *Faults thrown*: what the status says, or what is wrong with the body. */
export function readReply(
  upstream: string,
  raw: RawReply,
  { form, refused, nowMs }: Pick<Prepared, "form" | "refused"> & { readonly nowMs: number },
): GoodReply {
  const headers = plainHeaders(raw.headers);
  const { status } = raw;
  if (status >= 400 && status <= 499 && status !== 429) {
    const fault = refused?.({ status, body: jsonOf(raw.body) });
    if (fault !== undefined) throw withHeaders(fault, headers);
  }
  if (status < 200 || status > 299)
    throw withHeaders(statusFault(upstream, status, readQuotaHeaders((name) => headers[name], nowMs)?.retryAfterMs), headers);
  return { status, headers, body: readBody(upstream, raw.body, { form, type: headers["content-type"] }) };
}

/** Undefined where it is none. */
function jsonOf(body: Buffer): unknown {
  try {
    return parseJson(body);
  } catch {
    return undefined;
  }
}

function statusFault(upstream: string, status: number, retryAfterMs: number | undefined): Fault {
  if (status === 429) return rateLimited(upstream, retryAfterMs ?? pauseMs);
  if (status >= 500) return failed(upstream, status, retryAfterMs);
  return status >= 400 ? refusedBy(upstream, status) : redirected(upstream, status);
}

/** A quota is learnt from the headers of a refusal too. They are no part of the fault that callers see. */
function withHeaders(fault: Fault, headers: HeaderValues): Fault {
  return Object.defineProperty(fault, "response", { value: { headers }, enumerable: false });
}

function readBody(
  upstream: string,
  body: Buffer,
  { form, type }: { readonly form: Prepared["form"]; readonly type: string | undefined },
): unknown {
  if (form === "none") return undefined;
  if (form === "bytes") return body;
  if (form === "text") return body.toString("utf8");
  if (type !== undefined && !/^application\/(?:[\w.+-]+\+)?json\s*(?:;|$)/i.test(type)) throw replyMalformed(upstream, "it is no JSON");
  let value: unknown;
  try {
    value = parseJson(body);
  } catch (cause) {
    throw replyMalformed(upstream, "it is no JSON", cause);
  }
  const parsed = form.parse(value);
  if (parsed instanceof Problems) throw replyInvalid(upstream, parsed.list);
  return parsed;
}

import type { OutgoingHttpHeaders } from "node:http2";
import type { Fault } from "../core/fault.ts";
import { formatTraceparent } from "../core/trace.ts";
import { sessionOf } from "../operation/authentication/session-of.ts";
import type { AwayCall } from "../operation/away/away.ts";
import { criticalityHeader } from "../operation/execution.ts";
import type { ResourceCaller } from "../operation/resource.ts";
import { afterHeader } from "../pipeline/sourcing/position-token.ts";
import { contractHeader, refusesCredentialsHeader, tokenHeader, writeFault } from "../protobuf/inside.ts";
import type { Method } from "./method.ts";
import { signCall } from "./token/internal-token.ts";
import type { InternalKeys } from "./token/keys.ts";

/** What the headers of one attempt are made of. *Units*: milliseconds; `now` since the Unix epoch. */
export interface HeadersSource extends AwayCall {
  readonly caller: ResourceCaller;
  readonly method: Method;
  readonly keys: InternalKeys;
  readonly service: string;
  readonly spanId: string;
  readonly remainingMs: number;
  readonly now: number;
}

/** The headers of one attempt: what is left of the deadline, the trace, the key, and the token that says for whom it is. *Faults thrown*: `internal_token_too_large`. */
export function headersOf({ contract, caller, method, ...source }: HeadersSource): OutgoingHttpHeaders {
  const { actor, tenant, address, key, after, lastEventId, refusesCredentials: refused, spanId } = source;
  const { traceId, sampled, traceState, criticality } = caller;
  const remainingMs = Math.max(1, Math.floor(source.remainingMs));
  const call = {
    by: source.service,
    module: contract.module,
    operation: contract.name,
    actor,
    session: sessionOf(actor),
    tenant,
    address,
    criticality,
    remainingMs,
  };
  return {
    ...{ ":method": "POST", ":path": method.path, "content-type": "application/grpc+proto", te: "trailers" },
    "grpc-timeout": `${remainingMs}m`,
    "x-request-id": source.requestId,
    traceparent: formatTraceparent({ traceId, spanId, sampled }),
    [criticalityHeader]: criticality,
    [contractHeader]: method.fingerprint,
    [tokenHeader]: signCall(source.keys, call, source.now),
    ...(traceState !== undefined && { tracestate: traceState }),
    ...(key !== undefined && { "idempotency-key": key }),
    ...(refused !== undefined && { [refusesCredentialsHeader]: refusalText(refused) }),
    ...(lastEventId !== undefined && { "last-event-id": lastEventId }),
    ...(after !== undefined && { [afterHeader]: after }),
  };
}

const refusalText = ({ type, message, details }: Fault): string =>
  writeFault({ type, message, details, retryAfterMs: undefined, status: undefined });

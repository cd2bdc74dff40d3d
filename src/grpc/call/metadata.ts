import { Fault } from "../../core/fault.ts";
import { parseTrace, type TraceParent } from "../../core/trace.ts";
import { type Criticality, criticalityHeader, readCriticality } from "../../operation/execution.ts";
import { afterHeader } from "../../pipeline/sourcing/position-token.ts";
import { isStreamId, lastEventIdInvalid } from "../../pipeline/stream/faults.ts";
import { contractHeader, readFault, refusesCredentialsHeader } from "../../protobuf/inside.ts";
import { timeoutInvalid } from "../faults.ts";

/** The headers of a call, as `node:http2` gives them. */
export type CallHeaders = Readonly<Record<string, string | readonly string[] | undefined>>;

/** How many milliseconds a unit of `grpc-timeout` has. */
const units: Readonly<Record<string, number>> = { H: 3_600_000, M: 60_000, S: 1_000, m: 1, u: 1e-3, n: 1e-6 };

/** What the platform reads of the metadata of one call. */
export interface Metadata {
  readonly authorization: string | undefined;
  /** What stands in another header, for schemes that look there. */
  textAt(header: string): string | undefined;
  readonly idempotencyKey: string | undefined;
  readonly requestId: string | undefined;
  readonly trace: TraceParent | undefined;
  readonly criticality: Criticality | undefined;
  readonly after: string | undefined;
  /** Of the last item of a stream that the caller got before. */
  readonly lastEventId: string | undefined;
  /** Why the client of another service must not be given credentials, as that says. */
  readonly refusesCredentials: Fault | undefined;
  /** The fingerprint of the method that another service means. */
  readonly contract: string | undefined;
  /** *Units*: milliseconds. */
  readonly remainingMs: number | undefined;
  /** Why the caller's deadline, or its last item, cannot be read. */
  readonly refused: Fault | undefined;
}

/** Reads the metadata of a call. A header that comes several times is one, with its values in a list, as `node:http2` joins them. */
export function readMetadata(headers: CallHeaders): Metadata {
  const requestId = textOf(headers["x-request-id"]);
  const lastEventId = textOf(headers["last-event-id"]);
  const timeout = remainingOf(headers);
  return {
    authorization: textOf(headers.authorization),
    textAt: (header) => textOf(headers[header.toLowerCase()]),
    idempotencyKey: textOf(headers["idempotency-key"]),
    requestId: requestId !== undefined && /^[A-Za-z0-9._:/+=-]{1,128}$/.test(requestId) ? requestId : undefined,
    trace: parseTrace(textOf(headers.traceparent), textOf(headers.tracestate)),
    criticality: readCriticality(textOf(headers[criticalityHeader])),
    after: textOf(headers[afterHeader]),
    lastEventId: lastEventId === "" ? undefined : lastEventId,
    refusesCredentials: refusalOf(textOf(headers[refusesCredentialsHeader])),
    contract: textOf(headers[contractHeader]),
    remainingMs: typeof timeout === "number" ? timeout : undefined,
    refused: timeout instanceof Fault ? timeout : refusedId(lastEventId),
  };
}

function refusalOf(header: string | undefined): Fault | undefined {
  const given = header === undefined ? undefined : readFault(header);
  return given && new Fault({ code: "permission_denied", type: given.type, message: given.message, details: given.details });
}

function refusedId(lastEventId: string | undefined): Fault | undefined {
  return lastEventId === undefined || lastEventId === "" || isStreamId(lastEventId) ? undefined : lastEventIdInvalid();
}

function textOf(value: string | readonly string[] | undefined): string | undefined {
  return value === undefined || typeof value === "string" ? value : value.join(", ");
}

function remainingOf(headers: CallHeaders): number | Fault | undefined {
  const grpc = textOf(headers["grpc-timeout"]);
  if (grpc !== undefined) {
    const [, digits, unit = ""] = /^(\d{1,8})([HMSmun])$/.exec(grpc) ?? [];
    if (digits === undefined) return timeoutInvalid("grpc-timeout", "1 to 8 digits and one of the units H, M, S, m, u and n, as in 250m");
    return Number(digits) * (units[unit] ?? 0);
  }
  const connect = textOf(headers["connect-timeout-ms"]);
  if (connect === undefined) return undefined;
  return /^\d{1,10}$/.test(connect) ? Number(connect) : timeoutInvalid("connect-timeout-ms", "1 to 10 digits, as in 250");
}

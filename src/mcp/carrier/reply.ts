import type { Fault } from "../../core/fault.ts";
import { httpStatusOf } from "../../surface/http-status.ts";
import { problemOf } from "../../surface/problem.ts";
import { rpcCodeOf } from "../faults.ts";
import type { RpcId } from "./message.ts";

type Head = Readonly<Record<string, string>>;

/** Writes the result of a request. */
export function resultReply(id: RpcId, result: object, head: Head = {}): Response {
  return written(200, { jsonrpc: "2.0", id, result }, head);
}

/** What a refusal belongs to. */
export interface Refused {
  /** Undefined where it could not be read. */
  readonly id: RpcId | undefined;
  readonly requestId: string;
  readonly era: "modern" | "legacy";
  /** Whether its status is that of the fault; else it is a reply like any other. */
  readonly byStatus: boolean;
  readonly head?: Head;
}

/** Writes a fault as an error of JSON-RPC. Its data are the members of the problem that HTTP would send, beside those that MCP defines. */
export function errorReply(fault: Fault, { id, requestId, era, byStatus, head = {} }: Refused): Response {
  const { detail, details, ...rest } = problemOf(fault, requestId);
  const retryAfter = fault.retryAfterMs === undefined ? undefined : Math.max(1, Math.ceil(fault.retryAfterMs / 1000));
  const data = { ...rest, ...(details !== undefined && { details, ...details }), ...(retryAfter !== undefined && { retryAfter }) };
  const error = { code: rpcCodeOf(fault, era), message: detail, data };
  return written(
    byStatus ? httpStatusOf(fault) : 200,
    { jsonrpc: "2.0", ...(id !== undefined && { id }), error },
    {
      ...head,
      ...(retryAfter !== undefined && { "retry-after": String(retryAfter) }),
    },
  );
}

/** Takes a notification. */
export const accepted = (): Response => new Response(null, { status: 202 });

function written(status: number, body: object, head: Head): Response {
  return new Response(JSON.stringify(body), { status, headers: { "content-type": "application/json", ...head } });
}

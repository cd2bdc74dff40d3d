import type { RunningExecution } from "../../pipeline/state/running-execution.ts";
import { pushDeprecation } from "../headers/deprecation.ts";
import { securityHeaders } from "../headers/security.ts";
import { HeaderBlock } from "../reply/head.ts";
import { problemReply } from "../reply/problem.ts";
import { pushTakenRates } from "../reply/rate-headers.ts";
import type { HttpReply } from "../reply/reply.ts";
import type { StreamEnding, StreamFormat } from "./format.ts";

// Proxies that collect a reply before they pass it on would hold back a stream for as long as it is open.
const streamed = new HeaderBlock([...securityHeaders, "x-accel-buffering", "no"]);

/** The head of a stream. */
export function streamHead(execution: RunningExecution, { type }: StreamFormat): HttpReply {
  const { requestId, compiled } = execution;
  const headers = ["content-type", type, "x-request-id", requestId];
  pushTakenRates(headers, execution);
  const { deprecated } = compiled.operation.spec;
  if (deprecated !== undefined) pushDeprecation(headers, deprecated);
  return { status: 200, constant: streamed, headers, body: "" };
}

/** How a stream ended, for its client. `cut`: so that no client takes what it got for all of it, the connection ends without the end of the response. */
export function endingOf({ fault, requestId, streaming, host }: RunningExecution): StreamEnding & { readonly cut: boolean } {
  const why = fault ?? streaming?.interruption;
  if (why === undefined) return { cut: false };
  const { body } = problemReply(why, requestId, host.options.development);
  return fault === undefined ? { problem: body, retryMs: why.retryAfterMs, cut: false } : { problem: body, cut: true };
}

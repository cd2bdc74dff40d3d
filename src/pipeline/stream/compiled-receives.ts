import { limits } from "../../core/limits.ts";
import { type CompiledSchema, compileSchema } from "../../core/schema.ts";
import type { Operation } from "../../operation/contract.ts";
import { receivesOf } from "../../operation/online/stream/receives.ts";
import type { Report } from "../registry/problem.ts";

/** What the client of a stream sends, all filled in. */
export interface CompiledReceives {
  readonly message: CompiledSchema;
  readonly bytesMax: number;
  readonly perSecond: number;
  readonly protocols: readonly string[];
  /** Whether messages go on to another process as they were sent, which parses them. *Default*: false. */
  readonly isCarried?: boolean;
}

/** *Source*: RFC 9110 §5.6.2. */
const protocolToken = /^[\w!#$%&'*+.^`|~-]+$/;

/** Works out what an operation receives, and reports what is wrong with it; returns undefined where it receives nothing. */
export function compileReceives({ name, spec }: Operation, report: Report): CompiledReceives | undefined {
  if (spec.receives === undefined) return undefined;
  if (spec.stream === undefined)
    report(name, "receives", "Messages come over a WebSocket, and it streams nothing. Declare what it sends with stream.");
  const {
    message,
    bytesMax = limits.webSocketMessageBytes,
    perSecond = limits.webSocketPerSecond,
    protocols = [],
  } = receivesOf(spec.receives);
  const whole = (field: string, value: number, most: number) => {
    if (!Number.isSafeInteger(value) || value < 1 || value > most)
      report(name, `receives.${field}`, `${value} is not a whole number from 1 to ${most}.`);
  };
  whole("bytesMax", bytesMax, 16_777_216);
  whole("perSecond", perSecond, 10_000);
  for (const protocol of protocols)
    if (!protocolToken.test(protocol)) report(name, "receives.protocols", `"${protocol}" is no token, as in "chat.v2". Rename it.`);
  return { message: compileSchema(message, `${name} receives`, "request"), bytesMax, perSecond, protocols };
}

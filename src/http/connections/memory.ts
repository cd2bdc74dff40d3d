import { Fault } from "../../core/fault.ts";
import { limits as bounds } from "../../core/limits.ts";

/** The limits of a server that bound what strangers can make it keep. */
export interface MemoryLimits {
  readonly connections: number;
  readonly requestsPerAddress: number;
  readonly headerBytes: number;
  readonly headerLines: number;
  readonly bodyBytes: number;
  readonly bodyBytesInFlight: number;
  readonly handshakes?: number;
}

/** What a server may keep, worked out once, at its start. */
export interface MemoryPlan {
  readonly connections: number;
  readonly requestsPerAddress: number;
  readonly bodyBytesInFlight: number;
  /** Over TLS alone. */
  readonly handshakes?: number;
  /** Bytes of the heap for requests that are under way and replies that are not sent. */
  readonly requestBytes: number;
}

interface MemoryPlanOptions {
  /** The limit of the heap. */
  readonly heapBytes: number;
  readonly given: Partial<MemoryLimits>;
  readonly isSecured?: boolean;
  /** Whether clients may choose HTTP/2. */
  readonly isShared?: boolean;
}

/** An open connection with nothing on it: the socket, its parser and what we know of it. Measured: 3,300. *Units*: bytes of the heap. */
export const connectionCost = 4_096;
/** What TLS adds to it: a second socket. Measured: 2,600. *Units*: bytes of the heap. */
const securedCost = 4_096;
/** What HTTP/2 adds to it: its session, beside a head that may be twice as large until it is refused. Measured: 1,600. *Units*: bytes of the heap. */
const sharedCost = 2_048;
/** What a connection over TLS takes outside of the heap, 17,000 of it for HTTP/2. Measured: 98,000. *Units*: bytes. */
const securedCostOutside = 98_304;
/** A header line beside its characters: two strings and their places in a list. */
const lineCost = 80;
/** A request under way beside its headers and its body: both objects of `node:http`, the invocation and the execution. Measured: 4,200. */
export const requestCost = 6_144;
/** One address may have this part of what the server has. */
const share = 4;

/**
 * Lowers the limits to what the heap holds, so that no number of strangers ends the process.
 *
 * A connection may hold a whole head that never ends; those of all connections together get `connectionHeapPercent` of the heap. Requests under way and
 * replies that clients do not read get `requestHeapPercent`. Bodies lie outside of the heap until they are parsed; together they are at most a quarter of its size.
 * So is what TLS keeps outside of it, of which handshakes have a quarter.
 * *Units*: `heapBytes` is the limit of the heap, not what is used.
 * *Faults thrown*: `failed_precondition` of type `limits_too_high` where a limit that was given does not fit; those that were not are lowered.
 */
export function planMemory(limits: MemoryLimits, { heapBytes, given, isSecured = false, isShared = false }: MemoryPlanOptions): MemoryPlan {
  const shared = isShared ? sharedCost + limits.headerBytes : 0;
  const perConnection = connectionCost + (isSecured ? securedCost : 0) + shared + limits.headerBytes + limits.headerLines * lineCost;
  const requestBytes = Math.floor((heapBytes * bounds.requestHeapPercent) / 100);
  const secured = isSecured ? heapBytes / 4 / securedCostOutside : Number.POSITIVE_INFINITY;
  const fits = {
    connections: Math.max(1, Math.floor(Math.min((heapBytes * bounds.connectionHeapPercent) / 100 / perConnection, (secured * 3) / 4))),
    handshakes: Math.max(1, Math.floor(secured / 4)),
    bodyBytesInFlight: Math.max(limits.bodyBytes, Math.floor(heapBytes / 4)),
    requestsPerAddress: Math.max(1, Math.floor(requestBytes / share / requestCost)),
  };
  const names = ["connections", "bodyBytesInFlight", "requestsPerAddress", "handshakes"] as const;
  for (const name of names)
    if ((given[name] ?? 0) > fits[name]) throw tooHigh({ name, given: given[name] ?? 0, fits: fits[name], heapBytes });
  return {
    connections: Math.min(limits.connections, fits.connections),
    bodyBytesInFlight: Math.min(limits.bodyBytesInFlight, fits.bodyBytesInFlight),
    requestsPerAddress: Math.min(limits.requestsPerAddress, fits.requestsPerAddress),
    ...(isSecured && limits.handshakes !== undefined && { handshakes: Math.min(limits.handshakes, fits.handshakes) }),
    requestBytes,
  };
}

interface TooHigh {
  readonly name: string;
  readonly given: number;
  readonly fits: number;
  readonly heapBytes: number;
}

function tooHigh({ name, given, fits, heapBytes }: TooHigh): Fault {
  const megabytes = Math.floor(heapBytes / 1_048_576);
  return new Fault({
    code: "failed_precondition",
    type: "limits_too_high",
    message: `http({ limits: { ${name}: ${given} } }) does not fit a heap of ${megabytes} MiB, where ${fits} do. Write at most that, lower headerBytes, or start node with a larger --max-old-space-size.`,
    details: { limit: name, value: given, fits },
  });
}

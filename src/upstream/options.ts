import type { Clock } from "../core/clock.ts";
import { type Duration, formatMs, parseDuration } from "../core/duration.ts";
import { limits } from "../core/limits.ts";
import type { AnyPolicy } from "../resilience/policies/policy.ts";
import type { Resolve } from "./connection/lookup.ts";
import type { UpstreamTls } from "./connection/tls.ts";
import { optionsInvalid } from "./faults.ts";
import { appendHeaders, type HeaderValues } from "./request/headers.ts";
import { type Base, readBase } from "./request/target.ts";

/** What {@link httpClient} takes. */
export interface HttpClientOptions<P extends AnyPolicy | undefined = undefined> {
  /** Where it is: http or https, with a path below which all requests stay. */
  readonly baseUrl: string;
  /**
   * How long one attempt may take, from the wait for a connection to the last byte of the reply; less where the operation has less left.
   * *Bounds*: above 0 to 10 min. It has no default: only you know how long is too long.
   */
  readonly timeout: Duration;
  /** What is done around each attempt: retries, a breaker, a fallback. Its attempts are timed by `timeout`, so that it needs none of its own. *Default*: one attempt. */
  readonly policy?: P;
  /** Connections, each with one request at a time. *Bounds*: 1 to 10,000. *Default*: `limits.upstreamConnections`. */
  readonly connections?: number;
  /** Requests that wait for a connection. *Bounds*: 0 to 10,000. *Default*: `limits.upstreamQueue`. */
  readonly queue?: number;
  /** How long a connection may stay unused. *Bounds*: 1 ms to 10 min. *Default*: `limits.upstreamIdleMs`. */
  readonly idle?: Duration;
  /** How long a connection may take to open. *Bounds*: 1 ms to 10 min. *Default*: `limits.upstreamConnectMs`. */
  readonly connectTimeout?: Duration;
  /** Size of the body of a reply. *Units*: bytes. *Bounds*: 1 to 1 GiB. *Default*: `limits.upstreamReplyBytes`. */
  readonly replyBytes?: number;
  /** Size of the headers of a reply. *Units*: bytes. *Bounds*: 1,024 to 1 MiB. *Default*: `limits.upstreamReplyHeaderBytes`. */
  readonly replyHeaderBytes?: number;
  /** Size of the body of a request. *Units*: bytes. *Bounds*: 1 to 1 GiB. *Default*: `limits.upstreamRequestBytes`. */
  readonly requestBytes?: number;
  /** Sent with each request, as an API key. */
  readonly headers?: HeaderValues;
  /** Networks that it may connect to beside the public one, as `10.0.0.0/8` or `127.0.0.1`. *Default*: none. */
  readonly allow?: readonly string[];
  readonly tls?: UpstreamTls;
  /**
   * Whether it is sent the trace, the time that is left and the criticality. `false` for a service of others, to whom they say nothing.
   * *Default*: true.
   */
  readonly propagate?: boolean;
  /** Resolves names. For tests. *Default*: the system's resolver. */
  readonly resolve?: Resolve;
  /** *Default*: that of the app. */
  readonly clock?: Clock;
}

/** The same, checked and filled in. *Units*: milliseconds and bytes. */
export interface Settings {
  readonly upstream: string;
  readonly base: Base;
  readonly timeoutMs: number;
  readonly policy: AnyPolicy | undefined;
  readonly connections: number;
  readonly queue: number;
  readonly idleMs: number;
  readonly connectMs: number;
  readonly replyBytes: number;
  readonly replyHeaderBytes: number;
  readonly requestBytes: number;
  /** Names and values in turn. */
  readonly headers: readonly string[];
  readonly allow: readonly string[];
  readonly tls: UpstreamTls;
  readonly propagates: boolean;
  readonly resolve: Resolve | undefined;
}

const nameForm = /^[a-z][a-z0-9-]*(?:\.[a-z][a-z0-9-]*)*$/;
const mostBytes = 2 ** 30;

/** Reads the options of a client. *Faults thrown*: `failed_precondition` of type `upstream_options_invalid`. */
export function readOptions(upstream: string, options: HttpClientOptions<AnyPolicy | undefined>): Settings {
  if (!nameForm.test(upstream))
    throw optionsInvalid(upstream, 'the name is none. Write lower-case letters, digits, hyphens and dots, as in "prices".');
  const ms = (name: string, duration: Duration) => readMs(upstream, name, duration);
  const count = (name: string, value: number, bounds: readonly [number, number]) =>
    readCount(upstream, `${name} is ${value}`, { value, bounds });
  const headers: string[] = [];
  appendHeaders(upstream, headers, options.headers ?? {});
  const timeoutMs = ms("timeout", options.timeout);
  return {
    upstream,
    base: readBase(upstream, options.baseUrl),
    timeoutMs,
    policy: options.policy,
    connections: count("connections", options.connections ?? limits.upstreamConnections, [1, 10_000]),
    queue: count("queue", options.queue ?? limits.upstreamQueue, [0, 10_000]),
    idleMs: ms("idle", options.idle ?? limits.upstreamIdleMs),
    connectMs: Math.ceil(Math.min(timeoutMs, ms("connectTimeout", options.connectTimeout ?? limits.upstreamConnectMs))),
    replyBytes: count("replyBytes", options.replyBytes ?? limits.upstreamReplyBytes, [1, mostBytes]),
    replyHeaderBytes: count("replyHeaderBytes", options.replyHeaderBytes ?? limits.upstreamReplyHeaderBytes, [1_024, 2 ** 20]),
    requestBytes: count("requestBytes", options.requestBytes ?? limits.upstreamRequestBytes, [1, mostBytes]),
    headers,
    allow: options.allow ?? [],
    tls: options.tls ?? {},
    propagates: options.propagate ?? true,
    resolve: options.resolve,
  };
}

function readMs(upstream: string, name: string, duration: Duration): number {
  const ms = parseDuration(duration);
  if (ms !== undefined && ms > 0 && ms <= limits.deadlineMs) return ms;
  throw optionsInvalid(
    upstream,
    `${name} is ${String(duration)}. Write a time above 0, at most ${formatMs(limits.deadlineMs)}, as in "300ms".`,
  );
}

function readCount(
  upstream: string,
  what: string,
  { value, bounds: [least, most] }: { readonly value: number; readonly bounds: readonly [number, number] },
): number {
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  throw optionsInvalid(upstream, `${what}. Write a whole number from ${least} to ${most}.`);
}

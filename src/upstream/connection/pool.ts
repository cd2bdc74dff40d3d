import { createRequire } from "node:module";
import type { Socket } from "node:net";
import type { buildConnector, Pool } from "undici";
import { AddressGuard } from "../address/guard.ts";
import { addressRefused, optionsInvalid } from "../faults.ts";
import type { Base } from "../request/target.ts";
import { type Resolve, refusedLiteral, vettedLookup } from "./lookup.ts";
import { secure, type UpstreamTls } from "./tls.ts";

/** A pool, and the option of its requests that is given the way out of the wait for a connection. */
export interface OpenPool {
  readonly pool: Pool;
  readonly queuedAbort: symbol;
}

/** What a pool is made of. *Units*: milliseconds and bytes. */
export interface PoolOptions {
  readonly base: Base;
  readonly allow: readonly string[];
  readonly connections: number;
  readonly idleMs: number;
  readonly connectMs: number;
  readonly replyHeaderBytes: number;
  readonly tls: UpstreamTls;
  /** *Default*: the system's resolver. */
  readonly resolve?: Resolve | undefined;
}

/**
 * Opens a pool of HTTP/1.1 connections to one upstream, which connect to vetted addresses only.
 * *Faults thrown*: `failed_precondition`: where undici is not installed, an option is wrong, or the host is an address that is refused.
 */
export function openPool(upstream: string, options: PoolOptions): OpenPool {
  const { base, connections, idleMs, connectMs, replyHeaderBytes, tls } = options;
  const guard = new AddressGuard(options.allow);
  const literal = refusedLiteral(guard, base.hostname);
  if (literal !== undefined) throw addressRefused(upstream, literal);
  const secured = secure(upstream, base, tls);
  const undici = loadUndici(upstream);
  const connect = { timeout: connectMs, lookup: vettedLookup(guard, options.resolve) } as Pool.Options["connect"] & object;
  try {
    const pool = new undici.Pool(base.origin, {
      connections,
      pipelining: 1,
      // One request a connection is what the bounds, the cancellation and the measures of an exchange count on.
      allowH2: false,
      // The deadline of each request is ours: these timers would be a second, coarser one.
      headersTimeout: 0,
      bodyTimeout: 0,
      keepAliveTimeout: idleMs,
      keepAliveMaxTimeout: idleMs,
      maxHeaderSize: replyHeaderBytes,
      connect: secured === undefined ? connect : keepsFirstError(undici.buildConnector({ ...connect, ...secured, allowH2: false })),
    });
    return { pool, queuedAbort: undici.queuedAbort };
  } catch (cause) {
    throw optionsInvalid(upstream, "undici refuses the options. Read the cause.", cause);
  }
}

interface LoadedUndici {
  readonly Pool: typeof Pool;
  readonly buildConnector: typeof buildConnector;
  readonly queuedAbort: symbol;
}

/** A TLS socket goes on after an alert until the other side closes, and that would be what undici reports: so it ends with what happened first. */
function keepsFirstError(connector: buildConnector.connector): buildConnector.connector {
  return (options, callback) => {
    const socket = connector(options, callback) as unknown as Socket;
    return socket.prependListener("error", (error) => void socket.destroy(error)) as unknown as ReturnType<typeof connector>;
  };
}

/** The index of undici puts a dispatcher of its own in the place of that of `fetch`, for the whole process: only the pool is loaded. */
function loadUndici(upstream: string): LoadedUndici {
  try {
    const load = createRequire(import.meta.url);
    const { kQueuedAbort } = load("undici/lib/core/symbols.js") as { readonly kQueuedAbort?: symbol };
    // Without it, what is cancelled while its connection opens keeps its place until that has opened or failed.
    return {
      Pool: load("undici/lib/dispatcher/pool.js") as typeof Pool,
      buildConnector: load("undici/lib/core/connect.js") as typeof buildConnector,
      queuedAbort: kQueuedAbort ?? Symbol("unused"),
    };
  } catch (cause) {
    throw optionsInvalid(upstream, "it needs the package undici. Install it: npm install undici@8.", cause);
  }
}

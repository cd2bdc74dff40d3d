import { createRequire } from "node:module";
import type { Pool } from "undici";
import { AddressGuard } from "../address/guard.ts";
import { addressRefused, optionsInvalid } from "../faults.ts";
import type { Base } from "../request/target.ts";
import { type Resolve, refusedLiteral, vettedLookup } from "./lookup.ts";

/** How an upstream proves who it is, and this process to it. Certificates are always verified. */
export interface UpstreamTls {
  /** Authorities to trust in place of the system's, in PEM. */
  readonly ca?: string | Buffer | readonly (string | Buffer)[];
  /** The certificate of this process and its key, in PEM: for mutual TLS. */
  readonly cert?: string | Buffer;
  readonly key?: string | Buffer;
  readonly passphrase?: string;
  /** The name that the certificate must have. *Default*: the host of `baseUrl`. */
  readonly servername?: string;
  /** *Default*: `TLSv1.2`. */
  readonly minVersion?: "TLSv1.2" | "TLSv1.3";
}

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
  const undici = loadUndici(upstream);
  try {
    const pool = new undici.Pool(base.origin, {
      connections,
      pipelining: 1,
      allowH2: false,
      // The deadline of each request is ours: these timers would be a second, coarser one.
      headersTimeout: 0,
      bodyTimeout: 0,
      keepAliveTimeout: idleMs,
      keepAliveMaxTimeout: idleMs,
      maxHeaderSize: replyHeaderBytes,
      connect: {
        minVersion: "TLSv1.2",
        ...tls,
        timeout: connectMs,
        lookup: vettedLookup(guard, options.resolve),
      } as Pool.Options["connect"] & object,
    });
    return { pool, queuedAbort: undici.queuedAbort };
  } catch (cause) {
    throw optionsInvalid(upstream, "undici refuses the options. Read the cause.", cause);
  }
}

/** The index of undici puts a dispatcher of its own in the place of that of `fetch`, for the whole process: only the pool is loaded. */
function loadUndici(upstream: string): { readonly Pool: typeof Pool; readonly queuedAbort: symbol } {
  try {
    const load = createRequire(import.meta.url);
    const { kQueuedAbort } = load("undici/lib/core/symbols.js") as { readonly kQueuedAbort?: symbol };
    // Without it, what is cancelled while its connection opens keeps its place until that has opened or failed.
    return { Pool: load("undici/lib/dispatcher/pool.js") as typeof Pool, queuedAbort: kQueuedAbort ?? Symbol("unused") };
  } catch (cause) {
    throw optionsInvalid(upstream, "it needs the package undici. Install it: npm install undici@8.", cause);
  }
}

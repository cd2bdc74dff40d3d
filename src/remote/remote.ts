import { type Duration, formatMs, parseDuration } from "../core/duration.ts";
import type { AwayCalls } from "../operation/away/away.ts";
import type { Operation } from "../operation/contract.ts";
import { traitsOf } from "../operation/kind.ts";
import type { Module } from "../operation/module.ts";
import { resource } from "../operation/resource.ts";
import { httpOf } from "../operation/route.ts";
import { Numbers } from "../protobuf/descriptor/numbers.ts";
import { isZone, zoneForm } from "../protobuf/inside.ts";
import { lockFile, readLock } from "../protobuf/lock.ts";
import type { RemoteTls } from "./connection/connection.ts";
import { type Discovery, listed } from "./discovery/discovery.ts";
import { optionsInvalid } from "./faults.ts";
import { remoteLimits } from "./limits.ts";
import { RemoteCalls } from "./remote-calls.ts";
import { type InternalKey, InternalKeys } from "./token/keys.ts";

/** One call, for the choice of its address. */
export interface AffinityCall {
  /** As in `orders.place`. */
  readonly operation: string;
  readonly input: unknown;
  readonly tenant: string | undefined;
  readonly actorId: string;
}

/** How a remote module is called. */
export interface RemoteOptions {
  /** Where it is, as `http://orders.internal:50051`; several for its processes. Leave it out where `discovery` finds them. */
  readonly url?: string | readonly string[];
  readonly discovery?: Discovery;
  /** The first signs the token of each call; the callee has them in `internalCalls({ keys })`. */
  readonly keys: readonly InternalKey[];
  /** Sends calls with the same text to the same process, as long as it is well. *Default*: each call goes to the less loaded of two. */
  readonly affinity?: (call: AffinityCall) => string | undefined;
  /**
   * Where this process runs: callees that declare the same zone are called while one of them is well and not overloaded. Calls with `affinity` go to any zone.
   * *Bounds*: 63 letters, digits, dots, hyphens and underscores. *Default*: zones make no difference.
   */
  readonly zone?: string;
  /** Calls at once; one more is refused. *Bounds*: 1 to 100,000. *Default*: 1,024. */
  readonly concurrency?: number;
  /** Streams that are open, or whose first item is awaited; one more is refused. *Bounds*: 1 to 100,000. *Default*: 1,024. */
  readonly streams?: number;
  /** Extra attempts of a call that its contract lets be repeated, of all calls together at most a fifth. *Bounds*: 0 to 5. *Default*: 2. */
  readonly retries?: number;
  /** How long a connection may take to open. *Bounds*: 1 ms to 1 min. *Default*: 1 s. */
  readonly connectTimeout?: Duration;
  /** Size of one reply. *Units*: bytes. *Bounds*: 1,024 to 1 GiB. *Default*: 4 MiB. */
  readonly replyBytes?: number;
  /** The file that keeps the numbers of fields, the same as of the callee. *Default*: `contracts.lock.json` in the working directory. */
  readonly lock?: string | URL | false;
  /** For addresses with https. */
  readonly tls?: RemoteTls;
}

/** The same, checked. *Units*: milliseconds and bytes. */
export interface RemoteSettings {
  readonly module: string;
  readonly discovery: Discovery;
  readonly keys: InternalKeys;
  readonly numbers: Numbers;
  readonly affinity: RemoteOptions["affinity"];
  readonly zone: string | undefined;
  readonly retries: number;
  readonly replyBytes: number;
  readonly connectMs: number;
  readonly tls: RemoteTls | undefined;
  readonly concurrency: number;
  readonly streams: number;
}

/**
 * Stands for a module that another process runs: its queries, commands and actions are called there over gRPC, by the same contracts, their streams included. A call carries the deadline,
 * the importance, the trace, the idempotency key, the actor and the tenant. It stores nothing here, and its tasks, sagas and subscriptions stay there.
 *
 * What was one transaction is one no longer: an app with a query or a command that calls it inside its transaction does not start; make it a saga, or emit an event.
 * Neither does one that starts a task or a saga of it; call a command of it that does, or emit an event.
 * *Faults thrown* by calls: those of the operation, with the same code, type and details; `unavailable` as `remote_unavailable`, `remote_outcome_unknown`,
 * `remote_stream_lost` or `contract_differs`. At once: `failed_precondition` as `remote_options_invalid` or `key_unusable`.
 * *Guarantees*: only a call that its contract lets be repeated (a query, `idempotent: "natural"`, or one with a key), or that no process has begun, is sent again.
 * @example
 * createApp({ modules: [payments, remote(orders, { url: "http://orders.internal:50051", keys })], … })
 */
export function remote(module: Module, options: RemoteOptions): Module {
  const { name, operations, events } = module;
  const settings = readSettings(name, options);
  const away = resource<AwayCalls>(`remote.${name}`, {
    create: async (host) => {
      const calls = new RemoteCalls(settings, host);
      await calls.start();
      return calls;
    },
    dispose: (calls) => (calls as RemoteCalls).close(),
  });
  const served = operations.filter((entry) => canBeAway(contractOf(entry)));
  const beyond = operations.map(contractOf).filter((operation) => !canBeAway(operation));
  return { kind: "module", name, operations: served, ...(events !== undefined && { events }), away, beyond };
}

const contractOf = (entry: Module["operations"][number]): Operation => (entry.kind === "implementation" ? entry.operation : entry);

/** Whether a call can carry what the operation takes and returns: an input of JSON, and an output or items of it. */
function canBeAway(operation: Operation): boolean {
  const { durable, plain } = traitsOf(operation);
  const { body = "json" } = httpOf(operation.spec) ?? {};
  return !durable && plain !== true && (body === "json" || body === "form");
}

const mostCalls = 100_000;
const mostRetries = 5;
const mostConnectMs = 60_000;

function readSettings(module: string, options: RemoteOptions): RemoteSettings {
  const {
    concurrency = remoteLimits.calls,
    streams = remoteLimits.streams,
    retries = remoteLimits.retries,
    replyBytes = remoteLimits.replyBytes,
    lock = lockFile,
  } = options;
  const count = (what: string, value: number, [least, most]: readonly [number, number]) => {
    if (Number.isInteger(value) && value >= least && value <= most) return value;
    throw optionsInvalid(module, `${what} is ${value}. Write a whole number from ${least} to ${most}.`);
  };
  const { affinity, zone, tls } = options;
  if (zone !== undefined && !isZone(zone)) throw optionsInvalid(module, `zone is "${zone}". ${zoneForm}`);
  return {
    ...{ module, affinity, zone, tls },
    discovery: discoveryOf(module, options),
    keys: new InternalKeys(options.keys, `remote(${module}): keys`),
    numbers: new Numbers(lock === false ? undefined : readLock(lock)),
    concurrency: count("concurrency", concurrency, [1, mostCalls]),
    streams: count("streams", streams, [1, mostCalls]),
    retries: count("retries", retries, [0, mostRetries]),
    replyBytes: count("replyBytes", replyBytes, [1_024, 2 ** 30]),
    connectMs: connectMsOf(module, options.connectTimeout ?? remoteLimits.connectMs),
  };
}

function connectMsOf(module: string, duration: Duration): number {
  const ms = parseDuration(duration);
  if (ms !== undefined && ms >= 1 && ms <= mostConnectMs) return ms;
  throw optionsInvalid(
    module,
    `connectTimeout is ${String(duration)}. Write a time from 1 ms to ${formatMs(mostConnectMs)}, as in "500ms".`,
  );
}

function discoveryOf(module: string, { url, discovery }: RemoteOptions): Discovery {
  if ((url === undefined) === (discovery === undefined)) throw optionsInvalid(module, "Give it either url or discovery.");
  if (discovery !== undefined) return discovery;
  const urls = typeof url === "string" ? [url] : (url ?? []);
  for (const one of urls)
    if (!URL.canParse(one) || !/^https?:$/.test(new URL(one).protocol) || new URL(one).pathname !== "/")
      throw optionsInvalid(module, `"${one}" is no address. Write http or https, a host and a port, as in "http://orders.internal:50051".`);
  if (urls.length === 0) throw optionsInvalid(module, "url lists no address. Write at least one.");
  return listed(urls);
}

import { type Duration, toMs } from "../../core/duration.ts";

/** How the addresses of a module are found. */
export interface Discovery {
  /** Returns addresses, as `http://10.0.0.7:50051`. What it rejects with keeps those that are known. */
  find(): Promise<readonly string[]>;
  /** How often it is asked again. *Units*: milliseconds. *Default*: never. *Bounds*: at least 100. */
  readonly everyMs?: number;
}

/** Options of {@link dns}. */
export interface DnsOptions {
  /** *Default*: 5 s. */
  readonly every?: Duration;
  /** Resolves a name. For tests. *Default*: the system's resolver. */
  readonly resolve?: (name: string) => Promise<readonly string[]>;
}

/**
 * Finds the addresses of a module in DNS: all that a name leads to, asked again and again.
 * @example remote(orders, { discovery: dns("http://orders.internal:50051", { every: "5s" }), keys })
 */
export function dns(url: string, { every = "5s", resolve = resolveAll }: DnsOptions = {}): Discovery {
  const { hostname, protocol, port } = new URL(url);
  return {
    everyMs: toMs(every),
    find: async () =>
      (await resolve(hostname)).map((address) => `${protocol}//${address.includes(":") ? `[${address}]` : address}${port && `:${port}`}`),
  };
}

async function resolveAll(name: string): Promise<readonly string[]> {
  const { lookup } = process.getBuiltinModule("node:dns/promises");
  return (await lookup(name, { all: true })).map(({ address }) => address);
}

/** Addresses that do not change. */
export const listed = (urls: readonly string[]): Discovery => ({ find: () => Promise.resolve(urls) });

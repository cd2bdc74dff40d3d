import { type LookupAddress, lookup } from "node:dns";
import { isIP, type LookupFunction } from "node:net";
import type { AddressGuard } from "../address/guard.ts";

/** The error of a name that leads to no address that may be connected to. */
export class RefusedAddress extends Error {
  readonly code = "ERR_UPSTREAM_ADDRESS";
  /** What the name leads to, and why each is refused. */
  constructor(hostname: string, reasons: readonly string[]) {
    super(`${hostname} leads to ${reasons.join(", ")}. List the network in httpClient({ allow }) if it is meant.`);
    this.name = "RefusedAddress";
  }
}

/** Why a host that is an address may not be connected to; undefined where it may, and for a name. No resolver is asked for an address. */
export function refusedLiteral(guard: AddressGuard, hostname: string): RefusedAddress | undefined {
  if (isIP(hostname) === 0) return undefined;
  const reason = guard.refusalOf(hostname);
  return reason === undefined ? undefined : new RefusedAddress(hostname, [`an address that is ${reason}`]);
}

/** Resolves a name. Only tests give another one. */
export type Resolve = (hostname: string, callback: (error: Error | null, addresses: readonly LookupAddress[]) => void) => void;

const system: Resolve = (hostname, callback) => lookup(hostname, { all: true, order: "verbatim" }, callback);

/**
 * The resolver that sockets are given: it returns those addresses that the guard allows, and no others.
 * *Guarantees*: the socket connects to what was vetted: it asks once, and asks nothing else. So a name that leads elsewhere a moment later changes nothing.
 */
export function vettedLookup(guard: AddressGuard, resolve: Resolve = system): LookupFunction {
  return (hostname, options, callback) => {
    resolve(hostname, (error, found) => {
      if (error !== null) return callback(error, "", 0);
      const wanted = found.filter(({ family }) => !options.family || family === familyOf(options.family));
      const allowed = wanted.filter(({ address }) => guard.refusalOf(address) === undefined);
      const first = allowed[0];
      if (first === undefined) return callback(refusal(guard, hostname, wanted), "", 0);
      if (options.all) return callback(null, allowed);
      callback(null, first.address, first.family);
    });
  };
}

function familyOf(family: number | "IPv4" | "IPv6"): number {
  return family === "IPv4" ? 4 : family === "IPv6" ? 6 : family;
}

function refusal(guard: AddressGuard, hostname: string, found: readonly LookupAddress[]): RefusedAddress {
  const reasons = found.slice(0, 4).map(({ address }) => `${address}, which is ${guard.refusalOf(address)}`);
  return new RefusedAddress(hostname, reasons.length === 0 ? ["no address"] : reasons);
}

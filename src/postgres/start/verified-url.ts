import { isLoopback } from "../../core/node/loopback.ts";

/** What the driver takes as `verify-full` today, with a warning that it will not do so for ever. */
const asVerified = /([?&]sslmode=)(?:prefer|require|verify-ca)(?=&|$)/;

/**
 * Adds to the address of a server that its certificate is verified, unless the address or `PGSSLMODE` says what to do, or the server is on this machine.
 * `sslmode=disable` is for a network that is yours alone, and `sslmode=no-verify` encrypts without knowing to whom.
 */
export function verifiedUrl(url: string): string {
  if (!URL.canParse(url)) return url;
  const { hostname, searchParams } = new URL(url);
  const host = searchParams.get("host") ?? decodeURIComponent(hostname);
  if (searchParams.get("uselibpqcompat") === "true") return url;
  if (searchParams.has("sslmode")) return url.replace(asVerified, "$1verify-full");
  const isHere = host === "" || host.startsWith("/") || isLoopback(host);
  if (isHere || searchParams.has("ssl") || process.env.PGSSLMODE !== undefined) return url;
  return `${url}${url.includes("?") ? "&" : "?"}sslmode=verify-full`;
}

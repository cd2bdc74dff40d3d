import type { IncomingMessage } from "node:http";
import { isIP } from "node:net";

/** Why a request to the ops port is refused. */
export interface OpsRefusal {
  readonly status: number;
  readonly reason: string;
}

type Asked = Pick<IncomingMessage, "method" | "headers" | "headersDistinct" | "httpVersionMinor">;

/**
 * Decides whether a request may be answered on a port without authentication. A page in a browser reaches every port of its machine; two things give it
 * away. To read replies it needs a name of its own that resolves to this machine (DNS rebinding), and that name stands in `Host`: so only IP addresses,
 * `localhost` and the names that the app lists are answered. And where it sends a change without reading, its browser says which site it is from.
 * *Source*: RFC 9110 §7.2 and §15.5.20 (421), the Fetch standard (`Origin`), W3C Fetch Metadata (`Sec-Fetch-Site`).
 */
export function refuseOps(request: Asked, hosts: readonly string[]): OpsRefusal | undefined {
  const named = request.headersDistinct.host ?? [];
  if (named.length > 1) return { status: 400, reason: "The request has more than one Host header. Send only one.\n" };
  const [host] = named;
  // HTTP/1.0 need not name one, and no browser speaks it.
  if (host === undefined ? request.httpVersionMinor > 0 : !isAllowed(host, hosts))
    return {
      status: 421,
      reason:
        "The Host of this request is not an IP address, localhost or a name in createApp({ ops: { hosts } }). Use an IP address, or add the name.\n",
    };
  if (request.method === "GET" || request.method === "HEAD") return undefined;
  return isFromPage(request.headers, host)
    ? {
        status: 403,
        reason:
          "The request comes from a page of another site, which may not change anything here. Send it from a program, such as curl.\n",
      }
    : undefined;
}

/** `host`: as in the header, with or without a port. */
function isAllowed(host: string, hosts: readonly string[]): boolean {
  const name = /^(\[[0-9a-f:.]+\]|[^:@/\s]+)(?::\d{0,5})?$/i.exec(host)?.[1]?.toLowerCase().replace(/\.$/, "");
  if (name === undefined) return false;
  if (name.startsWith("[")) return isIP(name.slice(1, -1)) === 6;
  return name === "localhost" || isIP(name) === 4 || hosts.some((allowed) => matches(name, allowed.toLowerCase()));
}

function matches(name: string, allowed: string): boolean {
  return allowed.startsWith("*.") ? name.endsWith(allowed.slice(1)) && name.length > allowed.length - 1 : name === allowed;
}

function isFromPage(headers: IncomingMessage["headers"], host: string | undefined): boolean {
  const site = headers["sec-fetch-site"];
  if (site !== undefined && site !== "same-origin" && site !== "none") return true;
  const { origin } = headers;
  return origin !== undefined && origin !== `http://${host}` && origin !== `https://${host}`;
}

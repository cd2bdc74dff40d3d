import { isLoopback } from "../../core/node/loopback.ts";

/**
 * Whether the page that sent a request, if one did, may use the server. That its origin is the host of the request shows nothing: a name can be made to lead to any
 * address. So it is one of a list, or both are this machine.
 * *Source*: MCP, Streamable HTTP, "Security Warning" (DNS rebinding).
 */
export function mayAsk({ url, headers }: Request, origins: readonly string[]): boolean {
  const origin = headers.get("origin");
  if (origin === null || origins.includes(origin)) return true;
  const sender = URL.parse(origin);
  return sender !== null && isLocal(sender) && isLocal(new URL(url));
}

const isLocal = ({ hostname }: URL): boolean => hostname === "localhost" || isLoopback(hostname.replace(/^\[(.*)\]$/, "$1"));

import type { IncomingMessage, ServerResponse } from "node:http";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { FetchCaller } from "../../app/surface.ts";

/** What of an app a handler needs: `createApp` returns it. */
interface Fetches {
  fetch(request: Request, caller?: FetchCaller): Promise<Response>;
}

/** Handles a request of `node:http`, as Express, Fastify and NestJS pass it on. */
export type NodeHandler = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

/**
 * Makes a handler through which a server of another framework passes requests to a started app. Routes are matched with the whole URL, whatever prefix
 * the other framework matched. The handler must get the request before a body parser reads it.
 * *Guarantees*: never rejects; a client that leaves ends its execution, and a slow reader slows the response down.
 * @example express().use("/v1", nodeHandler(app))
 */
export function nodeHandler(app: Fetches): NodeHandler {
  return async (incoming, outgoing) => {
    const left = new AbortController();
    outgoing.once("close", () => left.abort());
    try {
      if (isRead(incoming))
        return refuse(outgoing, 500, "The body was read before it reached the app. Mount nodeHandler(app) before body parsers.");
      const request = requestOf(incoming, left.signal);
      if (request === undefined) return refuse(outgoing, 400, "The request has no valid target and host. Send a path, and a Host header.");
      await send(await app.fetch(request, { address: incoming.socket.remoteAddress }), outgoing);
    } catch {
      // The client left, or the app is not started: neither is the other framework's to handle.
      if (outgoing.headersSent) outgoing.destroy();
      else refuse(outgoing, 503, "The service is not ready. Try again later.");
    }
  };
}

function requestOf(incoming: IncomingMessage & { readonly originalUrl?: string }, signal: AbortSignal): Request | undefined {
  const { method = "GET", headers, rawHeaders, originalUrl, url = "/" } = incoming;
  const target = originalUrl ?? url;
  const address = `http://${headers.host ?? "localhost"}${target}`;
  if (!target.startsWith("/") || !URL.canParse(address)) return undefined;
  const pairs: [string, string][] = [];
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] as string;
    // What belongs to the connection has no place in a web request; what came in chunks comes as a stream.
    if (!/^(?:connection|keep-alive|transfer-encoding|upgrade|expect|te)$/i.test(name)) pairs.push([name, rawHeaders[i + 1] as string]);
  }
  const hasBody =
    method !== "GET" && method !== "HEAD" && (headers["content-length"] !== undefined || headers["transfer-encoding"] !== undefined);
  const body = hasBody ? (Readable.toWeb(incoming) as ReadableStream<Uint8Array>) : null;
  return new Request(address, { method, headers: pairs, body, signal, ...(hasBody && { duplex: "half" }) } as RequestInit);
}

async function send(response: Response, outgoing: ServerResponse): Promise<void> {
  const pairs = [...response.headers].flat();
  outgoing.writeHead(response.status, pairs);
  if (response.body === null) return void outgoing.end();
  await pipeline(Readable.fromWeb(response.body as Parameters<typeof Readable.fromWeb>[0]), outgoing);
}

/** Whether another part of the server has taken the body, so that the app would see none. */
function isRead({ readableDidRead, headers }: IncomingMessage): boolean {
  return readableDidRead && (headers["transfer-encoding"] !== undefined || Number(headers["content-length"] ?? 0) > 0);
}

function refuse(outgoing: ServerResponse, status: number, why: string): void {
  outgoing.writeHead(status, { "content-type": "text/plain; charset=utf-8" }).end(`${why}\n`);
}

import { once } from "node:events";
import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { Signal } from "plimsoll";

/** A request as it came. */
export interface Received {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** A server that receives webhooks, and responds as each path is set to. */
export async function receiver() {
  const received: Received[] = [];
  const came = new Signal<Received>("came");
  const statuses = new Map<string, number[]>();
  const server = createServer(async (request, response) => {
    let body = "";
    for await (const chunk of request) body += chunk;
    const one = { path: request.url ?? "", headers: request.headers, body };
    received.push(one);
    const next = statuses.get(one.path);
    response.statusCode = (next === undefined ? undefined : next.length > 1 ? next.shift() : next[0]) ?? 204;
    if (response.statusCode === 302) response.setHeader("location", "/elsewhere");
    response.end();
    came.publish(one);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url,
    came,
    /** Responds to a path with these statuses, the last one again and again. */
    respond: (path: string, ...next: number[]) => void statuses.set(path, next),
    at: (path: string) => received.filter((one) => one.path === path),
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

import assert from "node:assert/strict";
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from "node:http";
import { type AddressInfo, createServer as createTcpServer, type Socket } from "node:net";
import type { TestContext } from "node:test";
import { systemClock } from "../../src/core/clock.ts";
import { sharedWheel } from "../../src/core/deadline.ts";
import { Metrics } from "../../src/core/metrics.ts";
import type { Resource } from "../../src/operation/resource.ts";
import type { AnyPolicy } from "../../src/resilience/policies/policy.ts";
import { type HttpClient, httpClient } from "../../src/upstream/http-client.ts";
import type { HttpClientOptions } from "../../src/upstream/options.ts";

type Made = HttpClientOptions<AnyPolicy | undefined>;
type Runs<P> = ReturnType<typeof httpClient<P extends AnyPolicy | undefined ? P : never>> extends Resource<infer C> ? C : never;

/** A server of an upstream that a test runs, and what it has seen. */
export interface Served {
  readonly url: string;
  readonly port: number;
  readonly requests: { readonly method: string; readonly url: string; readonly rawHeaders: readonly string[]; readonly body: string }[];
  /** Connections that were accepted. */
  connections: number;
}

/** Serves HTTP until the test ends. The handler gets requests whose body has been read. */
export async function serve(t: TestContext, handler: (request: IncomingMessage, response: ServerResponse) => void): Promise<Served> {
  const served = { url: "", port: 0, requests: [] as Served["requests"], connections: 0 };
  const listener: RequestListener = async (request, response) => {
    let body = "";
    request.on("error", () => undefined);
    response.on("error", () => undefined);
    for await (const chunk of request) body += chunk;
    served.requests.push({ method: request.method!, url: request.url!, rawHeaders: request.rawHeaders, body });
    handler(request, response);
  };
  const server = createServer((request, response) => void Promise.resolve(listener(request, response)).catch(() => undefined));
  server.on("connection", () => served.connections++);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  served.port = (server.address() as AddressInfo).port;
  served.url = `http://127.0.0.1:${served.port}`;
  return served;
}

/** Accepts connections and does with each what the test says, until the test ends. */
export async function serveTcp(t: TestContext, onConnection: (socket: Socket) => void): Promise<string> {
  const sockets = new Set<Socket>();
  const server = createTcpServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined);
    socket.once("close", () => sockets.delete(socket));
    onConnection(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** A client whose metrics can be read. */
export interface Opened<C> {
  readonly client: C;
  /** The value of a counter or gauge by its labels after the upstream; 0 where it was never counted. */
  value(metric: string, ...labels: readonly string[]): number;
}

/** Opens a client named "prices" until the test ends, and then asserts that nothing of it is left: no socket, no deadline, no place. */
export function open<const P extends AnyPolicy | undefined = undefined>(
  t: TestContext,
  url: string,
  options: Omit<HttpClientOptions<P>, "baseUrl">,
): Opened<Runs<P>> {
  const metrics = new Metrics();
  const declared = httpClient("prices", { allow: ["127.0.0.1"], ...options, baseUrl: url } as Made);
  const client = declared.spec!.create({ clock: systemClock, metrics }) as HttpClient<"once" | "repeats", unknown>;
  const value = (name: string, ...labels: readonly string[]): number => {
    const metric = [...metrics.all()].find((candidate) => candidate.name === name);
    const all = metric === undefined ? [] : ([...metric.all()] as { readonly labels: readonly string[]; readonly value: number }[]);
    return all.find((series) => series.labels.join() === ["prices", ...labels].join())?.value ?? 0;
  };
  t.after(async () => {
    const [running, waiting] = [value("plimsoll_upstream_in_flight"), value("plimsoll_upstream_queue_depth")];
    await client.close();
    assert.equal(sharedWheel(systemClock).size, 0, "a deadline is left");
    assert.deepEqual([running, waiting], [0, 0], "a place is left");
    assert.deepEqual(sockets(), [], "a socket is left");
  });
  return { client: client as unknown as Runs<P>, value };
}

/** Sockets of clients that are open. */
function sockets(): readonly unknown[] {
  return (
    process as unknown as {
      _getActiveHandles(): readonly {
        readonly constructor: { readonly name: string };
        readonly remotePort?: number;
        readonly server?: unknown;
      }[];
    }
  )
    ._getActiveHandles()
    .filter(
      ({ constructor: { name }, remotePort, server }) => (name === "Socket" || name === "TLSSocket") && remotePort !== undefined && !server,
    );
}

/** The fault that a promise rejects with. */
export async function faultOf(work: Promise<unknown>): Promise<{
  readonly type: string;
  readonly code: string;
  readonly status?: number;
  readonly message: string;
  readonly details: unknown;
  readonly retryAfterMs?: number;
}> {
  return await work.then(
    () => assert.fail("it did not fail"),
    (thrown) => thrown,
  );
}

import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, it } from "node:test";
import { z } from "zod";
import { type NodeHandler, nodeHandler } from "../../../src/http/mount/node-handler.ts";
import { action } from "../../../src/operation/online/action.ts";
import { gate, serve } from "../http/app.ts";
import { Wire } from "../http/client.ts";

const common = { access: "public", idempotent: "natural", budget: "1m" } as const;
const text = z.object({ text: z.string().max(1_000_000) });
const echo = action("t.echo", { ...common, input: text, output: text, http: "POST /v1/echo", run: async (values) => values });
const cookies = action("t.cookies", {
  ...{ ...common, input: z.object({}), output: z.object({ a: z.string(), b: z.string() }) },
  http: { route: "POST /v1/cookies", location: () => "/v1/x" },
  run: async () => ({ a: "1", b: "2" }),
});

/** A server of `node:http` that passes everything on. */
async function mount(handle: (request: IncomingMessage, response: ServerResponse) => unknown) {
  const server = createServer((request, response) => void handle(request, response));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const close = () => {
    server.closeAllConnections();
    server.close();
  };
  return { port, url: `http://127.0.0.1:${port}`, [Symbol.dispose]: close };
}

async function mounted(operations: Parameters<typeof serve>[0], wrap: (handle: NodeHandler) => NodeHandler = (handle) => handle) {
  const served = await serve(operations, { http: { port: false } });
  const server = await mount(wrap(nodeHandler(served.app)));
  const close = async () => {
    server[Symbol.dispose]();
    await served.app.stop();
  };
  return { served, ...server, [Symbol.asyncDispose]: close };
}
const json = (body: unknown) => ({ method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });

describe("an app within another server", () => {
  it("answers with bodies of every length", async () => {
    await using at = await mounted([echo]);
    for (const length of [0, 1, 100_000, 900_000]) {
      const response = await fetch(`${at.url}/v1/echo`, json({ text: "é".repeat(length / 2) }));
      assert.equal(((await response.json()) as { text: string }).text.length, Math.floor(length / 2));
    }
    assert.equal((await fetch(`${at.url}/v1/echo`, json({ text: "a".repeat(1_100_000) }))).status, 413);
    assert.equal((await fetch(`${at.url}/v1/nothing`, json({}))).status, 404);
    assert.equal((await fetch(`${at.url}/v1/echo`, { method: "HEAD" })).status, 405);
  });

  it("passes on what another framework cut off the path", async () => {
    await using at = await mounted([echo], (handle) => (request, response) => {
      Object.assign(request, { originalUrl: request.url, url: "/echo" });
      return handle(request, response);
    });
    assert.equal((await fetch(`${at.url}/v1/echo`, json({ text: "a" }))).status, 200);
  });

  for (const [why, head, status] of [
    ["without a host", "GET /v1/x HTTP/1.0\r\n\r\n", 404],
    ["with a host that is none", "GET /v1/x HTTP/1.1\r\nHost: a b\r\nConnection: close\r\n\r\n", 400],
    ["to a target that is no path", "OPTIONS * HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", 400],
  ] as const)
    it(`refuses a request ${why}`, async () => {
      await using at = await mounted([echo]);
      const wire = await Wire.open(at.port);
      assert.equal((await wire.ask(head)).status, status);
      wire.close();
    });

  it("says so where a body parser came first", async () => {
    await using at = await mounted([echo], (handle) => async (request, response) => {
      for await (const _ of request);
      return handle(request, response);
    });
    const response = await fetch(`${at.url}/v1/echo`, json({ text: "a" }));
    assert.equal(response.status, 500);
    assert.match(await response.text(), /before body parsers/);
  });

  it("is not ready before it has started, and says so", async () => {
    const served = await serve([echo], { http: { port: false } });
    await served.app.stop();
    using at = await mount(nodeHandler(served.app));
    assert.equal((await fetch(`${at.url}/v1/echo`, json({ text: "a" }))).status, 503);
  });

  it("ends the execution of a client that leaves", async () => {
    const entered = gate();
    const ended = gate<string>();
    const slow = action("t.slow", {
      ...{ ...common, input: z.object({}), output: z.object({}), http: "POST /v1/slow" },
      run: (_, { signal }) =>
        new Promise((_resolve, reject) => {
          signal.addEventListener("abort", () => {
            ended.open(String((signal.reason as { type?: string }).type));
            reject(signal.reason);
          });
          entered.open();
        }),
    });
    await using at = await mounted([slow, cookies]);
    const left = new AbortController();
    const asked = fetch(`${at.url}/v1/slow`, { ...json({}), signal: left.signal });
    await entered.opened;
    left.abort();
    await assert.rejects(asked);
    assert.equal(await ended.opened, "client_disconnected");
  });

  it("passes on the headers of the response", async () => {
    await using at = await mounted([cookies]);
    const executed = at.served.executed(cookies);
    const response = await fetch(`${at.url}/v1/cookies`, { method: "POST" });
    assert.equal(response.headers.get("location"), "/v1/x");
    assert.deepEqual(await response.json(), { a: "1", b: "2" });
    assert.equal((await executed).outcome, "ok");
  });
});

import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, it } from "node:test";
import { HttpTarget, type HttpTargetOptions } from "../../src/load/http-target.ts";
import { TestClock } from "../../src/testing/clock.ts";

const arrival = { index: 3, scheduledMs: 0 };

describe("an HTTP target", () => {
  let server: Server | undefined;
  let connections = 0;
  afterEach(() => {
    server?.closeAllConnections();
    server?.close();
  });

  const serve = async (listener: RequestListener, options: Partial<HttpTargetOptions> = {}): Promise<HttpTarget> => {
    connections = 0;
    server = createServer(listener).on("connection", () => connections++);
    await once(server.listen(0, "127.0.0.1"), "listening");
    return new HttpTarget({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/quote`, ...options });
  };

  it("sends its method, headers and body, and uses a connection again", async () => {
    const seen: string[] = [];
    using target = await serve(
      async (request, response) => {
        seen.push(`${request.method} ${request.url} ${request.headers["x-kind"]} ${(await request.toArray()).join("")}`);
        response.end("done");
      },
      { headers: { "x-kind": "test" }, body: ({ index }) => `{"n":${index}}` },
    );
    assert.deepEqual(await target.call(arrival), { kind: "ok" });
    assert.deepEqual(await target.call(arrival), { kind: "ok" });
    assert.deepEqual(seen, ['POST /v1/quote test {"n":3}', 'POST /v1/quote test {"n":3}']);
    assert.equal(connections, 1);
  });

  for (const [status, body, expected] of [
    [204, "", { kind: "ok" }],
    [503, '{"type":"https://plimsoll.dev/problems/overloaded","status":503}', { kind: "refused", reason: "503 overloaded" }],
    [503, "full", { kind: "refused", reason: "503" }],
    [429, '{ "type": "rate_limited" }', { kind: "refused", reason: "429 rate_limited" }],
    [404, "", { kind: "failed", reason: "status 404" }],
    [500, '{"type":"internal"}', { kind: "failed", reason: "status 500" }],
  ] as const)
    it(`reads ${status} ${body} as ${expected.kind}`, async () => {
      using target = await serve((_request, response) => response.writeHead(status).end(body));
      assert.deepEqual(await target.call(arrival), expected);
    });

  it("fails where a response is cut in its middle", async () => {
    using target = await serve((_request, response) => {
      response.writeHead(200, { "content-length": 10 }).write("half");
      response.socket?.end();
    });
    await assert.rejects(target.call(arrival), { code: "ECONNRESET" });
  });

  it("gives up after its timeout, and leaves no timer", async () => {
    const clock = new TestClock();
    const arrived = Promise.withResolvers<void>();
    const closed = Promise.withResolvers<void>();
    using target = await serve(
      (request) => {
        arrived.resolve();
        request.socket.once("close", () => closed.resolve());
      },
      { timeoutMs: 100, clock },
    );
    const answer = target.call(arrival);
    await arrived.promise;
    clock.advance(100);
    assert.deepEqual(await answer, { kind: "failed", reason: "timeout" });
    await closed.promise;
    assert.equal(clock.pending, 0);
  });

  it("refuses URLs of other protocols", () => {
    assert.throws(() => new HttpTarget({ url: "https://127.0.0.1/" }), /http:/);
  });
});

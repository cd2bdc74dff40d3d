// A real server behind a network that fails: whatever happens on the way, the request ends with one named fault and leaves nothing behind.
import assert from "node:assert/strict";
import { getEventListeners } from "node:events";
import type { Socket } from "node:net";
import { describe, it, type TestContext } from "node:test";
import { FaultProxy } from "../../src/testing/fault-proxy.ts";
import { faultOf, open, serve, serveTcp } from "./open-upstream.ts";

async function through(t: TestContext, body = "x".repeat(1_000)) {
  const upstream = await serve(t, (_, response) => response.end(body));
  const proxy = new FaultProxy({ host: "127.0.0.1", port: upstream.port });
  await proxy.start();
  t.after(() => proxy.stop());
  return { upstream, proxy, url: proxy.through(upstream.url) };
}

const get = { method: "GET", path: "/", output: "text" } as const;

describe("on a network that fails", () => {
  it("latency is borne within the timeout, and the connection is used on", async (t) => {
    const { proxy, url, upstream } = await through(t);
    const { client } = open(t, url, { timeout: "10s", connections: 1 });
    proxy.set({ toServer: { latencyMs: 20, jitterMs: 10 }, toClient: { latencyMs: 20, jitterMs: 10 } });
    for (let i = 0; i < 3; i++) assert.equal((await client.request(get)).body.length, 1_000);
    assert.equal(upstream.connections, 1);
  });

  it("a reset before the reply is upstream_connection_lost", async (t) => {
    const { proxy, url } = await through(t);
    const { client } = open(t, url, { timeout: "10s" });
    await client.request(get);
    proxy.set({ toClient: { resetRatio: 1 } });
    const fault = await faultOf(client.request(get));
    assert.deepEqual(
      [fault.type, fault.code, fault.details],
      ["upstream_connection_lost", "unavailable", { upstream: "prices", phase: "sent" }],
    );
  });

  it("a reset of the new connection is upstream_unreachable or lost, and the next request works", async (t) => {
    const { proxy, url } = await through(t);
    const { client } = open(t, url, { timeout: "10s" });
    proxy.set({ connections: "reset" });
    assert.match((await faultOf(client.request(get))).type, /^upstream_(?:unreachable|connection_lost)$/);
    proxy.heal();
    assert.equal((await client.request(get)).status, 200);
  });

  it("no server at all is upstream_unreachable", async (t) => {
    const { proxy, url } = await through(t);
    const { client } = open(t, url, { timeout: "10s" });
    await proxy.stop();
    const fault = await faultOf(client.request(get));
    assert.deepEqual([fault.type, fault.code], ["upstream_unreachable", "unavailable"]);
  });

  it("a half-open connection ends with the timeout, and is not used again", async (t) => {
    const { proxy, url, upstream } = await through(t);
    const { client } = open(t, url, { timeout: "300ms", connections: 1 });
    await client.request(get);
    proxy.set({ toClient: { silent: true } });
    const fault = await faultOf(client.request(get));
    assert.deepEqual(
      [fault.type, fault.code, fault.details],
      ["upstream_timeout", "deadline_exceeded", { upstream: "prices", phase: "sent", afterMs: 300 }],
    );
    proxy.heal();
    assert.equal((await client.request(get)).status, 200);
    assert.equal(upstream.connections, 2);
  });

  it("a cut in the middle of a reply is upstream_connection_lost: half of it is never read as the whole", async (t) => {
    const { proxy, url } = await through(t, "x".repeat(50_000));
    const { client } = open(t, url, { timeout: "10s" });
    proxy.set({ toClient: { cutAfterBytes: 20_000 } });
    const fault = await faultOf(client.request(get));
    assert.deepEqual([fault.type, fault.details], ["upstream_connection_lost", { upstream: "prices", phase: "replying" }]);
  });

  it("a slow body ends with the timeout, which is of the whole reply", async (t) => {
    const { proxy, url } = await through(t, "x".repeat(50_000));
    const { client } = open(t, url, { timeout: "300ms" });
    proxy.set({ toClient: { bytesPerSecond: 10_000 } });
    const fault = await faultOf(client.request(get));
    assert.deepEqual([fault.type, fault.details], ["upstream_timeout", { upstream: "prices", phase: "replying", afterMs: 300 }]);
  });

  it("a connection that does not open ends with the timeout, and the request is not sent later", async (t) => {
    const upstream = await serve(t, (_, response) => response.end());
    let asked = 0;
    // The first time it never answers, so that the connection cannot open.
    const resolve = (_: string, callback: (error: null, found: { address: string; family: number }[]) => void) =>
      void (++asked > 1 && callback(null, [{ address: "127.0.0.1", family: 4 }]));
    const { client } = open(t, `http://upstream.test:${upstream.port}`, {
      timeout: "200ms",
      connectTimeout: "1m",
      connections: 1,
      queue: 1,
      resolve,
    });
    const fault = await faultOf(client.request({ method: "PUT", path: "/late" }));
    assert.deepEqual(fault.details, { upstream: "prices", phase: "connecting", afterMs: 200 });
    await client.request({ method: "PUT", path: "/next", timeout: "150ms" });
    assert.equal(asked, 2);
    assert.deepEqual(
      upstream.requests.map(({ url }) => url),
      ["/next"],
    );
  });
});

describe("a server that breaks the protocol", () => {
  const reply = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";
  const once =
    (text: string, end = false) =>
    (socket: Socket) =>
      void socket.once("data", () => {
        socket.write(text);
        if (end) socket.end();
      });

  for (const [what, text, type] of [
    ["garbage", "\0\x01garbage\r\n\r\n", "upstream_reply_malformed"],
    ["a head that never ends", `HTTP/1.1 200 OK\r\n${"x-a: b\r\n".repeat(5_000)}`, "upstream_reply_too_large"],
    ["100 Continue, for which no request asked", `HTTP/1.1 100 Continue\r\n\r\n${reply}`, "upstream_reply_malformed"],
    [
      "an upgrade, for which no request asked",
      "HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n",
      "upstream_reply_malformed",
    ],
    ["two lengths", "HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\nokk", "upstream_reply_malformed"],
    [
      "a length and chunks",
      "HTTP/1.1 200 OK\r\ncontent-length: 2\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
      "upstream_reply_malformed",
    ],
  ] as const)
    it(`${what} is ${type}`, async (t) => {
      const { client } = open(t, await serveTcp(t, once(text)), { timeout: "10s" });
      const fault = await faultOf(client.request(get));
      assert.equal(fault.type, type);
      assert.equal(fault.status, 502);
    });

  it("103 Early Hints are passed over", async (t) => {
    const { client } = open(t, await serveTcp(t, once(`HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n${reply}`)), { timeout: "10s" });
    assert.equal((await client.request(get)).body, "ok");
  });

  it("a reply without a length ends where the connection does", async (t) => {
    const { client } = open(t, await serveTcp(t, once("HTTP/1.1 200 OK\r\n\r\nok", true)), { timeout: "10s" });
    assert.equal((await client.request(get)).body, "ok");
  });

  it("fewer bytes than were declared are upstream_connection_lost", async (t) => {
    const { client } = open(t, await serveTcp(t, once("HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nok", true)), { timeout: "10s" });
    assert.equal((await faultOf(client.request(get))).type, "upstream_connection_lost");
  });

  it("a reply before the request has been read is the reply", async (t) => {
    const early = (socket: Socket) =>
      void socket.once("data", () => {
        socket.pause();
        socket.write("HTTP/1.1 413 Too Large\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
      });
    const { client } = open(t, await serveTcp(t, early), { timeout: "10s", requestBytes: 20_000_000 });
    const fault = await faultOf(client.request({ method: "PUT", path: "/", body: "x".repeat(10_000_000) }));
    assert.deepEqual([fault.type, fault.details], ["upstream_refused", { upstream: "prices", status: 413 }]);
  });

  it("bytes that no request asked for are never the reply of the next one", async (t) => {
    const sockets: Socket[] = [];
    const url = await serveTcp(t, (socket) => {
      const number = sockets.push(socket);
      // The second reply of the first connection belongs to no request.
      socket.on("data", () => socket.write(number === 1 ? `${reply}HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nevil` : reply));
    });
    const { client } = open(t, url, { timeout: "10s", connections: 1 });
    await client.request(get).catch(() => undefined);
    assert.equal((await client.request(get)).body, "ok");
  });
});

describe("a caller that cancels", () => {
  for (const when of ["before it is sent", "while it waits for the reply", "while it waits for a connection"] as const)
    it(`${when} gets its own reason`, async (t) => {
      const arrived = Promise.withResolvers<void>();
      const upstream = await serve(t, () => arrived.resolve());
      const { client } = open(t, upstream.url, { timeout: "1m", connections: 1 });
      const controller = new AbortController();
      const { signal } = controller;
      const reason = new Error("enough");
      const other = new AbortController();
      const first = when === "while it waits for a connection" ? client.request({ ...get, signal: other.signal }) : undefined;
      if (first !== undefined) await arrived.promise;
      if (when === "before it is sent") controller.abort(reason);
      const request = client.request({ ...get, signal });
      if (when === "while it waits for the reply") await arrived.promise;
      controller.abort(reason);
      await assert.rejects(request, (thrown) => thrown === reason);
      assert.deepEqual(getEventListeners(signal, "abort"), []);
      other.abort(reason);
      await first?.catch(() => undefined);
    });
});

describe("a queue", () => {
  it("is bounded, and its waits are", async (t) => {
    const arrived = Promise.withResolvers<void>();
    const upstream = await serve(t, () => arrived.resolve());
    const { client, value } = open(t, upstream.url, { timeout: "1s", connections: 1, queue: 1 });
    const first = faultOf(client.request(get));
    await arrived.promise;
    const second = faultOf(client.request({ ...get, timeout: "100ms" }));
    assert.deepEqual([value("plimsoll_upstream_in_flight"), value("plimsoll_upstream_queue_depth")], [1, 1]);
    const third = await faultOf(client.request(get));
    assert.deepEqual(
      [third.type, third.code, third.details],
      ["upstream_queue_full", "unavailable", { upstream: "prices", running: 1, waiting: 1 }],
    );
    assert.deepEqual((await second).details, { upstream: "prices", phase: "queued", afterMs: 100 });
    assert.equal((await first).type, "upstream_timeout");
    assert.equal(upstream.requests.length, 1);
  });

  it("is served in order, as connections become free", async (t) => {
    const upstream = await serve(t, (_, response) => response.end());
    const { client } = open(t, upstream.url, { timeout: "20s", connections: 2, queue: 100 });
    await Promise.all(Array.from({ length: 100 }, (_, n) => client.request({ method: "GET", path: `/${n}` })));
    const order = upstream.requests.map(({ url }) => Number(url.slice(1)));
    assert.equal(order.length, 100);
    assert.ok(upstream.connections <= 2);
    for (const [at, n] of order.entries()) assert.ok(Math.abs(at - n) <= 2, `${n} came as number ${at}`);
  });
});

it("a client that is closed sends nothing more", async (t) => {
  const upstream = await serve(t, (_, response) => response.end());
  const { client } = open(t, upstream.url, { timeout: "5s" });
  await client.close();
  const fault = await faultOf(client.request(get));
  assert.deepEqual([fault.type, fault.code], ["upstream_client_closed", "unavailable"]);
});

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { z } from "zod";
import { runtimeOf } from "../../src/app/app.ts";
import { action } from "../../src/operation/online/action.ts";
import { type Served, serve } from "./http/app.ts";
import { requestText } from "./http/client.ts";

const gates = new Map<string, PromiseWithResolvers<void>>();
const gateOf = (id: string) => {
  const found = gates.get(id) ?? Promise.withResolvers<void>();
  gates.set(id, found);
  return found;
};
const ran: string[] = [];
const wait = action("t.wait", {
  input: z.object({ id: z.string() }),
  output: z.object({ id: z.string() }),
  access: "public",
  budget: "5s",
  idempotent: "no",
  http: "DELETE /wait/{id}",
  run: async ({ id }) => {
    await gateOf(id).promise;
    return { id };
  },
});
const echo = action("t.echo", {
  input: z.object({ id: z.string() }),
  output: z.object({ id: z.string() }),
  access: "public",
  budget: "5s",
  idempotent: "no",
  http: "POST /echo",
  run: async ({ id }) => {
    ran.push(id);
    return { id };
  },
});

describe("connections", () => {
  let served: Served;
  before(async () => {
    served = await serve([wait, echo], { http: { limits: { headerMs: 300, requestMs: 600, keepAliveMs: 800 } } });
  });
  after(() => served[Symbol.asyncDispose]());

  it("answers pipelined requests in the order in which they came, whatever ends first", async () => {
    const wire = await served.wire();
    wire.send(Buffer.concat(["a", "b", "c"].map((id) => requestText("DELETE", `/wait/${id}`))));
    wire.send(requestText("GET", "/nowhere"));
    while (runtimeOf(served.app).inFlight < 3) await new Promise<void>((resolve) => void setImmediate(resolve));
    gateOf("c").resolve();
    gateOf("b").resolve();
    await served.executed();
    gateOf("a").resolve();
    for (const id of ["a", "b", "c"]) assert.deepEqual((await wire.next())?.json, { id });
    assert.equal((await wire.next())?.status, 404);
    wire.close();
  });

  it("answers what was asked before what is no HTTP, and only then refuses", async () => {
    const wire = await served.wire();
    wire.send(requestText("DELETE", "/wait/before"));
    wire.send("THIS IS NO HTTP\r\n\r\n");
    while (runtimeOf(served.app).inFlight < 1) await new Promise<void>((resolve) => void setImmediate(resolve));
    await new Promise<void>((resolve) => void setImmediate(resolve));
    gateOf("before").resolve();
    const first = await wire.next();
    assert.deepEqual([first?.status, first?.json], [200, { id: "before" }]);
    assert.equal((await wire.next())?.status, 400);
    assert.equal(await wire.ended, "end");
    wire.close();
  });

  it("ends a request whose body breaks its framing as malformed", async () => {
    const wire = await served.wire();
    wire.send("POST /echo HTTP/1.1\r\nhost: test\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{}\r\n");
    while (runtimeOf(served.app).inFlight < 1) await new Promise<void>((resolve) => void setImmediate(resolve));
    const executed = served.executed(echo);
    wire.send("zz\r\n");
    const response = await wire.next();
    assert.deepEqual([response?.status, response?.json.type], [400, "urn:plimsoll:request_malformed"]);
    assert.equal((await executed).outcome, "invalid_argument");
    assert.equal(await wire.ended, "end");
    wire.close();
  });

  const chunked = "transfer-encoding: chunked\r\n\r\n0\r\n\r\n";
  const smuggled = 'POST /echo HTTP/1.1\r\nhost: test\r\ncontent-type: application/json\r\ncontent-length: 17\r\n\r\n{"id":"smuggled"}';
  for (const [why, request] of [
    ["a length and chunks", `POST /echo HTTP/1.1\r\nhost: test\r\ncontent-length: 5\r\n${chunked}${smuggled}`],
    [
      "chunks and a length",
      `POST /echo HTTP/1.1\r\nhost: test\r\ntransfer-encoding: chunked\r\ncontent-length: 5\r\n\r\n0\r\n\r\n${smuggled}`,
    ],
    ["two lengths", `POST /echo HTTP/1.1\r\nhost: test\r\ncontent-length: 0\r\ncontent-length: 5\r\n\r\n${smuggled}`],
    ["two lengths that are the same", `POST /echo HTTP/1.1\r\nhost: test\r\ncontent-length: 0\r\ncontent-length: 0\r\n\r\n${smuggled}`],
    ["a list of lengths", `POST /echo HTTP/1.1\r\nhost: test\r\ncontent-length: 0, 0\r\n\r\n${smuggled}`],
    ["a length with a sign", `POST /echo HTTP/1.1\r\nhost: test\r\ncontent-length: +0\r\n\r\n${smuggled}`],
    ["a length in hexadecimal", `POST /echo HTTP/1.1\r\nhost: test\r\ncontent-length: 0x0\r\n\r\n${smuggled}`],
    ["a negative length", `POST /echo HTTP/1.1\r\nhost: test\r\ncontent-length: -1\r\n\r\n${smuggled}`],
    ["a length beyond counting", `POST /echo HTTP/1.1\r\nhost: test\r\ncontent-length: 99999999999999999999\r\n\r\n${smuggled}`],
    ["an unknown coding", `POST /echo HTTP/1.1\r\nhost: test\r\ntransfer-encoding: xchunked\r\n\r\n0\r\n\r\n${smuggled}`],
    ["a coding after chunks", `POST /echo HTTP/1.1\r\nhost: test\r\ntransfer-encoding: chunked, identity\r\n\r\n0\r\n\r\n${smuggled}`],
    ["a space before the colon", `POST /echo HTTP/1.1\r\nhost: test\r\ntransfer-encoding : chunked\r\n\r\n0\r\n\r\n${smuggled}`],
    ["a folded header", `POST /echo HTTP/1.1\r\nhost: test\r\nx: a\r\n transfer-encoding: chunked\r\n\r\n${smuggled}`],
    ["a line feed alone", `POST /echo HTTP/1.1\nhost: test\ncontent-length: 0\n\n${smuggled}`],
    ["a carriage return inside", `POST /echo HTTP/1.1\r\nhost: test\rcontent-length: 5\r\n\r\n${smuggled}`],
    ["a zero byte in a header", `POST /echo HTTP/1.1\r\nhost: test\r\nx: a\0b\r\n\r\n${smuggled}`],
    ["a chunk whose size has a sign", `POST /echo HTTP/1.1\r\nhost: test\r\ntransfer-encoding: chunked\r\n\r\n-1\r\n\r\n${smuggled}`],
    [
      "a chunk that ends without a line",
      `POST /echo HTTP/1.1\r\nhost: test\r\ntransfer-encoding: chunked\r\n\r\n1\r\naXX0\r\n\r\n${smuggled}`,
    ],
    ["no host", `POST /echo HTTP/1.1\r\n\r\n${smuggled}`],
    ["two hosts", `POST /echo HTTP/1.1\r\nhost: test\r\nhost: test\r\ncontent-length: 0\r\n\r\n${smuggled}`],
    ["two hosts in other letters", `POST /echo HTTP/1.1\r\nHost: test\r\ncontent-length: 0\r\nHOST: other\r\n\r\n${smuggled}`],
    ["three hosts", `POST /echo HTTP/1.1\r\nhost: test\r\nhost:\r\nhost: test\r\ncontent-length: 0\r\n\r\n${smuggled}`],
    ["two hosts of HTTP/1.0", smuggled.replace("1.1\r\n", "1.0\r\nhost: other\r\n")],
    ["a version that is none", `POST /echo HTTP/9.9\r\nhost: test\r\n\r\n${smuggled}`],
    ["TLS", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"],
    ["HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"],
  ] as const) {
    it(`refuses ${why}, and runs nothing of what follows`, async () => {
      ran.length = 0;
      const wire = await served.wire();
      wire.send(Buffer.from(request, "latin1"));
      const statuses: number[] = [];
      for (let response = await wire.next(); response !== undefined; response = await wire.next()) statuses.push(response.status);
      assert.ok(
        statuses.every((status) => status >= 400 && status <= 501 && status !== 500),
        `answered ${statuses}`,
      );
      assert.ok(statuses.length >= 1, "says that it was wrong");
      assert.equal(await wire.ended, "end");
      assert.deepEqual(ran, []);
      wire.close();
    });
  }

  it("refuses too many headers, and answers again on a new connection", async () => {
    const response = await served.ask("POST", "/echo", { headers: { "x-long": "a".repeat(20_000) } });
    assert.equal(response.status, 431);
    assert.equal((await served.ask("POST", "/echo", { body: { id: "1" } })).status, 200);
  });

  it("answers HTTP/1.0 and closes", async () => {
    const wire = await served.wire();
    const response = await wire.ask('POST /echo HTTP/1.0\r\ncontent-type: application/json\r\ncontent-length: 10\r\n\r\n{"id":"1"}');
    assert.deepEqual([response.status, response.json], [200, { id: "1" }]);
    assert.equal(response.headers["transfer-encoding"], undefined);
    assert.equal(await wire.ended, "end");
    wire.close();
  });

  it("keeps to the client's wish to close", async () => {
    const wire = await served.wire();
    const response = await wire.send(requestText("POST", "/echo", { body: { id: "1" }, headers: { connection: "close" } })).next();
    assert.deepEqual([response?.status, response?.headers.connection], [200, "close"]);
    assert.equal(await wire.ended, "end");
    wire.close();
  });

  it("takes a request that comes a byte at a time", async () => {
    const wire = await served.wire();
    for (const byte of requestText("POST", "/echo", { body: { id: "slow" } })) {
      wire.send(Buffer.of(byte));
      await new Promise<void>((resolve) => void setImmediate(resolve));
    }
    assert.deepEqual((await wire.next())?.json, { id: "slow" });
    wire.close();
  });

  it("does not wait long for headers that trickle", async () => {
    const wire = await served.wire();
    wire.send("POST /echo HTTP/1.1\r\nhost: test\r\nx-slow: ");
    const trickle = setInterval(() => wire.send("a"), 50);
    const response = await wire.next();
    clearInterval(trickle);
    assert.equal(response?.status, 408);
    assert.equal(await wire.ended, "end");
    wire.close();
  });

  it("does not wait long for a body that trickles, and ends its execution", async () => {
    const wire = await served.wire();
    const executed = served.executed(echo);
    wire.send("POST /echo HTTP/1.1\r\nhost: test\r\ncontent-type: application/json\r\ncontent-length: 100000\r\n\r\n");
    const trickle = setInterval(() => wire.send(" "), 50);
    const response = await wire.next();
    clearInterval(trickle);
    assert.deepEqual([response?.status, response?.json.type], [408, "urn:plimsoll:request_timeout"]);
    assert.equal((await executed).outcome, "invalid_argument");
    wire.close();
  });

  it("closes a connection that stays idle", async () => {
    const wire = await served.wire();
    assert.equal((await wire.ask(requestText("POST", "/echo", { body: { id: "1" } }).toString())).status, 200);
    assert.equal(await wire.ended, "end");
    wire.close();
  });

  it("closes a connection on which nothing was ever sent", async () => {
    const wire = await served.wire();
    assert.equal(await wire.ended, "end");
    wire.close();
  });

  it("treats an upgrade as the request that it is", async () => {
    const headers = { connection: "Upgrade", upgrade: "websocket" };
    const response = await served.ask("POST", "/echo", { body: { id: "1" }, headers });
    assert.equal(response.status, 200);
  });

  it("closes on CONNECT", async () => {
    const wire = await served.wire();
    wire.send("CONNECT other.test:443 HTTP/1.1\r\nhost: other.test\r\n\r\n");
    assert.equal(await wire.next(), undefined);
    wire.close();
  });
});

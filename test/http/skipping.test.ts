import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { after, before, describe, it } from "node:test";
import { afterEachRead, canSkip, dropRest, readAgain, skipBody, skipRest } from "../../src/http/connections/skipping.ts";
import { requestText, Wire } from "../e2e/http/client.ts";

describe("parts of a request that are passed over", () => {
  let server: Server;
  let seen: { socket: Socket; body: string }[];
  let onRequest: (socket: Socket) => void;
  const port = () => (server.address() as AddressInfo).port;
  before(async () => {
    seen = [];
    server = createServer((request, response) => {
      const entry = { socket: request.socket, body: "" };
      seen.push(entry);
      request.on("data", (chunk: Buffer) => {
        entry.body += chunk.toString();
      });
      onRequest(request.socket);
      response.end("ok");
    }).listen(0, "127.0.0.1");
    // A parser of which parts are passed over serves another connection next.
    server.on("connection", (socket: Socket) => socket.prependListener("close", () => readAgain(socket)));
    await once(server, "listening");
  });
  after(() => server.close());
  const chunks = "1\r\na\r\n".repeat(100);

  it("can be, with the parsers of this Node.js", async () => {
    let can = false;
    onRequest = (socket) => {
      can = canSkip(socket);
    };
    const wire = await Wire.open(port());
    wire.send(requestText("GET", "/"));
    assert.equal((await wire.next())?.status, 200);
    assert.ok(can, "node:http names its callbacks otherwise now: see src/http/connections/skipping.ts");
    wire.close();
  });

  it("are the body alone, or everything, until it is read again", async () => {
    seen.length = 0;
    onRequest = skipBody;
    const wire = await Wire.open(port());
    wire.send(`POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n${chunks}0\r\n\r\n`);
    assert.equal((await wire.next())?.status, 200);
    assert.equal(seen[0]?.body, "");
    onRequest = skipRest;
    readAgain(seen[0]!.socket);
    wire.send(requestText("GET", "/"));
    assert.equal((await wire.next())?.status, 200);
    wire.send(requestText("GET", "/").toString().repeat(3));
    wire.socket.end();
    assert.equal(await wire.next(), undefined, "what comes after it is not read");
    assert.equal(seen.length, 2);
    wire.close();
  });

  it("are not parsed at all where they are dropped, and others' are", async () => {
    const malformed: unknown[] = [];
    const count = (error: NodeJS.ErrnoException, socket: Socket) => {
      // That the first connection ends in the middle of its body is an error of another kind.
      if (error.code === "HPE_INVALID_CHUNK_SIZE") malformed.push(error);
      socket.destroy();
    };
    server.on("clientError", count);
    let reads = 0;
    onRequest = (socket) => dropRest(socket, () => void reads++);
    const wire = await Wire.open(port());
    wire.send("POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n");
    assert.equal((await wire.next())?.status, 200);
    wire.send("these are no chunks".repeat(10_000));
    while (seen.at(-1)!.socket.bytesRead < 190_000) await new Promise<void>((resolve) => setImmediate(resolve));
    assert.deepEqual([malformed, reads > 0], [[], true]);
    wire.close();
    onRequest = () => undefined;
    const next = await Wire.open(port());
    next.send("POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n");
    assert.equal((await next.next())?.status, 200);
    next.send("these are no chunks");
    await next.ended;
    assert.equal(malformed.length, 1);
    server.off("clientError", count);
    next.close();
  });

  const ways: Readonly<Record<string, (socket: Socket, call: () => void) => boolean>> = {
    "are passed over": (socket, call) => {
      skipRest(socket);
      return afterEachRead(socket, call);
    },
    "are dropped": (socket, call) => {
      dropRest(socket, call);
      return true;
    },
  };
  for (const [what, way] of Object.entries(ways))
    it(`are counted after each read where they ${what}, so that a fast client is cut at once`, async () => {
      const most = 1_000_000;
      let watched = false;
      let taken = 0;
      onRequest = (socket) => {
        watched = way(socket, () => {
          taken = socket.bytesRead;
          if (taken > most) socket.destroy();
        });
      };
      const wire = await Wire.open(port());
      const closed = new Promise((resolve) => wire.socket.once("close", resolve));
      wire.send(`POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 100000000\r\n\r\n`);
      wire.send("a".repeat(30_000_000));
      await closed;
      assert.ok(watched);
      assert.ok(taken > most && taken < most + 1_000_000, `the server took ${taken} bytes`);
    });
});

// What a connection of HTTP/2 has in common with one of HTTP/1.1, seen where the two differ.
import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect as connectHttp2 } from "node:http2";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { z } from "zod";
import { limits } from "../../../src/core/limits.ts";
import { upload } from "../../../src/core/schema/opaque/upload.ts";
import { action } from "../../../src/operation/online/action.ts";
import { query } from "../../../src/operation/online/query.ts";
import { route } from "../../../src/operation/online/route.ts";
import { TestClock } from "../../../src/testing/clock.ts";
import { certificate } from "../../upstream/certificates.ts";
import { gate, type ServeSpec, serve } from "../http/app.ts";
import { authority, secure, server } from "../tls/secure.ts";
import { H2Client, responseOf } from "./client.ts";
import { counted, database, echo, operations, put } from "./operations.ts";

const tls = { cert: server.cert, key: server.key, http2: true };
const open = (spec: ServeSpec = {}, more: Parameters<typeof serve>[0] = operations) =>
  serve(more, { database, ...spec, http: { tls, ...spec.http } });

describe("cookies over HTTP/2", () => {
  const others = Object.fromEntries(Array.from({ length: 90 }, (_, at) => [`x-${at}`, "1"]));
  const cookies = (count: number) => Array.from({ length: count }, (_, at) => `c${at}=${at}`);

  it("may come in a field each, as one line of the head", async () => {
    await using served = await open();
    await using client = await H2Client.open(served.port);
    const cookie = [...cookies(limits.cookies - 2), "mine=1", "theirs=2"];
    const got = await client.ask("GET", "/picked", { headers: { ...others, cookie, "x-lang": "de" } });
    assert.deepEqual([got.status, got.json], [200, { mine: "1", theirs: "2", lang: "de" }]);
  });

  it("are as many as over HTTP/1.1, and leave room for no more other lines", async () => {
    await using served = await open();
    await using client = await H2Client.open(served.port);
    const many = await client.ask("GET", "/picked", { headers: { cookie: [...cookies(limits.cookies), "mine=1"], "x-lang": "de" } });
    assert.deepEqual([many.status, many.json.type], [431, "urn:plimsoll:cookies_too_many"]);
    const lines = Object.fromEntries(Array.from({ length: 101 }, (_, at) => [`x-${at}`, "1"]));
    const crowded = await client.ask("GET", "/picked", { headers: { ...lines, cookie: cookies(10) } });
    assert.deepEqual([crowded.status, crowded.json.type], [431, "urn:plimsoll:headers_too_many"]);
  });
});

describe("a connection of HTTP/2", () => {
  it("keeps its certificate, and the next one has the new one", async (t) => {
    const folder = mkdtempSync(join(tmpdir(), "plimsoll-h2-"));
    t.after(() => rmSync(folder, { recursive: true }));
    const [cert, key] = [join(folder, "cert.pem"), join(folder, "key.pem")];
    const write = (made: { readonly cert: string; readonly key: string }) => {
      writeFileSync(cert, made.cert);
      writeFileSync(key, made.key);
    };
    write(server);
    const clock = new TestClock({ now: Date.now() });
    await using served = await open({ clock, http: { tls: { cert, key, http2: true } } });
    const fingerprint = async () => {
      const socket = await secure(served.port, { ALPNProtocols: ["h2"] });
      const { fingerprint256 } = socket.getPeerX509Certificate() ?? {};
      socket.destroy();
      return fingerprint256;
    };
    await using kept = await H2Client.open(served.port);
    const first = await fingerprint();
    write(certificate({ name: "shop.test", issuer: authority, of: ["shop.test"] }));
    const replaced = served.app.signals.logged.next(({ operation }) => operation === "plimsoll.http");
    await Promise.all([replaced, clock.advanceAsync(10_000)]);
    assert.notEqual(await fingerprint(), first);
    assert.equal((await kept.ask("POST", "/echo", { body: { text: "kept" } })).status, 200);
  });

  it("is one connection of the limit, however many streams it has, and gives its place back", async () => {
    const finish = gate();
    const waits = query("t.waits", {
      ...{ input: z.object({}), output: z.object({}), access: "public", budget: "20s", http: "GET /waits" },
      run: async () => finish.opened.then(() => ({})),
    });
    await using served = await open({}, [waits, echo]);
    const line = served.app.loadLines.find("connections");
    const client = await H2Client.open(served.port);
    const asked = [1, 2, 3].map(() => client.ask("GET", "/waits"));
    await client.ask("POST", "/echo", { body: { text: "they have arrived" } });
    assert.equal(line?.now(), 1);
    assert.equal(served.app.loadLines.find("HTTP/2 streams")?.highWater, 4);
    finish.open();
    await Promise.all(asked);
    await client[Symbol.asyncDispose]();
    while (line?.now() !== 0) await new Promise(setImmediate);
  });

  it("ends its streams with a time to come back when the process stops, and closes", async () => {
    const waiting = gate();
    const watch = query("t.watch", {
      ...{ input: z.object({}), access: "public", budget: "5s", http: "GET /watch", stream: { item: z.object({ n: z.int() }) } },
      async *run(_, { signal }) {
        yield { n: 1 };
        waiting.open();
        await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
      },
    });
    const served = await open({}, [watch]);
    const client = await H2Client.open(served.port);
    const response = client.ask("GET", "/watch", { headers: { accept: "text/event-stream" } });
    const closed = once(client.session, "close");
    await waiting.opened;
    const stopped = served.app.stop();
    const { status, body } = await response;
    assert.equal(status, 200);
    assert.match(body.toString(), /data: \{"n":1\}[\s\S]*retry: \d+/);
    await Promise.all([closed, stopped]);
  });

  it("loses an upload that its client gives up, and serves the next", async () => {
    const begun = gate();
    const slow = action("t.slow", {
      ...{ access: "public", idempotent: "natural", budget: "20s", http: { route: "PUT /slow", body: "raw" } },
      ...{ input: z.object({ body: upload({ bytesMax: 1_000_000 }) }), output: z.object({}) },
      run: async ({ body }) => {
        for await (const _ of body) begun.open();
        return {};
      },
    });
    await using served = await open({}, [slow, put]);
    await using client = await H2Client.open(served.port);
    const executed = served.executed(slow);
    const stream = client.begin(
      { ":method": "PUT", ":path": "/slow", "content-type": "application/octet-stream", "content-length": 100_000 },
      "open",
    );
    stream.write(Buffer.alloc(20_000));
    await begun.opened;
    stream.close(8);
    assert.equal((await executed).outcome, "cancelled");
    assert.equal(
      (await client.ask("PUT", "/file", { headers: { "content-type": "application/octet-stream" }, body: new Uint8Array(10) })).json.size,
      10,
    );
  });

  it("serves plain routes", async () => {
    const page = route("POST /page", { name: "t.page", access: "public", budget: "5s" }, async (request) => {
      const text = await request.text();
      return new Response(`${request.method} ${new URL(request.url).host} ${text}`, { status: 201, headers: { "x-own": "yes" } });
    });
    await using served = await open({}, [page]);
    await using client = await H2Client.open(served.port);
    const got = await client.ask("POST", "/page", { headers: { "content-type": "text/plain" }, body: "hello" });
    assert.deepEqual([got.status, got.headers["x-own"], got.body.toString()], [201, "yes", "POST shop.test hello"]);
  });

  it("of a client that sends nothing more brings what it asked for, and closes", async () => {
    const [running, finish] = [gate(), gate()];
    const waits = query("t.waits", {
      ...{ input: z.object({}), output: z.object({ done: z.boolean() }), access: "public", budget: "20s", http: "GET /waits" },
      run: async () => {
        running.open();
        await finish.opened;
        return { done: true };
      },
    });
    await using served = await open({}, [waits, counted]);
    const socket = await secure(served.port, { ALPNProtocols: ["h2"] });
    const session = connectHttp2("https://shop.test", { createConnection: () => socket });
    session.on("error", () => undefined);
    const closed = once(session, "close");
    const response = responseOf(session.request({ ":path": "/waits" }));
    await running.opened;
    // It has said that it opens no further stream.
    session.goaway(0);
    session.close();
    finish.open();
    assert.deepEqual((await response).json, { done: true });
    await closed;
    await served.idle();
  });

  it("whose client has closed its half brings what it asked for, and closes", async () => {
    const [running, finish] = [gate(), gate()];
    const waits = query("t.waits", {
      ...{ input: z.object({}), output: z.object({ done: z.boolean() }), access: "public", budget: "20s", http: "GET /waits" },
      run: async () => {
        running.open();
        await finish.opened;
        return { done: true };
      },
    });
    await using served = await open({}, [waits]);
    const socket = await secure(served.port, { ALPNProtocols: ["h2"] });
    const got: Buffer[] = [];
    socket.on("data", (bytes: Buffer) => got.push(bytes));
    const ended = once(socket, "end");
    const text = (value: string) => Buffer.concat([Buffer.from([value.length]), Buffer.from(value)]);
    const fields = { ":method": "GET", ":scheme": "https", ":authority": "a", ":path": "/waits" };
    const head = Buffer.concat(Object.entries(fields).flatMap(([name, value]) => [Buffer.from([0]), text(name), text(value)]));
    const frame = (type: number, flags: number, payload: Buffer | undefined = Buffer.alloc(0)) =>
      Buffer.concat([Buffer.from([0, 0, payload.length, type, flags, 0, 0, 0, type === 1 ? 1 : 0]), payload]);
    // The preface, settings and their acknowledgement, and a request that is whole.
    socket.write(Buffer.concat([Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), frame(4, 0), frame(4, 1), frame(1, 5, head)]));
    await running.opened;
    socket.end();
    finish.open();
    await ended;
    assert.ok(Buffer.concat(got).includes('{"done":true}'));
    socket.destroy();
    await served.idle();
  });
});

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { after, before, describe, it } from "node:test";
import { z } from "zod";
import { action } from "../../../src/operation/online/action.ts";
import { certificate } from "../../upstream/certificates.ts";
import { gate, type Served, type ServeSpec, serve } from "../http/app.ts";
import { requestText } from "../http/client.ts";
import { authority, secure, secureWire, server } from "../tls/secure.ts";
import { H2Client, responseOf } from "./client.ts";
import { counted, database, echo, fileBytes, operations } from "./operations.ts";

const tls = { cert: server.cert, key: server.key, http2: true };
const open = (spec: ServeSpec = {}, more: Parameters<typeof serve>[0] = operations) =>
  serve(more, { database, ...spec, http: { tls, documents: true, ...spec.http } });

describe("a port with HTTP/2", () => {
  let served: Served;
  let client: H2Client;
  before(async () => {
    served = await open({ http: { compression: {}, cors: { origins: ["https://page.test"] } } });
    client = await H2Client.open(served.port);
  });
  after(async () => {
    await client[Symbol.asyncDispose]();
    await served[Symbol.asyncDispose]();
  });

  it("leaves the choice to the client", async () => {
    for (const [offers, gets] of [
      [["h2", "http/1.1"], "h2"],
      [["http/1.1"], "http/1.1"],
      [undefined, false],
    ] as const) {
      const socket = await secure(served.port, offers && { ALPNProtocols: [...offers] });
      assert.equal(socket.alpnProtocol, gets);
      socket.destroy();
    }
    const wire = await secureWire(served.port);
    assert.deepEqual((await wire.ask(requestText("POST", "/echo", { body: { text: "one" } }).toString())).json, { text: "one" });
    wire.close();
  });

  it("takes JSON and forms, and says which request and operation it was", async () => {
    const executed = served.executed(echo);
    const headers = { "x-request-id": "r-1", traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01" };
    const { status, json, headers: got } = await client.ask("POST", "/echo", { body: { text: "höher" }, headers });
    assert.deepEqual([status, json, got["x-request-id"]], [200, { text: "höher" }, "r-1"]);
    assert.equal(got["content-length"], String(Buffer.byteLength('{"text":"höher"}')));
    assert.equal(got.connection, undefined);
    const { requestId, traceId, surface, facts } = await executed;
    assert.deepEqual([requestId, traceId, surface], ["r-1", "0af7651916cd43dd8448eb211c80319c", "http"]);
    assert.equal(facts?.attributes["http.response.status_code"], 200);
    const form = { "content-type": "application/x-www-form-urlencoded" };
    assert.deepEqual((await client.ask("POST", "/form", { body: "a=x&b=2", headers: form })).json, { a: "x", b: 2 });
  });

  it("refuses input and unknown paths with problem documents, and shows people a page", async () => {
    const invalid = await client.ask("POST", "/echo", { body: { text: 1 } });
    assert.deepEqual([invalid.status, invalid.json.type], [400, "urn:plimsoll:invalid_input"]);
    assert.equal((await client.ask("GET", "/nothing")).json.type, "urn:plimsoll:route_not_found");
    const page = await client.ask("GET", "/nothing", { headers: { accept: "text/html" } });
    assert.match(page.body.toString(), /<!doctype html>/);
    assert.equal((await client.ask("GET", "/openapi.json")).json.openapi.startsWith("3."), true);
  });

  it("reads headers, and the parts of a cookie as one", async () => {
    const headers = { cookie: ["mine=1", "other=2", "theirs=3"], "x-lang": "de" };
    assert.deepEqual((await client.ask("GET", "/picked", { headers })).json, { mine: "1", theirs: "3", lang: "de" });
  });

  it("takes an upload as it comes, with its length and without", async () => {
    const bytes = Buffer.alloc(2_000_000, "abc");
    const sha256 = createHash("sha256").update(bytes).digest("hex");
    const type = { "content-type": "application/octet-stream" };
    for (const length of [{}, { "content-length": String(bytes.length) }]) {
      const { status, json } = await client.ask("PUT", "/file", { body: bytes, headers: { ...type, ...length } });
      assert.deepEqual([status, json], [200, { size: bytes.length, sha256 }]);
    }
    const refused = await client.ask("PUT", "/file", { body: Buffer.alloc(3_100_000), headers: { ...type, "content-length": "3100000" } });
    assert.equal(refused.status, 413);
    assert.equal((await client.ask("POST", "/echo", { body: { text: "still" } })).status, 200);
  });

  it("sends downloads, parts of them, and only their head", async () => {
    const whole = await client.ask("GET", "/file");
    assert.deepEqual(whole.body, fileBytes);
    const part = await client.ask("GET", "/file", { headers: { range: "bytes=10-19" } });
    assert.deepEqual([part.status, part.headers["content-range"], part.body], [206, "bytes 10-19/200000", fileBytes.subarray(10, 20)]);
    const head = await client.ask("HEAD", "/file");
    assert.deepEqual([head.status, head.headers["content-length"], head.body.length], [200, "200000", 0]);
    assert.equal((await client.ask("GET", "/file", { headers: { "if-none-match": '"v1"' } })).status, 304);
    const moved = await client.ask("GET", "/moved");
    assert.deepEqual([moved.status, moved.headers.location], [303, "/file"]);
  });

  it("streams items as events", async () => {
    const executed = served.executed(counted);
    const { headers, body } = await client.ask("GET", "/counted?to=2");
    assert.equal(headers["content-type"], "text/event-stream");
    assert.equal(body.toString(), 'data: {"n":1}\n\ndata: {"n":2}\n\nevent: end\ndata: {}\n\n');
    assert.equal((await executed).outcome, "ok");
  });

  it("keeps back a stream whose client does not read, and goes on when it does", async () => {
    const stream = client.begin({ ":method": "GET", ":path": "/counted?to=20000" });
    stream.pause();
    await once(stream, "response");
    assert.equal((await client.ask("POST", "/echo", { body: { text: "meanwhile" } })).status, 200);
    stream.resume();
    const text = (await responseOf(stream)).body.toString();
    assert.ok(text.endsWith("event: end\ndata: {}\n\n"));
    assert.equal(text.match(/^data: \{"n"/gm)?.length, 20_000);
  });

  it("compresses, lets pages of other origins read, and says what is allowed", async () => {
    const long = await client.ask("POST", "/echo", {
      body: { text: "x".repeat(5_000) },
      headers: { "accept-encoding": "gzip", origin: "https://page.test" },
    });
    assert.equal(long.headers["content-encoding"], "gzip");
    assert.equal(long.headers["access-control-allow-origin"], "https://page.test");
    const allowed = await client.ask("OPTIONS", "/echo");
    assert.deepEqual([allowed.status, allowed.headers.allow], [204, "POST, OPTIONS"]);
  });

  it("asks for a body only once it wants it", async () => {
    const stream = client.begin(
      { ":method": "POST", ":path": "/echo", "content-type": "application/json", expect: "100-continue" },
      "open",
    );
    await once(stream, "continue");
    stream.end('{"text":"now"}');
    assert.deepEqual((await responseOf(stream)).json, { text: "now" });
  });

  it("refuses heads that are too large or have too many lines, and two hosts", async () => {
    const lines = Object.fromEntries(Array.from({ length: 101 }, (_, at) => [`x-${at}`, "1"]));
    assert.equal((await client.ask("GET", "/file", { headers: lines })).json.type, "urn:plimsoll:headers_too_many");
    const large = await client.ask("GET", "/file", { headers: { "x-long": "x".repeat(17_000) } });
    assert.deepEqual([large.status, large.json.details.limit], [431, "header bytes"]);
    const twice = await client.ask("GET", "/file", { headers: { ":authority": "shop.test", host: "other.test" } });
    assert.deepEqual([twice.status, /Host/.test(twice.json.detail)], [400, true]);
    assert.equal((await client.ask("GET", "/file", { headers: { ":authority": "shop.test", host: "SHOP.test" } })).status, 200);
  });
});

describe("requests of one connection of HTTP/2", () => {
  it("run at once, and end when their client gives them up alone", async () => {
    const [running, ended] = [gate(), gate<string>()];
    const finish = gate();
    const slow = action("t.slow", {
      ...{
        input: z.object({ waits: z.boolean() }),
        output: z.object({}),
        access: "public",
        idempotent: "no",
        budget: "20s",
        http: "POST /slow",
      },
      run: async ({ waits }, { signal }) => {
        if (!waits) return {};
        signal.addEventListener("abort", () => ended.open("aborted"));
        running.open();
        await finish.opened;
        return {};
      },
    });
    await using served = await open({}, [slow]);
    await using client = await H2Client.open(served.port);
    const executed = served.executed(slow);
    const stream = client.begin({ ":method": "POST", ":path": "/slow", "content-type": "application/json" }, '{"waits":true}');
    await running.opened;
    stream.close(8);
    assert.equal(await ended.opened, "aborted");
    finish.open();
    assert.equal((await executed).fault?.code, "cancelled");
    assert.equal((await client.ask("POST", "/slow", { body: { waits: false } })).status, 204);
  });

  it("finish when the server stops, and the connection says so and closes", async () => {
    const [running, finish] = [gate(), gate()];
    const slow = action("t.slow", {
      ...{ input: z.object({}), output: z.object({}), access: "public", idempotent: "no", budget: "5s", http: "POST /slow" },
      run: async () => {
        running.open();
        await finish.opened;
        return {};
      },
    });
    const served = await open({}, [slow]);
    const client = await H2Client.open(served.port);
    const goaway = once(client.session, "goaway");
    const closed = once(client.session, "close");
    const response = client.ask("POST", "/slow", { body: {} });
    await running.opened;
    const stopped = served.app.stop();
    assert.equal((await goaway)[0], 0);
    finish.open();
    assert.equal((await response).status, 204);
    await Promise.all([stopped, closed]);
  });

  it("know the certificate of their client", async () => {
    const mine = certificate({ name: "caller", issuer: authority });
    await using served = await open({ http: { tls: { ...tls, ca: authority.cert, clientCertificates: "require" } } });
    await using client = await H2Client.open(served.port, { cert: mine.cert, key: mine.key });
    assert.equal((await client.ask("POST", "/echo", { body: { text: "known" } })).status, 200);
    const stranger = await secure(served.port, { ALPNProtocols: ["h2"], cert: undefined });
    stranger.resume();
    assert.match(((await once(stranger, "error")) as Error[])[0]?.message ?? "", /certificate required/);
  });
});

it("HTTP/2 is off unless it is switched on", async () => {
  await using served = await serve([echo], { http: { tls: { cert: server.cert, key: server.key } } });
  await assert.rejects(secure(served.port, { ALPNProtocols: ["h2"] }));
});

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { z } from "zod";
import { Fault } from "../../src/core/fault.ts";
import { limits } from "../../src/core/limits.ts";
import { type Actor, type Authenticator, anonymous } from "../../src/operation/actor.ts";
import { bearer } from "../../src/operation/authentication/bearer.ts";
import { action } from "../../src/operation/online/action.ts";
import { type Served, serve } from "./http/app.ts";
import { requestText } from "./http/client.ts";

const bodyBytes = 200_000;
const echo = action("t.echo", {
  input: z.object({ text: z.string().max(1_000_000).optional(), deep: z.unknown().optional() }),
  output: z.object({ text: z.string().optional() }),
  access: "public",
  budget: "5s",
  idempotent: "natural",
  http: "POST /echo",
  run: async ({ text }) => ({ text }),
});
const hurried = action("t.hurried", {
  input: z.object({}),
  output: z.object({ ok: z.boolean() }),
  access: "public",
  budget: "100ms",
  idempotent: "natural",
  http: "POST /hurried",
  run: async () => ({ ok: true }),
});

const nested = (depth: number) => `{"deep":${"[".repeat(depth - 1)}${"]".repeat(depth - 1)}}`;
const json = "application/json";

describe("bodies over HTTP", () => {
  let served: Served;
  before(async () => {
    served = await serve([echo, hurried], { http: { limits: { bodyBytes, anonymousBodyBytes: bodyBytes, bodyBytesInFlight: 300_000 } } });
  });
  after(() => served[Symbol.asyncDispose]());

  for (const [why, body, contentType, status, name] of [
    ["JSON", '{"text":"a"}', json, 200, undefined],
    ["JSON with a charset", '{"text":"a"}', "application/json; charset=utf-8", 200, undefined],
    ["JSON in capitals", '{"text":"a"}', "Application/JSON", 200, undefined],
    ["JSON of a kind", '{"text":"a"}', "application/vnd.shop+json", 200, undefined],
    ["as deep as is allowed", nested(limits.jsonDepth), json, 200, undefined],
    ["nothing", "", json, 200, undefined],
    ["nothing of no type", "", undefined, 200, undefined],
    ["malformed", '{"text":', json, 400, "malformed_json"],
    ["two values", "{}{}", json, 400, "malformed_json"],
    ["a trailing comma", '{"text":"a",}', json, 400, "malformed_json"],
    ["a comment", '{"text":"a"/**/}', json, 400, "malformed_json"],
    ["NaN", '{"text":NaN}', json, 400, "malformed_json"],
    ["spaces alone", "  ", json, 400, "malformed_json"],
    ["a zero byte", "\0", json, 400, "malformed_json"],
    ["a byte order mark", Buffer.from([0xef, 0xbb, 0xbf, 0x7b, 0x7d]), json, 400, "malformed_json"],
    ["a key twice", '{"text":"a","text":"b"}', json, 400, "malformed_json"],
    ["a key twice in two spellings", '{"text":"a","\\u0074ext":"b"}', json, 400, "malformed_json"],
    ["__proto__", '{"__proto__":{"text":"a"}}', json, 400, "malformed_json"],
    ["__proto__ inside", '{"deep":{"__proto__":1}}', json, 400, "malformed_json"],
    ["__proto__ spelt otherwise", '{"\\u005f_proto__":1}', json, 400, "malformed_json"],
    ["constructor.prototype", '{"constructor":{"prototype":{"x":1}}}', json, 400, "malformed_json"],
    ["deeper than is allowed", nested(limits.jsonDepth + 1), json, 400, "malformed_json"],
    ["a hundred thousand brackets", "[".repeat(100_000), json, 400, "malformed_json"],
    ["as many, closed", nested(90_000), json, 400, "malformed_json"],
    ["invalid UTF-8", Buffer.from([0x22, 0xff, 0x22]), json, 400, "malformed_json"],
    ["a number that is too large", '{"text":"a","deep":-1e400}', json, 400, "malformed_json"],
    ["an overlong encoding", Buffer.from([0x22, 0xc0, 0xaf, 0x22]), json, 400, "malformed_json"],
    ["UTF-16", Buffer.from('{"text":"a"}', "utf16le"), json, 400, "malformed_json"],
    ["a wrong type", '{"text":1}', json, 400, "invalid_input"],
    ["an array", "[]", json, 400, "invalid_input"],
    ["a text", '"a"', json, 400, "invalid_input"],
    ["null", "null", json, 400, "invalid_input"],
    ["a form", "text=a", "application/x-www-form-urlencoded", 415, "media_type_unsupported"],
    ["plain text", "{}", "text/plain", 415, "media_type_unsupported"],
    ["no type", "{}", undefined, 415, "media_type_unsupported"],
    ["a type that only ends alike", "{}", "text/json", 415, "media_type_unsupported"],
    ["a type with more behind", "{}", "application/jsonp", 415, "media_type_unsupported"],
    ["two types", "{}", "application/json, text/plain", 415, "media_type_unsupported"],
    ["larger than is allowed", JSON.stringify({ text: "a".repeat(bodyBytes) }), json, 413, "body_too_large"],
  ] as const) {
    for (const chunked of [false, true]) {
      it(`${why}${chunked ? ", in chunks," : ""} is ${status}`, async () => {
        const bytes = Buffer.from(body);
        const half = Math.ceil(bytes.length / 2);
        const parts = [bytes.subarray(0, half), bytes.subarray(half)].filter((part) => part.length > 0);
        const framed = Buffer.concat([
          ...parts.flatMap((part) => [Buffer.from(`${part.length.toString(16)}\r\n`), part, Buffer.from("\r\n")]),
          Buffer.from("0\r\n\r\n"),
        ]);
        const type = contentType === undefined ? "" : `content-type: ${contentType}\r\n`;
        const framing = chunked ? "transfer-encoding: chunked" : `content-length: ${bytes.length}`;
        const wire = await served.wire();
        wire.send(`POST /echo HTTP/1.1\r\nhost: test\r\n${type}${framing}\r\n\r\n`).send(chunked ? framed : bytes);
        const response = await wire.next();
        wire.close();
        assert.equal(response?.status, status, response?.body);
        if (name === undefined) return;
        assert.equal(response?.headers["content-type"], "application/problem+json");
        assert.deepEqual([response.json.code, response.json.type], ["invalid_argument", `urn:plimsoll:${name}`]);
      });
    }
  }

  it("refuses a compressed body, which would not be unpacked", async () => {
    const response = await served.ask("POST", "/echo", { body: {}, headers: { "content-encoding": "gzip" } });
    assert.deepEqual([response.status, response.json.type], [415, "urn:plimsoll:content_encoding_unsupported"]);
  });

  it("refuses a body by its declared size, closes, and does not wait for it", async () => {
    const wire = await served.wire();
    wire.send(`POST /echo HTTP/1.1\r\nhost: test\r\ncontent-type: ${json}\r\ncontent-length: 1000000000\r\n\r\n`);
    const response = await wire.next();
    assert.deepEqual([response?.status, response?.headers.connection], [413, "close"]);
    assert.equal(response?.json.details.value, bodyBytes);
    assert.equal(await wire.ended, "end");
    wire.close();
  });

  it("lets a client that is still sending read why it was refused, and cuts it off when it goes on and on", async () => {
    const wire = await served.wire();
    wire.send(`POST /echo HTTP/1.1\r\nhost: test\r\ncontent-type: ${json}\r\ncontent-length: 1000000000\r\n\r\n`);
    const chunk = Buffer.alloc(65_536, "a");
    let sent = 0;
    const pump = () => {
      while (!wire.socket.destroyed && sent < 100_000_000 && wire.socket.write(chunk)) sent += chunk.length;
    };
    wire.socket.on("drain", pump);
    pump();
    assert.equal((await wire.next())?.status, 413);
    await new Promise<void>((resolve) => wire.socket.once("close", () => resolve()));
    assert.ok(sent < 20_000_000, `the server took ${sent} bytes`);
    await served.idle();
  });

  it("refuses chunks that grow too large as soon as they do", async () => {
    const wire = await served.wire();
    wire.send(`POST /echo HTTP/1.1\r\nhost: test\r\ncontent-type: ${json}\r\ntransfer-encoding: chunked\r\n\r\n`);
    wire.send(`${(bodyBytes + 1).toString(16)}\r\n${"a".repeat(bodyBytes + 1)}`);
    const response = await wire.next();
    assert.deepEqual([response?.status, response?.headers.connection], [413, "close"]);
    assert.equal(await wire.ended, "end");
    wire.close();
  });

  it("ends a body that comes too slowly with its deadline, and holds nothing of it", async () => {
    const wire = await served.wire();
    wire.send(`POST /hurried HTTP/1.1\r\nhost: test\r\ncontent-type: ${json}\r\ncontent-length: 150000\r\n\r\n${"a".repeat(140_000)}`);
    const response = await wire.next();
    assert.deepEqual([response?.status, response?.json.code], [504, "deadline_exceeded"]);
    await served.idle();
    wire.close();
    // Were its bytes still counted, there would be no room for these.
    const large = JSON.stringify({ text: "a".repeat(190_000) });
    assert.equal((await served.ask("POST", "/echo", { body: large })).status, 200);
  });

  it("bounds the bytes of all bodies together, and forgets those of clients that go away", async () => {
    const head = `POST /echo HTTP/1.1\r\nhost: test\r\ncontent-type: ${json}\r\ncontent-length: 199999\r\n\r\n`;
    const slow = await Promise.all([served.wire(), served.wire()]);
    for (const wire of slow) wire.send(head + "a".repeat(140_000));
    // Two hold 280,000 of 300,000 bytes. The third is refused when what it sends does not fit.
    let refused = 0;
    for (let i = 0; i < 50 && refused === 0; i++) {
      const response = await served.ask("POST", "/echo", { body: JSON.stringify({ text: "a".repeat(150_000) }) });
      if (response.status === 503) {
        refused++;
        assert.equal(response.json.details.limit, "body bytes in flight");
        assert.equal(response.json.details.value, 300_000);
        assert.ok(response.json.details.load > 0);
        assert.match(String(response.headers["retry-after"]), /^[123]$/);
      }
    }
    assert.equal(refused, 1);
    for (const wire of slow) wire.close();
    await served.idle();
    assert.equal((await served.ask("POST", "/echo", { body: JSON.stringify({ text: "a".repeat(190_000) }) })).status, 200);
  });

  it("keeps the connection after a refusal whose short body it has not read", async () => {
    const wire = await served.wire();
    const request = requestText("POST", "/echo", { body: "x".repeat(1_000), headers: { "content-type": "text/plain" } });
    wire.send(request);
    assert.equal((await wire.next())?.status, 415);
    wire.send(requestText("POST", "/echo", { body: { text: "after" } }));
    const second = await wire.next();
    assert.deepEqual([second?.status, second?.json], [200, { text: "after" }]);
    wire.close();
  });

  it("asks for a body only where it will be read", async () => {
    const wire = await served.wire();
    const head = `POST /echo HTTP/1.1\r\nhost: test\r\nexpect: 100-continue\r\ncontent-type: ${json}\r\n`;
    wire.send(`${head}content-length: 12\r\n\r\n`);
    assert.equal((await wire.next())?.status, 100);
    wire.send('{"text":"a"}');
    assert.equal((await wire.next())?.status, 200);
    wire.send(`${head}content-length: 999999999\r\n\r\n`);
    const refused = await wire.next();
    assert.deepEqual([refused?.status, refused?.headers.connection], [413, "close"]);
    wire.close();
  });

  it("refuses an expectation that it does not know", async () => {
    const wire = await served.wire();
    wire.send(`POST /echo HTTP/1.1\r\nhost: test\r\nexpect: miracles\r\ncontent-type: ${json}\r\ncontent-length: 2\r\n\r\n{}`);
    assert.equal((await wire.next())?.status, 417);
    wire.close();
  });
});

describe("bodies that come before the caller is known", () => {
  /** Decides about a token when the test says so. */
  function slowAuthenticator() {
    const asked = Promise.withResolvers<void>();
    const decided = Promise.withResolvers<Actor>();
    const authenticator: Authenticator = {
      ...bearer,
      document: {},
      remembered: () => undefined,
      authenticate: () => {
        asked.resolve();
        return decided.promise;
      },
    };
    return { authenticator, asked: asked.promise, accept: () => decided.resolve(anonymous), refuse: decided.reject };
  }
  const head = `POST /echo HTTP/1.1\r\nhost: test\r\nauthorization: Bearer x\r\ncontent-type: ${json}\r\n`;

  it("wait in the socket, not in memory, and are refused by what came first", async () => {
    const { authenticator, asked, refuse } = slowAuthenticator();
    await using served = await serve([echo], { authentication: authenticator });
    const wire = await served.wire();
    wire.send(`${head}content-length: 100000000\r\n\r\n`).send(Buffer.alloc(64_000_000, "a"));
    await asked;
    // Long enough for all of it to be taken, were it taken.
    for (let quiet = 0, before_ = -1; quiet < 20; quiet = wire.socket.writableLength === before_ ? quiet + 1 : 0) {
      before_ = wire.socket.writableLength;
      await new Promise<void>((resolve) => void setTimeout(resolve, 5));
    }
    assert.ok(wire.socket.bytesWritten - wire.socket.writableLength < 32_000_000, "the server took it all");
    refuse(new Fault({ code: "unauthenticated", type: "token_invalid", message: "No." }));
    assert.equal((await wire.next())?.status, 401);
    wire.close();
    await served.idle();
  });

  it("count once, and are refused once, when they are too large in many chunks", async () => {
    const { authenticator, asked, accept } = slowAuthenticator();
    await using served = await serve([echo], {
      authentication: authenticator,
      http: { limits: { bodyBytes: 10_000, bodyBytesInFlight: 15_000 } },
    });
    const wire = await served.wire();
    let events = 0;
    served.app.signals.executed.on(() => events++);
    const chunk = `2000\r\n${"a".repeat(0x2000)}\r\n`;
    wire.send(`${head}transfer-encoding: chunked\r\n\r\n${chunk}${chunk}${chunk}0\r\n\r\n`);
    await asked;
    await new Promise<void>((resolve) => void setTimeout(resolve, 20));
    accept();
    assert.equal((await wire.next())?.status, 413);
    await served.idle();
    assert.equal(events, 1);
    // Were anything still counted, these would not fit.
    const body = JSON.stringify({ text: "a".repeat(9_000) });
    for (let i = 0; i < 3; i++) assert.equal((await served.ask("POST", "/echo", { body })).status, 200);
    wire.close();
  });
});

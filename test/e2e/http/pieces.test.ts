// Requests that are cheap to send and were dear to read: bodies in chunks of a few bytes, what follows a refusal, documents that are not taken.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import fc from "fast-check";
import { z } from "zod";
import { limits } from "../../../src/core/limits.ts";
import { claim } from "../../../src/operation/actor.ts";
import { action } from "../../../src/operation/online/action.ts";
import { makeToken, setUp } from "../../auth/tokens.ts";
import { type Served, serve } from "./app.ts";
import { requestText } from "./client.ts";

const echo = action("t.echo", {
  input: z.object({ text: z.string().max(30_000) }),
  output: z.object({ length: z.int() }),
  access: "public",
  budget: "5s",
  idempotent: "natural",
  http: "POST /echo",
  run: async ({ text }) => ({ length: text.length }),
});
const authorization = `authorization: Bearer ${makeToken()}\r\n`;
const head = (more = "", path = "/echo") => `POST ${path} HTTP/1.1\r\nhost: test\r\ncontent-type: application/json\r\n${more}`;

/** A body of that length in chunks of that size. */
function inChunks(bytes: number, size: number): { readonly body: string; readonly text: string } {
  const text = JSON.stringify({ text: "a".repeat(Math.max(0, bytes - 11)) });
  const pieces = Array.from({ length: Math.ceil(text.length / size) }, (_, n) => text.slice(n * size, (n + 1) * size));
  return { text, body: `${pieces.map((piece) => `${piece.length.toString(16)}\r\n${piece}\r\n`).join("")}0\r\n\r\n` };
}
const chunked = (bytes: number, size: number, more = "") => `${head(more)}transfer-encoding: chunked\r\n\r\n${inChunks(bytes, size).body}`;
const most = limits.anonymousBodyChunks;
const each = limits.bodyChunkBytes;

describe("a body in chunks", () => {
  let served: Served;
  before(async () => {
    served = await serve([echo], {
      authentication: setUp().authenticator,
      tenancy: claim("tid"),
      http: { documents: true },
    });
  });
  after(() => served[Symbol.asyncDispose]());
  const answer = async (...sent: string[]) => {
    const wire = await served.wire();
    for (const text of sent) wire.send(text);
    const response = await wire.next();
    return { wire, response, outcome: `${response?.status} ${response?.json.type ?? "ok"}` };
  };

  const cases: readonly (readonly [what: string, request: string, outcome: string, also?: string])[] = [
    ["of a byte each, as many as are allowed", chunked(most, 1), "200 ok", " (as before)"],
    ["of a byte each, more than are allowed", chunked(most * 2, 1), "413 urn:plimsoll:body_in_pieces"],
    ["of a byte each, ten thousand", chunked(10_000, 1), "413 urn:plimsoll:body_in_pieces"],
    ["as small as may be, as many as fill the field", chunked(30_000, each), "200 ok"],
    ["a little smaller than may be, in the long run", chunked(30_000, each / 2), "413 urn:plimsoll:body_in_pieces"],
    ["of a byte each, of a caller who has signed in", chunked(20_000, 1, authorization), "200 ok", " (as before)"],
  ];
  for (const [what, request, outcome, also = ""] of cases)
    it(`${what}: ${outcome}${also}`, async () => {
      const { wire, response, outcome: found } = await answer(request);
      assert.equal(found, outcome, response?.body);
      wire.close();
    });

  it("says what was sent, what is allowed and what to do", async () => {
    const { wire, response } = await answer(chunked(10_000, 1));
    assert.match(response?.json.detail, /first \d+ bytes .* in \d+ chunks.* may send 256.*Content-Length/);
    assert.deepEqual(response?.json.details.limit, "anonymous body chunks");
    wire.close();
  });

  it("counts nothing for a body with a length, however its client cuts it (as before)", async () => {
    const { text } = inChunks(600, 1);
    const wire = await served.wire();
    wire.send(`${head()}content-length: ${text.length}\r\n\r\n`);
    for (const letter of text) await new Promise<void>((resolve) => wire.socket.write(letter, () => resolve()));
    assert.equal((await wire.next())?.status, 200);
    wire.close();
  });

  it("is read again after one that was passed over, on this connection and on others (as before)", () =>
    fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ bytes: fc.integer({ min: 11, max: 20_000 }), path: fc.constantFrom("/echo", "/nowhere") }), {
          minLength: 1,
          maxLength: 6,
        }),
        fc.boolean(),
        async (requests, pipelined) => {
          const wire = await served.wire();
          const texts = requests.map(({ bytes, path }) => {
            const { text } = inChunks(bytes, 1);
            return `${head("", path)}content-length: ${text.length}\r\n\r\n${text}`;
          });
          if (pipelined) wire.send(texts.join(""));
          for (const [n, { bytes, path }] of requests.entries()) {
            if (!pipelined) wire.send(texts[n]!);
            const response = await wire.next();
            const wanted = path === "/nowhere" ? [404, undefined] : [200, Math.max(0, bytes - 11)];
            assert.deepEqual([response?.status, response?.json.length], wanted, response?.body);
          }
          wire.close();
        },
      ),
      { numRuns: 60 },
    ));

  it("is read by the next connection after one that ended while its body was passed over (as before)", async () => {
    for (let round = 0; round < 20; round++) {
      const refused = await answer(head("", "/nowhere"), "content-length: 60000\r\n\r\n", "x".repeat(30_000));
      assert.equal(refused.response?.status, 404);
      refused.wire.socket.destroy();
      const next = await answer(chunked(200, 7));
      assert.equal(next.outcome, "200 ok", next.response?.body);
      next.wire.close();
    }
  });

  it("answers what came before a request that closes, and nothing after it (as before)", async () => {
    const closes = requestText("POST", "/echo", { body: { text: "abc" }, headers: { connection: "close" } });
    const wire = await served.wire();
    wire.send(Buffer.concat([requestText("POST", "/echo", { body: { text: "ab" } }), closes, ...Array<Uint8Array>(500).fill(closes)]));
    assert.equal((await wire.next())?.json.length, 2);
    assert.equal((await wire.next())?.json.length, 3);
    assert.equal(await wire.next(), undefined);
    wire.close();
    const next = await answer(chunked(200, 7));
    assert.equal(next.outcome, "200 ok", "a parser that passed over the rest reads again for others");
    next.wire.close();
  });
});

describe("documents that are not taken", () => {
  it("are refused once much of them waits, with the last response of their connection", async () => {
    const operations = Array.from({ length: 60 }, (_, n) =>
      action(`t.echo-${n}`, {
        ...{ input: z.object({ text: z.string().max(10).describe("a".repeat(2_000)) }), output: z.object({}), access: "public" },
        ...{ budget: "5s", idempotent: "natural", http: `POST /echo/a${n}`, run: async () => ({}) },
      } as const),
    );
    await using served = await serve(operations, { http: { documents: true } });
    const length = (await served.ask("GET", "/openapi.json")).body.length;
    const fit = Math.floor(limits.documentBytesWaiting / length);
    assert.ok(fit < 20, `${length} bytes`);
    const wire = await served.wire();
    wire.send(Buffer.concat(Array.from({ length: 30 }, () => requestText("GET", "/openapi.json"))));
    const responses: string[] = [];
    for (let next = await wire.next(); next !== undefined && responses.length < 30; next = await wire.next())
      responses.push(`${next.status} ${next.headers.connection}`);
    assert.equal(responses.pop(), "503 close", "what the client sent behind it is not begun");
    assert.ok(
      responses.every((response) => response === "200 keep-alive"),
      String(responses),
    );
    assert.ok(responses.length >= fit && responses.length <= fit + 2, `${responses.length} of 30, and ${fit} fit`);
    const other = await served.wire();
    other.send(requestText("GET", "/openapi.json"));
    assert.equal((await other.next())?.status, 200, "nothing waits on another connection");
    other.close();
    wire.close();
  });
});

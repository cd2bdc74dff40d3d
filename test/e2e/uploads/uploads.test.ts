import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { after, before, describe, it } from "node:test";
import { setImmediate as nextTurn } from "node:timers/promises";
import { z } from "zod";
import { runtimeOf } from "../../../src/app/app.ts";
import { limits } from "../../../src/core/limits.ts";
import { type Upload, upload } from "../../../src/core/schema/opaque/upload.ts";
import { action } from "../../../src/operation/online/action.ts";
import { query } from "../../../src/operation/online/query.ts";
import { TestClock } from "../../../src/testing/clock.ts";
import { gate, type Served, serve } from "../http/app.ts";

const output = z.object({ name: z.string().optional(), type: z.string(), size: z.int(), sha256: z.string(), title: z.string().optional() });
const common = { output, access: "public", idempotent: "natural", budget: "10s" } as const;

async function digest(file: Upload) {
  const hash = createHash("sha256");
  for await (const bytes of file) hash.update(bytes);
  const { name, type, size } = file;
  return { ...(name !== undefined && { name }), type, size, sha256: hash.digest("hex") };
}

const bytesMax = 3_000_000;
const Photo = z.object({
  title: z.string().max(100),
  copies: z.int().optional(),
  photo: z.optional(upload({ bytesMax, types: ["image/png", "text/*"] })),
});
const publish = action("t.publish", {
  ...{ ...common, input: Photo, http: { route: "POST /photos", body: "multipart" } },
  run: async ({ title, photo }) => ({ title, ...(photo === undefined ? { type: "none", size: 0, sha256: "" } : await digest(photo)) }),
});
const put = action("t.put", {
  ...{ ...common, input: z.object({ id: z.string(), body: upload({ bytesMax }) }), http: { route: "PUT /files/{id}", body: "raw" } },
  run: async ({ body }) => digest(body),
});
const first = action("t.first", {
  ...{ ...common, input: z.object({ body: upload({ bytesMax }) }), http: { route: "PUT /first", body: "raw" } },
  run: async ({ body }) => {
    for await (const bytes of body) return { type: body.type, size: bytes.length > 0 ? 1 : 0, sha256: "" };
    return { type: body.type, size: 0, sha256: "" };
  },
});

const png = Buffer.concat([Buffer.from("\x89PNG\r\n\x1a\n", "latin1"), Buffer.alloc(2_000_000, "\r\n--")]);
const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

function form(fields: Readonly<Record<string, string | File>>): FormData {
  const data = new FormData();
  for (const [name, value] of Object.entries(fields)) data.append(name, value);
  return data;
}
const file = (bytes: Uint8Array | string, name: string, type: string) => new File([bytes as Uint8Array<ArrayBuffer>], name, { type });

describe("an upload", () => {
  let served: Served;
  before(async () => {
    served = await serve([publish, put, first], { http: { documents: true } });
  });
  after(() => served[Symbol.asyncDispose]());

  const cases: readonly (readonly [why: string, data: () => FormData, status: number, is: object | string])[] = [
    [
      "a form with a file",
      () => form({ title: "é", photo: file(png, "é.png", "image/png") }),
      200,
      { title: "é", name: "é.png", type: "image/png", size: png.length, sha256: sha256(png) },
    ],
    [
      "a file without a declared type",
      () => form({ title: "a", photo: file(png, "a", "") }),
      200,
      { title: "a", name: "a", type: "image/png", size: png.length, sha256: sha256(png) },
    ],
    [
      "a name with folders",
      () => form({ title: "a", photo: file("x", "../../etc/passwd", "text/plain") }),
      200,
      { title: "a", name: "passwd", type: "text/plain", size: 1, sha256: sha256(Buffer.from("x")) },
    ],
    ["no file chosen", () => form({ title: "a", photo: file("", "", "") }), 200, { title: "a", type: "none", size: 0, sha256: "" }],
    ["no file", () => form({ title: "a" }), 200, { title: "a", type: "none", size: 0, sha256: "" }],
    ["a number in a field", () => form({ title: "a", copies: "2" }), 200, { title: "a", type: "none", size: 0, sha256: "" }],
    ["a field that is missing", () => form({ photo: file(png, "a.png", "image/png") }), 400, "invalid_input"],
    ["a text in place of the file", () => form({ title: "a", photo: "x" }), 400, "invalid_input"],
    ["a file in place of a text", () => form({ title: file("x", "a.txt", "text/plain") }), 400, "invalid_input"],
    [
      "a field behind the file",
      () => form({ title: "a", photo: file("x", "a.txt", "text/plain"), copies: "2" }),
      400,
      "malformed_multipart",
    ],
    ["a file that is no PNG", () => form({ title: "a", photo: file("<script>", "a.png", "image/png") }), 415, "media_type_mismatch"],
    [
      "a file of another type",
      () => form({ title: "a", photo: file("%PDF-1.7", "a.pdf", "application/pdf") }),
      415,
      "media_type_unsupported",
    ],
    [
      "a program that is declared to be anything",
      () => form({ title: "a", photo: file("\x7fELF\0", "a", "application/octet-stream") }),
      415,
      "media_type_unsupported",
    ],
    [
      "a file that is too large",
      () => form({ title: "a", photo: file(Buffer.alloc(bytesMax + 1, "a"), "a.txt", "text/plain") }),
      413,
      "body_too_large",
    ],
    ["fields that are too large", () => form({ title: "a".repeat(limits.anonymousBodyBytes + 1) }), 413, "body_too_large"],
  ];
  for (const [why, data, status, is] of cases)
    it(`${why} is ${status}, over a connection and by fetch`, async () => {
      const encoded = new Response(data());
      const headers = { "content-type": encoded.headers.get("content-type") ?? "" };
      const sent = { method: "POST", headers, body: await encoded.arrayBuffer() };
      for (const response of [
        await fetch(`http://127.0.0.1:${served.port}/photos`, sent),
        await served.app.fetch(new Request("http://t/photos", sent)),
      ]) {
        const json = (await response.json()) as { readonly type: string };
        assert.equal(response.status, status, JSON.stringify(json));
        if (typeof is === "string") assert.equal(json.type, `urn:plimsoll:${is}`);
        else assert.deepEqual(json, is);
      }
    });

  const raw: readonly (readonly [why: string, type: string, body: Uint8Array, status: number])[] = [
    ["bytes", "application/octet-stream", png, 200],
    ["nothing", "application/x-own", Buffer.alloc(0), 200],
    ["a lie", "image/png", Buffer.from("GIF89a"), 415],
    ["too much", "text/plain", Buffer.alloc(bytesMax + 1, "a"), 413],
  ];
  for (const [why, type, body, status] of raw)
    it(`${why} as the whole body is ${status}`, async () => {
      const response = await fetch(`http://127.0.0.1:${served.port}/files/7`, {
        method: "PUT",
        headers: { "content-type": type },
        body: new Uint8Array(body),
      });
      const json = (await response.json()) as { readonly size: number; readonly sha256: string };
      assert.equal(response.status, status, JSON.stringify(json));
      if (status === 200) assert.deepEqual([json.size, json.sha256], [body.length, sha256(body)]);
    });

  it("is refused by its declared length, before it comes", async () => {
    const wire = await served.wire();
    const response = await wire.ask(`PUT /files/7 HTTP/1.1\r\nhost: t\r\ncontent-length: ${bytesMax + 1}\r\n\r\n`);
    assert.deepEqual([response.status, response.headers.connection], [413, "close"]);
    wire.close();
  });

  it("goes one after the other on one connection", async () => {
    const wire = await served.wire();
    for (const text of ["one", "three", ""]) {
      wire.send(`PUT /files/7 HTTP/1.1\r\nhost: t\r\ncontent-type: text/plain\r\ncontent-length: ${text.length}\r\n\r\n${text}`);
      assert.equal((await wire.next())?.json.size, text.length);
    }
    wire.close();
  });

  it("may be left unread: the response comes, and the connection ends", async () => {
    const wire = await served.wire();
    const response = await wire.ask(`PUT /first HTTP/1.1\r\nhost: t\r\ncontent-length: 2000000\r\n\r\n${"a".repeat(2_000)}`);
    assert.deepEqual([response.status, response.headers.connection], [200, "close"]);
    wire.close();
  });

  it("is in the OpenAPI document", async () => {
    const { paths, components } = (await served.ask("GET", "/openapi.json")).json;
    const { requestBody, responses } = paths["/photos"].post;
    const { schema, encoding } = requestBody.content["multipart/form-data"];
    const { properties } = components.schemas[schema.$ref.split("/").at(-1)];
    assert.deepEqual(properties.photo, { type: "string", format: "binary", maxLength: bytesMax });
    assert.deepEqual(encoding, { photo: { contentType: "image/png, text/*" } });
    assert.deepEqual(Object.keys(paths["/files/{id}"].put.requestBody.content), ["*/*"]);
    assert.ok(Object.keys(responses).includes("415"));
  });
});

/** Serves one upload whose handler waits where the test says, and keeps how its reading ended. */
async function slow(budget: "10s" | "300ms" | "1m" = "10s") {
  const begun = gate<Upload>();
  const going = gate();
  const ended = gate<unknown>();
  const take = action("t.take", {
    ...{ ...common, budget, input: z.object({ body: upload({ bytesMax: 50_000_000 }) }), http: { route: "PUT /take", body: "raw" } },
    run: async ({ body }) => {
      begun.open(body);
      await going.opened;
      return digest(body)
        .finally(() => undefined)
        .then(
          (made) => {
            ended.open(undefined);
            return made;
          },
          (error) => {
            ended.open(error);
            throw error;
          },
        );
    },
  });
  return { begun: begun.opened, go: () => going.open(), ended: ended.opened, take, served: await serve([take]) };
}

describe("an upload on its way", () => {
  it("waits for its handler, and comes whole", async () => {
    const { served: app, go, begun } = await slow();
    await using served = app;
    const wire = await served.wire();
    const body = Buffer.alloc(20_000_000, "0123456789");
    wire.send(`PUT /take HTTP/1.1\r\nhost: t\r\ncontent-length: ${body.length}\r\n\r\n`).send(body);
    await begun;
    // Long enough for all of it to be read, if nothing held it back.
    for (let turn = 0; turn < 1_000; turn++) await new Promise((resolve) => void setImmediate(resolve));
    assert.ok(wire.socket.writableLength > 0, "the server read on, and no handler took it");
    go();
    const response = await wire.next();
    assert.deepEqual([response?.json.size, response?.json.sha256], [body.length, sha256(body)]);
    wire.close();
  });

  const ends: readonly (readonly [why: string, budget: "10s" | "300ms", send: string, code: string, status: number | undefined])[] = [
    ["its deadline passes", "300ms", "5\r\nhello\r\n", "deadline_exceeded", 504],
    ["its framing is wrong", "10s", "5\r\nhello\r\nzz\r\n", "invalid_argument", 400],
    ["more comes than it may have", "10s", `2fffff0\r\n${"a".repeat(0x2fffff0)}\r\n`, "invalid_argument", 413],
  ];
  for (const [why, budget, send, code, status] of ends)
    it(`ends with ${code} when ${why}, in its handler too`, async () => {
      const { served: app, go, ended, take } = await slow(budget);
      await using served = app;
      const done = served.executed(take);
      const wire = await served.wire();
      wire.send("PUT /take HTTP/1.1\r\nhost: t\r\ncontent-type: text/plain\r\ntransfer-encoding: chunked\r\n\r\n");
      wire.send(`400\r\n${"a".repeat(1_024)}\r\n`).send(send);
      go();
      const error = (await ended) as { readonly code?: string };
      assert.equal(error?.code, code, String(error));
      assert.equal((await done).outcome, code);
      assert.equal((await wire.next())?.status, status);
      wire.close();
    });

  it("may take longer than another request", async () => {
    const { go, begun, take, served: other } = await slow();
    await other[Symbol.asyncDispose]();
    const json = action("t.json", {
      ...common,
      input: z.object({}),
      http: "POST /json",
      run: async () => ({ type: "", size: 0, sha256: "" }),
    });
    await using served = await serve([take, json], { http: { limits: { requestMs: 200 } } });
    const wire = await served.wire();
    wire.send(`PUT /take HTTP/1.1\r\nhost: t\r\ncontent-type: text/plain\r\ncontent-length: 2049\r\n\r\n${"a".repeat(2_048)}`);
    await begun;
    const second = await served.wire();
    const late = await second.ask("POST /json HTTP/1.1\r\nhost: t\r\ncontent-type: application/json\r\ncontent-length: 9\r\n\r\n{");
    assert.equal(late.status, 408);
    go();
    assert.equal((await wire.send("b").next())?.json.size, 2_049);
    wire.close();
    second.close();
  });

  for (const [phase, sent] of [
    ["before its handler begins", ""],
    ["while its handler waits", "a".repeat(2_048)],
  ] as const)
    it(`that comes too slowly ${phase} is 408, and gives its slot back`, async () => {
      const { served: app, go, begun, take } = await slow("1m");
      await app[Symbol.asyncDispose]();
      const clock = new TestClock();
      await using served = await serve([take], { clock });
      const wire = await served.wire();
      wire.send(`PUT /take HTTP/1.1\r\nhost: t\r\ncontent-type: text/plain\r\ncontent-length: 9000\r\n\r\n${sent}`);
      if (sent === "") while (runtimeOf(served.app).inFlight === 0) await nextTurn();
      else await begun;
      go();
      const reply = wire.next();
      await nextTurn();
      clock.advance(limits.uploadSlowMs);
      const refused = await reply;
      assert.deepEqual([refused?.status, refused?.json.type], [408, "urn:plimsoll:upload_too_slow"]);
      assert.match(refused?.json.detail, /Send it again over a faster connection/);
      await served.idle();
      wire.close();
    });

  it("is cancelled when its client leaves", async () => {
    const { served: app, go, begun, ended, take } = await slow();
    await using served = app;
    const done = served.executed(take);
    const wire = await served.wire();
    wire.send(`PUT /take HTTP/1.1\r\nhost: t\r\ncontent-type: text/plain\r\ncontent-length: 9000\r\n\r\n${"a".repeat(2_000)}`);
    await begun;
    go();
    wire.close();
    assert.equal(((await ended) as { readonly code?: string }).code, "cancelled");
    assert.equal((await done).outcome, "cancelled");
    await served.idle();
  });

  it("by fetch waits for its handler too", async () => {
    const { served: app, go, begun } = await slow();
    await using served = app;
    let pulled = 0;
    const body = new ReadableStream<Uint8Array>({
      pull: (controller) => {
        if (++pulled > 100) return controller.close();
        controller.enqueue(new Uint8Array(65_536).fill(97));
      },
    });
    const response = served.app.fetch(new Request("http://t/take", { method: "PUT", body, duplex: "half" } as RequestInit));
    await begun;
    for (let turn = 0; turn < 100; turn++) await new Promise((resolve) => void setImmediate(resolve));
    assert.ok(pulled < 10, `${pulled} pieces were read, which no handler took`);
    go();
    assert.equal(((await (await response).json()) as { readonly size: number }).size, 100 * 65_536);
  });
});

it("what cannot take a file is found when the app starts", async () => {
  const photo = upload({ bytesMax: 1_000 });
  const run = async () => ({ type: "", size: 0, sha256: "" });
  const http = <B extends "raw" | "multipart">(path: string, body?: B) => ({ route: `POST /${path}` as const, ...(body && { body }) });
  const operations = [
    action("t.json", { ...common, input: z.object({ photo }), http: http("json"), run }),
    action("t.two", { ...common, input: z.object({ photo, other: photo }), http: http("two", "multipart"), run }),
    action("t.none", { ...common, input: z.object({ a: z.string() }), http: http("none", "multipart"), run }),
    action("t.named", { ...common, input: z.object({ photo }), http: http("named", "raw"), run }),
    action("t.deep", { ...common, input: z.object({ photo, a: z.object({ b: z.string() }) }), http: http("deep", "multipart"), run }),
    action("t.bytes", { ...common, input: z.object({ photo: upload({ bytesMax: 0.5 }) }), http: http("bytes", "multipart"), run }),
    query("t.query", { input: z.object({ photo }), output, access: "public", budget: "1s", http: http("query", "multipart"), run }),
  ];
  await assert.rejects(serve(operations), ({ message }: Error) => {
    for (const part of [
      "t.json: input.photo: It is upload()",
      "t.two: input.other: ",
      "t.none: http.body: ",
      "t.named: ",
      "t.deep: input.a: ",
      "t.bytes: input.photo: bytesMax",
      "t.query: input.photo: ",
    ])
      assert.ok(message.includes(part), `${part} is missing in ${message}`);
    return true;
  });
});

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { after, before, describe, it } from "node:test";
import { z } from "zod";
import { sign, app as webhooks } from "../../../examples/callers/webhook.ts";
import { limits } from "../../../src/core/limits.ts";
import { rawBody } from "../../../src/core/schema/opaque/raw-body.ts";
import { task } from "../../../src/operation/durable/task.ts";
import { action } from "../../../src/operation/online/action.ts";
import { type Served, serve } from "../http/app.ts";

const output = z.object({ sha256: z.string(), length: z.int(), id: z.string().optional() });
const common = { output, access: "public", idempotent: "natural", budget: "5s" } as const;
const digest = (body: Uint8Array) => ({ sha256: createHash("sha256").update(body).digest("hex"), length: body.length });
const whole = action("t.any", {
  ...{ ...common, input: z.object({ id: z.string(), body: rawBody() }) },
  http: { route: "PUT /any/{id}", body: "raw" },
  run: async ({ body, id }) => ({ ...digest(body), id }),
});
const image = action("t.image", {
  ...{ ...common, input: z.object({ body: rawBody({ bytesMax: 300_000, types: ["image/png", "text/*"] }) }) },
  http: { route: "POST /image", body: "raw" },
  run: async ({ body }) => digest(body),
});

const bytes = (length: number) => Uint8Array.from({ length }, (_, at) => at * 7);

describe("a raw body", () => {
  let served: Served;
  before(async () => {
    served = await serve([whole, image], { http: { documents: true } });
  });
  after(() => served[Symbol.asyncDispose]());

  const cases: readonly (readonly [why: string, target: string, type: string | undefined, body: Uint8Array, status: number])[] = [
    ["bytes of no type", "PUT /any/7", undefined, bytes(1_000), 200],
    ["bytes that are no text", "PUT /any/7", "application/json", new Uint8Array([0, 0xff, 0xfe, 0x0d, 0x0a]), 200],
    ["nothing", "PUT /any/7", undefined, bytes(0), 200],
    ["more than a stranger may send of no declared bound", "PUT /any/7", undefined, bytes(limits.anonymousBodyBytes + 1), 413],
    ["as much as the bound that is declared", "POST /image", "image/png", bytes(300_000), 200],
    ["more than the bound that is declared", "POST /image", "image/png", bytes(300_001), 413],
    ["a type of a range", "POST /image", "Text/CSV; charset=utf-8", bytes(9), 200],
    ["a type that is not taken", "POST /image", "image/pngx", bytes(9), 415],
    ["no type where one is needed", "POST /image", "", bytes(9), 415],
  ];
  for (const [why, target, type, body, status] of cases)
    it(`${why} is ${status}, over a connection and by fetch`, async () => {
      const [method = "", path = ""] = target.split(" ");
      const headers = { "content-type": type ?? "application/octet-stream" };
      const response = await served.ask(method, path, { headers, body });
      assert.equal(response.status, status, response.body);
      if (status === 200) assert.deepEqual(response.json, { ...digest(body), ...(path === "/any/7" && { id: "7" }) });
      const direct = await served.app.fetch(new Request(`http://t${path}`, { method, headers, body: Buffer.from(body) }));
      assert.deepEqual(without(await direct.json()), without(response.json));
    });

  it("is the same in however many chunks it comes", async () => {
    const wire = await served.wire();
    const body = bytes(5_000);
    wire.send("PUT /any/7 HTTP/1.1\r\nhost: t\r\ntransfer-encoding: chunked\r\n\r\n");
    for (const piece of [body.subarray(0, 1), body.subarray(1, 4_000), body.subarray(4_000)])
      wire.send(Buffer.concat([Buffer.from(`${piece.length.toString(16)}\r\n`), piece, Buffer.from("\r\n")]));
    const response = await wire.send("0\r\n\r\n").next();
    wire.close();
    assert.equal(response?.json.sha256, digest(body).sha256);
  });

  it("is in the OpenAPI document by its types", async () => {
    const { paths } = (await served.ask("GET", "/openapi.json")).json;
    const schema = { type: "string", format: "binary" };
    assert.deepEqual(paths["/any/{id}"].put.requestBody.content, { "*/*": { schema } });
    const bounded = { schema: { ...schema, maxLength: 300_000 } };
    assert.deepEqual(paths["/image"].post.requestBody.content, { "image/png": bounded, "text/*": bounded });
  });
});

const without = (json: unknown) => ({ ...(json as object), requestId: undefined });

it("what cannot hold bytes is found when the app starts", async () => {
  const http = (path: string, body?: "raw") => ({ route: `POST /${path}` as const, ...(body && { body }) });
  const run = async () => ({ sha256: "", length: 0 });
  const bodies = z.object({ body: rawBody() });
  const large = z.object({ body: rawBody({ bytesMax: limits.bodyBytes + 1, types: ["image/PNG"] }) });
  const operations = [
    action("t.json", { ...common, input: bodies, http: http("json"), run }),
    action("t.none", { ...common, input: z.object({ a: z.string() }), http: http("none", "raw"), run }),
    action("t.more", { ...common, input: bodies.extend({ a: z.string() }), http: http("more", "raw"), run }),
    action("t.large", { ...common, input: large, http: http("large", "raw"), run }),
    action("t.out", { ...common, input: z.object({}), output: bodies, run: async () => ({ body: bytes(1) }) }),
    task("t.task", { input: bodies, budget: "1s", queue: "q", retry: { attempts: 1 }, run: async () => undefined } as never),
  ];
  await assert.rejects(serve(operations), ({ message }: Error) => {
    for (const part of [
      "t.json: input.body: It is rawBody()",
      "t.none: http.body: A raw body is the field",
      "t.more: input.a: A raw body is the one field",
      `t.large: input.body: bytesMax is ${limits.bodyBytes + 1}`,
      't.large: input.body: "image/PNG" is not a media type',
      "t.out: output: It has bytes",
      "t.task: input: It has bytes",
    ])
      assert.ok(message.includes(part), `${part} is missing in ${message}`);
    return true;
  });
});

describe("the webhook of the examples", () => {
  before(() => webhooks.start());
  after(() => webhooks.stop());
  const now = Math.floor(Date.now() / 1_000);
  const body = '{"id":"evt_1",  "type":"paid"}';
  const cases: readonly (readonly [why: string, time: number, signature: string, body: string, status: number])[] = [
    ["signed over these bytes", now, sign(now, body), body, 200],
    ["signed over other bytes of the same value", now, sign(now, JSON.stringify(JSON.parse(body))), body, 403],
    ["signed an hour ago", now - 3_600, sign(now - 3_600, body), body, 403],
    ["signed for another time", now, sign(now - 1, body), body, 403],
    ["with a signature of another length", now, "00", body, 400],
  ];
  for (const [why, time, signature, sent, status] of cases)
    it(`takes what is ${why}: ${status}`, async () => {
      const headers = { "content-type": "application/json", "x-time": String(time), "x-signature": signature };
      const response = await webhooks.fetch(new Request("http://t/v1/webhooks/billing", { method: "POST", headers, body: sent }));
      assert.equal(response.status, status, await response.text());
    });
});

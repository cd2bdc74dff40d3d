// Who may not call an operation is refused by that, whatever the body says: it is neither read nor validated.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { z } from "zod";
import { role, signedIn } from "../../../src/operation/access.ts";
import { claim } from "../../../src/operation/actor.ts";
import { module } from "../../../src/operation/module.ts";
import { action } from "../../../src/operation/online/action.ts";
import { query } from "../../../src/operation/online/query.ts";
import { testActor, testApp } from "../../../src/testing/test-app.ts";
import { makeToken, setUp } from "../../auth/tokens.ts";
import { type Served, serve } from "./app.ts";

let validated = 0;
const input = z.object({
  name: z.string().refine(() => {
    validated++;
    return true;
  }),
  count: z.int(),
});
const common = { input, output: z.object({ name: z.string() }), budget: "5s", idempotent: "natural" } as const;
const run = async ({ name }: { readonly name: string }) => ({ name });
const operations = [
  action("t.own", { ...common, access: signedIn(), http: "POST /own", run }),
  action("t.staff", { ...common, access: role("administrator"), http: "PUT /staff", run }),
  query("t.list", { ...common, access: signedIn(), http: "GET /list", run }),
];
const json = "application/json";
const bodies: readonly (readonly [why: string, body: string | Buffer, contentType?: string])[] = [
  ["no JSON", '{"name":'],
  ["no UTF-8", Buffer.from([0x22, 0xff, 0x22])],
  ["wrong values", '{"name":1,"count":"x"}'],
  ["right values", '{"name":"a","count":1}'],
  ["nothing", ""],
  ["a form", "name=a", "application/x-www-form-urlencoded"],
  ["deep nesting", "[".repeat(1_000)],
  ["a megabyte of ones", `[${"1,".repeat(500_000)}1]`],
];

describe("a body of a caller who may not send it", () => {
  const { authenticator } = setUp();
  const token = makeToken();
  let served: Served;
  before(async () => {
    served = await serve(operations, { authentication: authenticator, tenancy: claim("tid"), http: { limits: { bodyBytes: 1_100_000 } } });
  });
  after(() => served[Symbol.asyncDispose]());

  for (const [why, body, contentType = json] of bodies) {
    it(`${why} without a token is 401 and is not validated`, async () => {
      validated = 0;
      const response = await served.ask("POST", "/own", { body, headers: { "content-type": contentType } });
      assert.deepEqual([response.status, response.json.type, validated], [401, "urn:plimsoll:token_missing", 0]);
    });

    it(`${why} without the role is 403 and is not validated`, async () => {
      validated = 0;
      const headers = { "content-type": contentType, authorization: `Bearer ${token}` };
      const response = await served.ask("PUT", "/staff", { body, headers });
      assert.deepEqual([response.status, response.json.type, validated], [403, "urn:plimsoll:permission_denied", 0]);
    });
  }

  it("is not looked at in a query string either", async () => {
    validated = 0;
    const response = await served.ask("GET", "/list?name=a&count=x&count=y");
    assert.deepEqual([response.status, response.json.type, validated], [401, "urn:plimsoll:token_missing", 0]);
  });

  for (const [why, framing] of [
    ["a length over the limit", "content-length: 1000000000"],
    ["a length and no byte of it", "content-length: 1000000"],
    ["chunks and none of them", "transfer-encoding: chunked"],
    ["an expectation", "expect: 100-continue\r\ncontent-length: 20"],
  ] as const) {
    it(`is not waited for, nor asked for, where there is ${why}`, async () => {
      const wire = await served.wire();
      wire.send(`POST /own HTTP/1.1\r\nhost: test\r\ncontent-type: ${json}\r\n${framing}\r\n\r\n`);
      const response = await Promise.race([
        wire.next(),
        new Promise<undefined>((resolve) => void setTimeout(() => resolve(undefined), 60_000)),
      ]);
      assert.deepEqual([response?.status, response?.headers.connection], [401, "close"]);
      assert.equal(await wire.ended, "end");
      wire.close();
    });
  }

  it("leaves the connection as it is where it is short", async () => {
    const wire = await served.wire();
    const head = `POST /own HTTP/1.1\r\nhost: test\r\ncontent-type: ${json}\r\n`;
    wire.send(`${head}content-length: 8\r\n\r\n{"name":`);
    assert.equal((await wire.next())?.status, 401);
    wire.send(`${head}authorization: Bearer ${token}\r\ncontent-length: 22\r\n\r\n{"name":"a","count":1}`);
    assert.deepEqual((await wire.next())?.json, { name: "a" });
    wire.close();
  });

  it("is not pulled by app.fetch, and is let go of", async () => {
    let cancelled = 0;
    let pulled = 0;
    const body = new ReadableStream(
      {
        pull: (controller) => {
          pulled++;
          controller.enqueue(new TextEncoder().encode('{"name":'));
        },
        cancel: () => {
          cancelled++;
        },
      },
      { highWaterMark: 0 },
    );
    const request = new Request("http://test/own", { method: "POST", headers: { "content-type": json }, body, duplex: "half" });
    const response = await served.app.fetch(request);
    assert.deepEqual([response.status, pulled, cancelled], [401, 0, 1]);
  });

  it("is not validated where one operation calls another", async () => {
    const inner = query("t.inner", { ...common, access: role("administrator"), run });
    const caller = action("t.caller", {
      input: z.object({}),
      output: z.object({ name: z.string() }),
      access: "public",
      budget: "5s",
      idempotent: "natural",
      run: async (_, { call }) => call(inner, { name: "a", count: "x" } as never),
    });
    await using app = await testApp({ modules: [module("t", { operations: [inner, caller] })], actor: testActor() });
    validated = 0;
    await assert.rejects(app.call(caller, {}), { code: "permission_denied" });
    assert.equal(validated, 0);
  });

  it("is not validated in a call from inside the process", async () => {
    await using app = await testApp({ modules: [module("t", { operations })] });
    validated = 0;
    await assert.rejects(app.call(operations[0] as never, { name: "a", count: "x" } as never), { type: "token_missing" });
    assert.equal(validated, 0);
  });
});

// How large a body may be of a caller who has not signed in: it is refused before it is read.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { z } from "zod";
import { claim } from "../../../src/operation/actor.ts";
import { action } from "../../../src/operation/online/action.ts";
import { makeToken, setUp } from "../../auth/tokens.ts";
import { type Served, serve } from "./app.ts";

const output = z.object({ bytes: z.int() });
const run = async (input: unknown) => ({ bytes: JSON.stringify(input).length });
const common = { output, access: "public", budget: "5s", idempotent: "natural", run } as const;
const operations = [
  action("t.small", { ...common, input: z.object({ name: z.string().max(100).optional() }), http: "POST /small" }),
  action("t.long", { ...common, input: z.object({ text: z.string().max(20_000) }), http: "POST /long" }),
  action("t.open", { ...common, input: z.looseObject({}), http: "POST /open" }),
];
const padded = (bytes: number, value: object = {}) => JSON.stringify(value) + " ".repeat(bytes - JSON.stringify(value).length);
const longText = (length: number) => JSON.stringify({ text: "a".repeat(length) });

describe("a body of a caller who has not signed in", () => {
  const { authenticator } = setUp();
  const authorization = `Bearer ${makeToken()}`;
  let served: Served;
  before(async () => {
    served = await serve(operations, { authentication: authenticator, tenancy: claim("tid") });
  });
  after(() => served[Symbol.asyncDispose]());
  const post = (path: string, body: string, headers: Record<string, string> = {}) =>
    served.ask("POST", path, { body, headers: { "content-type": "application/json", ...headers } });

  const cases: readonly (readonly [what: string, path: string, body: string, status: number, limit?: number])[] = [
    ["of 64 KiB", "/small", padded(65_536), 200],
    ["of one byte more", "/small", padded(65_537), 413, 65_536],
    ["of a megabyte", "/small", padded(1_048_576), 413, 65_536],
    ["as long as its field may be", "/long", longText(20_000), 200],
    ["longer than its fields can be", "/long", padded(1_048_576, { text: "a" }), 413],
    ["of any fields", "/open", padded(1_048_576, { a: 1 }), 200],
    ["of any fields and more than any body", "/open", padded(1_048_577, { a: 1 }), 413, 1_048_576],
  ];
  for (const [what, path, body, status, limit] of cases) {
    it(`${what} on ${path} is ${status}${status === 200 || limit === 1_048_576 ? " (as before)" : ""}`, async () => {
      const response = await post(path, body);
      assert.equal(response.status, status, JSON.stringify(response.json));
      if (limit !== undefined) assert.equal(response.json.details.value, limit);
    });
  }

  it("is taken from one who has (as before)", async () => {
    const response = await post("/small", padded(1_048_576), { authorization });
    assert.equal(response.status, 200, JSON.stringify(response.json));
  });

  it("is refused before a byte of it has come, and says from whom less is taken", async () => {
    const wire = await served.wire();
    wire.send("POST /small HTTP/1.1\r\nhost: test\r\ncontent-type: application/json\r\ncontent-length: 1000000\r\n\r\n");
    const response = await wire.next();
    assert.deepEqual([response?.status, response?.json.type], [413, "urn:plimsoll:body_too_large"]);
    assert.match(response?.json.detail, /65536 bytes .* not signed in/);
    wire.close();
  });

  it("is refused in chunks as soon as it is too much", async () => {
    const wire = await served.wire();
    wire.send("POST /small HTTP/1.1\r\nhost: test\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n");
    wire.send(`${(70_000).toString(16)}\r\n${" ".repeat(70_000)}\r\n`);
    assert.equal((await wire.next())?.status, 413);
    wire.close();
  });

  it("is bounded through app.fetch too", async () => {
    const ask = (headers: Record<string, string>) =>
      served.app.fetch(
        new Request("http://test/small", {
          method: "POST",
          body: padded(65_537),
          headers: { "content-type": "application/json", ...headers },
        }),
      );
    assert.equal((await ask({})).status, 413);
    assert.equal((await ask({ authorization })).status, 200);
  });
});

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { auditServer } from "graphql-http";
import { action, query } from "plimsoll";
import { z } from "zod";
import { run } from "./app.ts";
import { readReply } from "./ask.ts";

const look = query("suite.look", {
  ...{
    input: z.object({ text: z.string().optional() }),
    output: z.object({ text: z.string() }),
    access: "public",
    budget: "5s",
    graphql: "look",
  },
  run: async ({ text = "" }) => ({ text }),
});
const write = action("suite.write", {
  ...{ input: z.object({}), output: z.object({ text: z.string() }), access: "public", budget: "5s", idempotent: "no", graphql: "write" },
  run: async () => ({ text: "written" }),
});

it("the audits of graphql-http pass over a socket", async () => {
  await using running = await run([look], { port: 0, graphql: { introspection: true } });
  const results = await auditServer({ url: `${running.app.urls.surfaces[0]}/graphql` });
  assert(results.length > 50, "the audits ran");
  const notOk = results.filter(({ status }) => status !== "ok");
  for (const result of notOk) if ("response" in result) await result.response.body?.cancel();
  assert.deepEqual(
    notOk.map((result) => `${result.id} ${result.name}: ${"reason" in result ? result.reason : ""}`),
    [],
  );
});

describe("a request by GET", () => {
  it("asks a query, with variables in the address", async () => {
    await using running = await run([look, write]);
    const parameters = new URLSearchParams({ query: "query ($t: String) { look(text: $t) { text } }", variables: '{"t":"a b"}' });
    const read = await readReply(await running.app.fetch(new Request(`http://test/graphql?${parameters}`)));
    assert.deepEqual([read.status, read.data], [200, { look: { text: "a b" } }]);
  });

  it("writes nothing", async () => {
    await using running = await run([look, write]);
    const response = await running.app.fetch(new Request(`http://test/graphql?query=${encodeURIComponent("mutation { write { text } }")}`));
    assert.deepEqual([response.status, response.headers.get("allow"), running.executions.length], [405, "POST", 0]);
  });
});

describe("a request by POST", () => {
  const post = (body: string, headers: Readonly<Record<string, string>> = {}) =>
    new Request("http://test/graphql", { method: "POST", body, headers: { "content-type": "application/json", ...headers } });

  it("is refused before its body is read, where its credentials are not known", async () => {
    await using running = await run([look]);
    const response = await running.app.fetch(post("{", { authorization: "Bearer bob" }));
    assert.deepEqual([response.status, response.headers.get("content-type")], [401, "application/problem+json"]);
    assert.notEqual(response.headers.get("www-authenticate"), null);
  });

  it("is refused above its bytes", async () => {
    await using running = await run([look], { graphql: { limits: { requestBytes: 1_000 } } });
    const response = await running.app.fetch(post(JSON.stringify({ query: "{ look { text } }", variables: { x: "x".repeat(1_000) } })));
    assert.equal(response.status, 413);
  });

  for (const [name, body, status] of [
    ["no JSON", "{", 400],
    ["a list", '[{"query":"{ look { text } }"}]', 400],
    ["no document", "{}", 400],
    ["a document that is no text", '{"query":7}', 400],
    ["variables that are no object", '{"query":"{ look { text } }","variables":[]}', 400],
  ] as const)
    it(`with ${name} is refused with an error`, async () => {
      await using running = await run([look]);
      const read = await readReply(await running.app.fetch(post(body)));
      assert.deepEqual([read.status, read.data, read.errors.length], [status, undefined, 1]);
      assert.equal(running.executions.length, 0);
    });
});

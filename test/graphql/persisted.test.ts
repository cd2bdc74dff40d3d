import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { describe, it } from "node:test";
import { query } from "plimsoll";
import type { GraphqlSpec } from "plimsoll/graphql";
import { z } from "zod";
import { run } from "./app.ts";
import { readReply } from "./ask.ts";

const look = query("suite.look", {
  ...{ input: z.object({ text: z.string() }), output: z.object({ text: z.string() }), access: "public", budget: "5s", graphql: "look" },
  run: async (input) => input,
});
const text = "query ($t: String!) { look(text: $t) { text } }";
const hash = createHash("sha256").update(text).digest("hex");

async function send(given: GraphqlSpec, body: object) {
  await using running = await run([look], { graphql: given });
  const headers = { "content-type": "application/json", accept: "application/graphql-response+json" };
  return readReply(
    await running.app.fetch(
      new Request("http://test/graphql", { method: "POST", headers, body: JSON.stringify({ variables: { t: "a" }, ...body }) }),
    ),
  );
}

describe("a document that the app has", () => {
  const given = { documents: { look: text }, onlyDocuments: true };
  for (const [how, body] of [
    ["its name", { documentId: "look" }],
    ["its hash", { documentId: `sha256:${hash}` }],
    ["the extension of some clients", { extensions: { persistedQuery: { version: 1, sha256Hash: hash } } }],
  ] as const)
    it(`is asked by ${how}`, async () => assert.deepEqual((await send(given, body)).data, { look: { text: "a" } }));

  for (const [what, body] of [
    ["another document", { query: "{ __typename }" }],
    ["the same with a blank more", { query: `${text} ` }],
    ["a name that it does not have", { documentId: "other" }],
    ["a name of objects", { documentId: "constructor" }],
  ] as const)
    it(`is the only one, so that ${what} is refused`, async () => {
      const { status, errors } = await send(given, body);
      assert.deepEqual([status, errors[0]?.extensions.type], [404, "urn:plimsoll:graphql_document_unknown"]);
    });

  it("is one beside others where the app takes those too", async () => {
    assert.deepEqual((await send({ documents: { look: text } }, { query: "{ __typename }" })).data, { __typename: "Query" });
    assert.equal((await send({ documents: { look: text } }, { documentId: "other" })).status, 404);
  });

  it("keeps the app from starting where it does not fit the schema", async () => {
    await assert.rejects(send({ documents: { look: "{ gone { text } }" } }, {}), {
      type: "graphql_document_unfit",
      message: /^The document sha256:.* cannot be served: /,
    });
  });
});

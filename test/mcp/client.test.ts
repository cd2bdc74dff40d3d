// The official client of MCP asks an app over sockets, in both eras.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import type { Client as OfficialClient } from "@modelcontextprotocol/client";
import { type Running, run } from "./app.ts";
import { official } from "./official.ts";
import { operations } from "./operations.ts";

const { Client, StreamableHTTPClientTransport } = official;

let running: Running;
let made: ReturnType<typeof operations>;
before(async () => {
  made = operations();
  running = await run(made.all, { port: 0 });
});
after(() => running[Symbol.asyncDispose]());

const endpoint = (): URL => new URL("/mcp", running.app.urls.surfaces[0]);

async function connect(era: "modern" | "legacy", token = "ann"): Promise<OfficialClient> {
  const client = new Client(
    { name: "test", version: "1" },
    { capabilities: { elicitation: {} }, versionNegotiation: { mode: era === "legacy" ? "legacy" : { pin: "2026-07-28" } } },
  );
  client.setRequestHandler("elicitation/create", async () => ({ action: "accept", content: { confirmed: true } }));
  const requestInit = { headers: { authorization: `Bearer ${token}` } };
  await client.connect(new StreamableHTTPClientTransport(endpoint(), { requestInit }));
  return client;
}

for (const era of ["modern", "legacy"] as const)
  describe(`the official client, ${era}`, () => {
    let client: OfficialClient;
    before(async () => {
      client = await connect(era);
    });
    after(() => client.close());

    it("lists tools and calls them", async () => {
      const { tools } = await client.listTools();
      assert.equal(tools.length, 10);
      const { structuredContent } = await client.callTool({ name: "suite.clerk", arguments: { text: "a" } });
      assert.deepEqual(structuredContent, { text: "a" });
    });

    it("reads resources", async () => {
      assert.equal((await client.listResources()).resources.length, 2);
      assert.equal((await client.listResourceTemplates()).resourceTemplates.length, 1);
      const { contents } = await client.readResource({ uri: "suite://b" });
      assert.deepEqual(
        contents.map((content) => "text" in content && content.text),
        ['{"text":"b"}'],
      );
    });

    it("reads what a tool refuses", async () => {
      const { isError, content } = await client.callTool({ name: "sell", arguments: { text: "a" } });
      assert.equal(isError, true);
      assert.match(JSON.stringify(content), /Only 2 are left/);
      await assert.rejects(client.callTool({ name: "suite.none", arguments: {} }), /no tool/);
    });

    it("calls a tool with a key, which the server makes, and it runs once", async () => {
      const at = made.ran.length;
      const { structuredContent } = await client.callTool({ name: "suite.keep", arguments: { text: era } });
      assert.deepEqual(structuredContent, { text: `${era} ${at + 1}` });
      assert.equal(made.ran.length, at + 1);
    });

    it("asks a person before a tool destroys", async () => {
      const at = made.ran.length;
      const { isError } = await client.callTool({ name: "suite.drop", arguments: { text: era } });
      assert.deepEqual([isError ?? false, made.ran.length], [false, at + 1]);
    });

    it("does not run it where the person declines, or cannot be asked", async () => {
      const at = made.ran.length;
      client.setRequestHandler("elicitation/create", async () => ({ action: "decline" }));
      const { isError, content } = await client.callTool({ name: "suite.drop", arguments: { text: era } });
      assert.equal(isError, true);
      assert.match(JSON.stringify(content), /was not confirmed/);
      assert.equal(made.ran.length, at);
    });

    it("cancels a call", async () => {
      const cancelling = new AbortController();
      const begun = made.begin();
      const asked = client.callTool({ name: "suite.wait", arguments: { text: "a" } }, { signal: cancelling.signal });
      const signal = await begun;
      const ended = new Promise((resolve) => signal.addEventListener("abort", resolve));
      cancelling.abort();
      await assert.rejects(asked);
      await ended;
    });
  });

it("finds out by itself that the server speaks the newest revision", async () => {
  const client = new Client({ name: "test", version: "1" }, { versionNegotiation: { mode: "auto" } });
  await client.connect(new StreamableHTTPClientTransport(endpoint()));
  assert.equal(client.getNegotiatedProtocolVersion(), "2026-07-28");
  await client.close();
});

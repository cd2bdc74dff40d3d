import { http } from "plimsoll/http";
import { mcp } from "plimsoll/mcp";
import { type Asks, answerOf } from "./asks.ts";
import { headersOf } from "./rest.ts";

const meta = { "io.modelcontextprotocol/protocolVersion": "2026-07-28", "io.modelcontextprotocol/clientCapabilities": {} };

/** The table over MCP: each call is a call of a tool. */
export const overMcp: Asks = {
  name: "mcp",
  surfaces: () => [http({ port: false }), mcp({ keys: "asked" })],
  ask: async (app, call) => {
    const { operation, input, signal } = call;
    const headers = headersOf(call);
    headers.set("mcp-protocol-version", "2026-07-28");
    headers.set("mcp-method", "tools/call");
    headers.set("mcp-name", operation.name);
    const params = { name: operation.name, arguments: input, _meta: meta };
    const request = new Request("http://test/mcp", {
      method: "POST",
      headers,
      body: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/call", params }),
      ...(signal && { signal }),
    });
    const response = await app.fetch(request, { address: "192.0.2.1" });
    const { result, error, ...problem } = JSON.parse(await response.text());
    if (error !== undefined) return answerOf(error.data, error.message);
    if (result === undefined) return answerOf(problem, problem.detail);
    if (!result.isError) return { code: "ok", output: result.structuredContent };
    const fault = result._meta["plimsoll/problem"];
    return answerOf(fault, fault.detail);
  },
  carries: ({ module }) => module === "mcp",
  apart: {
    "credentials that are not known":
      "the request is refused before its message is read, so that no operation is known: the signal is that of the request",
  },
};

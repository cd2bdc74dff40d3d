import { graphql } from "plimsoll/graphql";
import { http } from "plimsoll/http";
import { type Asks, answerOf } from "./asks.ts";
import { headersOf } from "./rest.ts";

/** The table over GraphQL: each call is a document with one field. */
export const overGraphql: Asks = {
  name: "graphql",
  surfaces: () => [http({ port: false }), graphql()],
  ask: async (app, call) => {
    const { operation, input, signal } = call;
    const values = Object.entries(input).map(([name, value]) => `${name}: ${JSON.stringify(value)}`);
    const root = isRead(operation.name) ? "query" : "mutation";
    const query = `${root} { ${operation.spec.graphql}${values.length > 0 ? `(${values.join(", ")})` : ""} { text } }`;
    const headers = headersOf(call);
    headers.set("accept", "application/graphql-response+json");
    const request = new Request("http://test/graphql", {
      method: "POST",
      headers,
      body: JSON.stringify({ query }),
      ...(signal && { signal }),
    });
    const response = await app.fetch(request, { address: "192.0.2.1" });
    const { data, errors, ...problem } = JSON.parse(await response.text());
    if (errors !== undefined) return answerOf(errors[0].extensions, errors[0].message);
    return response.ok ? { code: "ok", output: Object.values(data)[0] } : answerOf(problem, problem.detail);
  },
  carries: ({ module }) => module === "graphql",
  apart: {
    "credentials that are not known":
      "the request is refused before its document is read, so that no operation is known: the signal is that of the request",
  },
};

function isRead(name: string): boolean {
  return /\.(?:look|own|many|cached)$/.test(name);
}

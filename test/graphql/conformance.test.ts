import { describe, it } from "node:test";
import { type App, action, type Code } from "plimsoll";
import { graphql } from "plimsoll/graphql";
import { http } from "plimsoll/http";
import type { Surface } from "plimsoll/ports";
import { type SurfaceCall, type SurfaceReply, type SurfaceSample, surfaceConformance } from "plimsoll/testing";
import { z } from "zod";
import { fieldNameOf } from "../../src/graphql/model/names.ts";

const types: Readonly<Record<string, string>> = { name: "String!", count: "Int64!" };

/** A call as a document with variables. */
function documentOf({ operation, input }: SurfaceCall): string {
  const field = fieldNameOf(operation.name);
  const names = Object.keys(types);
  const declared = names.map((name) => `$${name}: ${types[name]}`).join(", ");
  const passed = names.map((name) => `${name}: $${name}`).join(", ");
  const selection = field === "suiteSign" ? "{ by }" : "{ name count }";
  // What is missing in the input is missing in the document: it would be refused before the operation is reached.
  const used = names.every((name) => name in input);
  return used ? `mutation (${declared}) { ${field}(${passed}) ${selection} }` : `mutation { ${field} ${selection} }`;
}

async function exchange(origin: string, call: SurfaceCall, send: (request: Request) => Promise<Response>): Promise<SurfaceReply> {
  const headers = new Headers({ "content-type": "application/json", accept: "application/graphql-response+json" });
  if (call.key !== undefined) headers.set("idempotency-key", call.key);
  if (call.remainingMs !== undefined) headers.set("plimsoll-deadline-ms", String(call.remainingMs));
  if (call.authorization !== undefined) headers.set("authorization", call.authorization);
  const body = JSON.stringify({ query: documentOf(call), variables: call.input });
  const request = new Request(`${origin}/graphql`, { method: "POST", headers, body, ...(call.signal && { signal: call.signal }) });
  const response = await send(request);
  const text = await response.text();
  const { data, errors, ...problem } = JSON.parse(text);
  const fault = errors?.[0]?.extensions ?? (response.ok ? undefined : problem);
  if (fault !== undefined) return { code: fault.code as Code, type: fault.type.replace("urn:plimsoll:", ""), text };
  return { code: "ok", output: Object.values(data)[0], text };
}

/** Both surfaces of one app as one, since the suite makes one: HTTP brings the requests. */
function together(port: number | false): Surface {
  const [over, inner] = [http({ port, host: "127.0.0.1" }), graphql()];
  return {
    name: "graphql",
    modules: inner.modules ?? [],
    compile: (...given) => {
      over.compile?.(...given);
      inner.compile?.(...given);
    },
    start: async (host) => {
      await inner.start(host);
      await over.start(host);
    },
    close: () => over.close(),
    stop: () => over.stop(),
    fetch: (...given) => over.fetch!(...given),
    get url() {
      return over.url;
    },
  };
}

const twice = ["suite.one", "suite.two"].map((name) =>
  action(name, {
    ...{ input: z.object({}), output: z.object({ ok: z.boolean() }), access: "public", idempotent: "no", budget: "1s", graphql: "same" },
    run: async () => ({ ok: true }),
  }),
);

function overGraphql(port: number | false, send: (app: App, call: SurfaceCall) => Promise<SurfaceReply>): SurfaceSample {
  return { make: () => together(port), send, refused: () => ({ surface: graphql(), operations: twice, where: "suite.two" }) };
}

describe("the surface of GraphQL", () => {
  const samples: Readonly<Record<string, SurfaceSample>> = {
    "over a socket": overGraphql(0, (app, call) => exchange(app.urls.surfaces[0]!, call, fetch)),
    "as app.fetch": overGraphql(false, (app, call) =>
      exchange("http://test", call, (request) => app.fetch(request, { address: "192.0.2.1" })),
    ),
  };
  for (const [which, sample] of Object.entries(samples))
    describe(which, () => {
      for (const { name, run } of surfaceConformance(sample)) it(name, run);
    });
});

import assert from "node:assert/strict";
import { z } from "zod";
import { graphql } from "../../src/graphql/index.ts";
import { http } from "../../src/http/index.ts";
import { action, createApp, module, rateLimit } from "../../src/index.ts";

const aliases = 1_000;

/** Asks a document with 1,000 aliases of an operation whose rate is 1,000 an hour, and returns how many it took: one more field is refused. */
export async function countCharges(): Promise<number> {
  const ping = action("bench.ping", {
    ...{ graphql: "ping", input: z.object({}), output: z.object({ ok: z.boolean() }), access: "public", idempotent: "natural" },
    budget: { deadline: "10s", rate: rateLimit({ per: "address", limit: aliases, burst: aliases, period: "1h" }) },
    run: async () => ({ ok: true }),
  });
  const limits = { aliases, fields: aliases * 2, complexity: aliases, tokens: 10_000, documentBytes: 65_536 };
  const app = createApp({
    modules: [module("bench", { operations: [ping] })],
    surfaces: [graphql({ limits }), http({ port: false })],
    telemetry: [],
  });
  await app.start({ keepsProcess: false });
  try {
    const ask = async (query: string) => {
      const headers = { "content-type": "application/json" };
      const request = new Request("http://bench/graphql", { method: "POST", headers, body: JSON.stringify({ query }) });
      return (await (await app.fetch(request, { address: "192.0.2.1" })).json()) as {
        readonly data: object;
        readonly errors?: readonly unknown[];
      };
    };
    const whole = await ask(`mutation { ${Array.from({ length: aliases }, (_, at) => `a${at}: ping { ok }`).join(" ")} }`);
    assert.equal(whole.errors, undefined, "a document with as many aliases as its rate allows is taken whole");
    const { errors: [refused] = [] } = await ask("mutation { ping { ok } }");
    assert.equal((refused as { readonly extensions: { readonly type: string } }).extensions.type, "urn:plimsoll:rate_limited");
    return Object.keys(whole.data).length;
  } finally {
    await app.stop();
  }
}

// What the server of a test of HTTP/2 does: each kind of body and of reply.
import { createHash } from "node:crypto";
import { z } from "zod";
import { upload } from "../../../src/core/schema/opaque/upload.ts";
import { action } from "../../../src/operation/online/action.ts";
import { query } from "../../../src/operation/online/query.ts";
import { MemoryDatabase } from "../../../src/testing/conformance/memory-database.ts";

const common = { access: "public", idempotent: "natural", budget: "20s" } as const;
/** What is downloaded. */
export const fileBytes = Buffer.from(Uint8Array.from({ length: 200_000 }, (_, at) => at));

export const echo = action("t.echo", {
  ...{ ...common, input: z.object({ text: z.string() }), output: z.object({ text: z.string() }), http: "POST /echo" },
  run: async ({ text }) => ({ text }),
});
export const picked = query("t.picked", {
  ...{ access: "public", budget: "5s", input: z.object({ mine: z.string(), theirs: z.string(), lang: z.string() }) },
  output: z.object({ mine: z.string(), theirs: z.string(), lang: z.string() }),
  http: { route: "GET /picked", cookies: { mine: "mine", theirs: "theirs" }, headers: { lang: "x-lang" } },
  run: async (input) => input,
});
const Sum = z.object({ size: z.int(), sha256: z.string() });
export const put = action("t.put", {
  ...{ ...common, input: z.object({ body: upload({ bytesMax: 3_000_000 }) }), output: Sum, http: { route: "PUT /file", body: "raw" } },
  run: async ({ body }) => {
    const hash = createHash("sha256");
    for await (const bytes of body) hash.update(bytes);
    return { size: body.size, sha256: hash.digest("hex") };
  },
});
export const form = action("t.form", {
  ...{ ...common, input: z.object({ a: z.string(), b: z.int() }), output: z.object({ a: z.string(), b: z.int() }) },
  http: { route: "POST /form", body: "form" },
  run: async (input) => input,
});
export const file = query("t.file", {
  ...{ access: "public", budget: "5s", input: z.object({}), output: z.object({ size: z.int() }) },
  http: {
    route: "GET /file",
    etag: () => "v1",
    download: { type: "image/png", size: ({ size }) => size, open: async (_, { start, end }) => fileBytes.subarray(start, end) },
  },
  run: async () => ({ size: fileBytes.length }),
});
export const counted = query("t.counted", {
  ...{ access: "public", budget: "5s", input: z.object({ to: z.int().default(3) }), stream: { item: z.object({ n: z.int() }) } },
  http: "GET /counted",
  async *run({ to }) {
    for (let n = 1; n <= to; n++) yield { n };
  },
});
export const moved = query("t.moved", {
  ...{ access: "public", budget: "5s", input: z.object({}), output: z.object({}) },
  http: { route: "GET /moved", status: 303, location: () => "/file" },
  run: async () => ({}),
});

export const operations = [echo, picked, put, form, file, counted, moved];
export const database = { open: () => new MemoryDatabase() };

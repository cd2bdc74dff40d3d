import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { z } from "zod";
import { query } from "../../../src/operation/online/query.ts";
import { MemoryDatabase } from "../../../src/testing/conformance/memory-database.ts";
import { serve } from "../http/app.ts";

const csv = "name\r\né\r\n";

/** Serves a query whose output is sent as a file, and counts what runs for it. */
async function library() {
  const counts = { loads: 0, texts: 0 };
  const list = query("t.list", {
    ...{ input: z.object({}), output: z.object({ version: z.int() }), access: "public", budget: "5s", cache: { ttl: "1h" } },
    http: {
      route: "GET /list",
      etag: ({ version }) => version,
      file: {
        type: "text/csv",
        name: ({ version }) => `list-${version}.csv`,
        text: () => {
          counts.texts++;
          return csv;
        },
      },
    },
    run: async () => {
      counts.loads++;
      return { version: 3 };
    },
  });
  return { counts, served: await serve([list], { database: { open: () => new MemoryDatabase() } }) };
}

describe("a file that a query returns", () => {
  it("comes from the cache as it was made, with its version", async () => {
    const { counts, served: app } = await library();
    await using served = app;
    for (const _ of [1, 2]) {
      const { status, headers, body } = await served.ask("GET", "/list");
      assert.deepEqual([status, String(body), headers.etag], [200, csv, '"3"']);
      assert.deepEqual(headers["content-disposition"], 'attachment; filename="list-3.csv"');
      assert.deepEqual(headers["content-type"], "text/csv; charset=utf-8");
    }
    assert.deepEqual(counts, { loads: 1, texts: 1 });
  });

  const asks: readonly (readonly [
    method: string,
    headers: Readonly<Record<string, string>>,
    status: number,
    length: string | undefined,
  ])[] = [
    ["HEAD", {}, 200, String(Buffer.byteLength(csv))],
    ["GET", { "if-none-match": '"3"' }, 304, undefined],
    ["HEAD", { "if-none-match": '"3"' }, 304, undefined],
  ];
  for (const [method, headers, status, length] of asks)
    it(`${method} with ${JSON.stringify(headers)} is ${status} without a body`, async () => {
      const { served: app } = await library();
      await using served = app;
      const response = await served.ask(method, "/list", { headers });
      assert.deepEqual([response.status, String(response.body ?? ""), response.headers["content-length"]], [status, "", length]);
      assert.doesNotMatch(String(response.headers["content-type"]), /json/);
    });

  it("is whole for a request that asks for a range", async () => {
    const { served: app } = await library();
    await using served = app;
    const { status, body } = await served.ask("GET", "/list", { headers: { range: "bytes=0-1" } });
    assert.deepEqual([status, String(body)], [200, csv]);
  });
});

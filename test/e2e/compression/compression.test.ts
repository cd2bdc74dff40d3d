import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { brotliDecompressSync, gunzipSync, zstdDecompressSync } from "node:zlib";
import { z } from "zod";
import { secret } from "../../../src/core/schema.ts";
import { chooseCoding } from "../../../src/http/compression/negotiate.ts";
import { action } from "../../../src/operation/online/action.ts";
import { type Served, serve } from "../http/app.ts";

const text = "all work and no play makes Jack a dull boy. ".repeat(200);
const common = { input: z.object({ length: z.int() }), access: "public", idempotent: "natural", budget: "5s" } as const;
const output = z.object({ text: z.string() });
const run = async ({ length }: { readonly length: number }) => ({ text: text.slice(0, length) });
const plain = action("t.plain", { ...{ ...common, output, http: "POST /plain" }, run });
const versioned = action("t.versioned", { ...{ ...common, output, http: { route: "POST /versioned", etag: () => 1 } }, run });
const hidden = action("t.hidden", { ...{ ...common, output: z.object({ text: secret(z.string()) }), http: "POST /hidden" }, run });

const unpack: Readonly<Record<string, (bytes: Uint8Array) => Buffer>> = {
  gzip: gunzipSync,
  br: brotliDecompressSync,
  zstd: zstdDecompressSync,
};

describe("compression", () => {
  let served: Served;
  before(async () => {
    served = await serve([plain, versioned, hidden], { http: { compression: { threshold: 500 } } });
  });
  after(() => served[Symbol.asyncDispose]());

  const ask = (path: string, length: number, accept: string | undefined) =>
    new Request(`http://127.0.0.1:${served.port}${path}`, {
      method: "POST",
      headers: { "content-type": "application/json", ...(accept !== undefined && { "accept-encoding": accept }) },
      body: JSON.stringify({ length }),
    });

  const cases: readonly (readonly [path: string, length: number, accept: string, coding: string | null, vary: string | null])[] = [
    ["/plain", 8_000, "gzip, deflate, br, zstd", "zstd", "Accept-Encoding"],
    ["/plain", 8_000, "gzip, deflate, br", "br", "Accept-Encoding"],
    ["/plain", 8_000, "gzip", "gzip", "Accept-Encoding"],
    ["/plain", 8_000, "gzip;q=1, br;q=0.5, zstd;q=0", "gzip", "Accept-Encoding"],
    ["/plain", 8_000, "identity", null, "Accept-Encoding"],
    ["/plain", 100, "gzip", null, null],
    ["/versioned", 8_000, "gzip", null, null],
    ["/hidden", 8_000, "gzip", null, null],
  ];
  for (const [path, length, accept, coding, vary] of cases)
    it(`${path} of ${length} characters for "${accept}" is ${coding}`, async () => {
      const response = await served.app.fetch(ask(path, length, accept));
      assert.deepEqual([response.status, response.headers.get("content-encoding"), response.headers.get("vary")], [200, coding, vary]);
      const bytes = Buffer.from(await response.arrayBuffer());
      const whole = coding === null ? bytes : unpack[coding]?.(bytes);
      assert.deepEqual(JSON.parse(String(whole)), { text: text.slice(0, length) });
      const overWire = await fetch(ask(path, length, accept));
      assert.equal(overWire.headers.get("content-encoding"), coding);
      assert.deepEqual(await overWire.json(), { text: text.slice(0, length) });
    });

  it("is off by default", async () => {
    await using other = await serve([plain]);
    const response = await other.app.fetch(ask("/plain", 8_000, "gzip"));
    assert.deepEqual([response.headers.get("content-encoding"), response.headers.get("vary")], [null, null]);
  });
});

describe("the choice of a coding", () => {
  const cases: readonly (readonly [accept: string | undefined, coding: string | undefined])[] = [
    [undefined, undefined],
    ["", undefined],
    ["*", "zstd"],
    ["*;q=0", undefined],
    ["deflate", undefined],
    ["GZIP", "gzip"],
    ["x-gzip", "gzip"],
    ["gzip;q=0.000", undefined],
    ["gzip;q=0.5, identity;q=0.9", undefined],
    ["gzip;q=0.5, *;q=0.9", "zstd"],
    ["br;q=0.2, gzip;q=0.3", "gzip"],
    ["gzip;q=2", undefined],
    ["gzip;level=9", undefined],
    [`${"a,".repeat(20)}gzip`, undefined],
  ];
  for (const [accept, coding] of cases)
    it(`for ${JSON.stringify(accept?.slice(0, 40))} is ${coding}`, () => assert.equal(chooseCoding(accept), coding));
});

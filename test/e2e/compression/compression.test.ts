import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { brotliDecompressSync, gunzipSync, zstdDecompressSync } from "node:zlib";
import { z } from "zod";
import { fault } from "../../../src/core/fault.ts";
import { secret } from "../../../src/core/schema.ts";
import { chooseCoding } from "../../../src/http/compression/negotiate.ts";
import { action } from "../../../src/operation/online/action.ts";
import { query } from "../../../src/operation/online/query.ts";
import { MemoryDatabase } from "../../../src/testing/conformance/memory-database.ts";
import { type Served, serve } from "../http/app.ts";

const text = "all work and no play makes Jack a dull boy. ".repeat(200);
const common = { input: z.object({ length: z.int() }), access: "public", idempotent: "natural", budget: "5s" } as const;
const output = z.object({ text: z.string() });
const run = async ({ length }: { readonly length: number }) => ({ text: text.slice(0, length) });
const plain = action("t.plain", { ...{ ...common, output, http: "POST /plain" }, run });
const versioned = action("t.versioned", { ...{ ...common, output, http: { route: "POST /versioned", etag: () => 1 } }, run });
const WrongVersion = fault("wrong_version", { code: "failed_precondition", status: 412, message: "It was changed. Read it again." });
const none = z.object({});
const read = { input: none, output, access: "public", budget: "5s", run: async () => ({ text }) } as const;
const kept = query("t.kept", { ...read, http: { route: "GET /kept", etag: () => "v.7" } });
const change = action("t.change", {
  ...{ ...common, input: z.object({ version: z.string() }), output: none, faults: [WrongVersion] },
  http: { route: "PUT /kept", ifMatch: "version", status: 204 },
  run: async ({ version }, { fail }) => (version === "v.7" ? {} : fail(WrongVersion, {})),
});
const forms = query("t.forms", {
  ...{ input: none, output, access: "public", budget: "5s", run: async () => ({ text }) },
  http: { route: "GET /forms", etag: () => "v.7", alternatives: [{ type: "text/csv", text: ({ text }: { text: string }) => text }] },
});
const hidden = action("t.hidden", { ...{ ...common, output: z.object({ text: secret(z.string()) }), http: "POST /hidden" }, run });

const unpack: Readonly<Record<string, (bytes: Uint8Array) => Buffer>> = {
  gzip: gunzipSync,
  br: brotliDecompressSync,
  zstd: zstdDecompressSync,
};

describe("compression", () => {
  let served: Served;
  before(async () => {
    served = await serve([plain, versioned, hidden, kept, change, forms], {
      database: { open: () => new MemoryDatabase() },
      http: { compression: { threshold: 500 } },
    });
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
    ["/versioned", 8_000, "gzip", "gzip", "Accept-Encoding"],
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

  it("names the coding in a strong version, and takes each of its tags back", async () => {
    const url = `http://127.0.0.1:${served.port}/kept`;
    const ask = async (method: string, headers: Record<string, string>) => {
      const response = await fetch(url, { method, headers: { "accept-encoding": "identity", ...headers } });
      await response.arrayBuffer();
      return { status: response.status, etag: response.headers.get("etag"), vary: response.headers.get("vary") };
    };
    const tags: Record<string, string> = { identity: '"v.7"', gzip: '"v.7;gzip"', br: '"v.7;br"', zstd: '"v.7;zstd"' };
    for (const [coding, etag] of Object.entries(tags)) {
      const vary = "Accept-Encoding";
      assert.deepEqual(await ask("GET", { "accept-encoding": coding }), { status: 200, etag, vary });
      // A cache finds what it keeps by the tag that it sent, whatever this client would get.
      for (const now of ["identity", "gzip"])
        assert.deepEqual(await ask("GET", { "accept-encoding": now, "if-none-match": `"v.6", ${etag}` }), { status: 304, etag, vary });
      assert.equal((await ask("PUT", { "if-match": etag, "content-type": "application/json" })).status, 204, etag);
      assert.equal((await ask("PUT", { "if-match": `W/${etag}`, "content-type": "application/json" })).status, 412, "a weak one");
    }
    assert.deepEqual((await ask("GET", { "if-none-match": "*" })).etag, '"v.7"');
    for (const other of ['"v.6;gzip"', '"v.7;deflate"', '"v.7;gzip;gzip"', '"v.7gzip"']) {
      assert.equal((await ask("GET", { "if-none-match": other })).status, 200, other);
      assert.equal((await ask("PUT", { "if-match": other, "content-type": "application/json" })).status, 412, other);
    }
  });

  it("leaves a weak version as it is", async () => {
    const response = await fetch(`http://127.0.0.1:${served.port}/forms`, { headers: { accept: "text/csv", "accept-encoding": "gzip" } });
    assert.deepEqual([response.headers.get("etag"), response.headers.get("content-encoding")], ['W/"v.7"', "gzip"]);
    assert.equal(await response.text(), text);
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

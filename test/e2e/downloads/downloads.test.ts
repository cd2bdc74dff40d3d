import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { z } from "zod";
import { rangeOf } from "../../../src/http/download/range.ts";
import type { DownloadPart } from "../../../src/operation/contract.ts";
import { action } from "../../../src/operation/online/action.ts";
import { query } from "../../../src/operation/online/query.ts";
import { MemoryDatabase } from "../../../src/testing/conformance/memory-database.ts";
import { gate, type Served, serve } from "../http/app.ts";

const bytes = Buffer.from(Uint8Array.from({ length: 1_000 }, (_, at) => at));
const input = z.object({ kind: z.string().default("whole") });
const output = z.object({ kind: z.string(), size: z.int() });

async function* pieces(kind: string, { start, end }: DownloadPart) {
  if (kind === "missing") throw new RangeError("there is no such file");
  const part = bytes.subarray(start, end);
  yield part.subarray(0, 1);
  if (kind === "broken") throw new RangeError("the disk is broken");
  yield kind === "short" ? part.subarray(2) : part.subarray(1);
  if (kind === "long") yield part;
}

const read = query("t.read", {
  ...{ input, output, access: "public", budget: "5s" },
  http: {
    route: "GET /file",
    etag: () => "v1",
    download: {
      type: "image/png",
      name: ({ kind }) => `${kind}.png`,
      size: ({ size }) => size,
      open: ({ kind }, part) => pieces(kind, part),
    },
  },
  run: async ({ kind }) => ({ kind, size: bytes.length }),
});
const made = action("t.made", {
  ...{ input, output, access: "public", idempotent: "natural", budget: "5s" },
  http: { route: "POST /made", download: { type: ({ kind }) => (kind === "whole" ? "text/csv" : "no type"), open: async () => bytes } },
  run: async ({ kind }) => ({ kind, size: 0 }),
});
const database = { open: () => new MemoryDatabase() };

describe("a download", () => {
  let served: Served;
  before(async () => {
    served = await serve([read, made], { database, http: { documents: true } });
  });
  after(() => served[Symbol.asyncDispose]());

  const cases: readonly (readonly [headers: Record<string, string>, status: number, range: string | null, body: Uint8Array])[] = [
    [{}, 200, null, bytes],
    [{ range: "bytes=0-0" }, 206, "bytes 0-0/1000", bytes.subarray(0, 1)],
    [{ range: "bytes=10-19" }, 206, "bytes 10-19/1000", bytes.subarray(10, 20)],
    [{ range: "bytes=990-" }, 206, "bytes 990-999/1000", bytes.subarray(990)],
    [{ range: "bytes=990-5000" }, 206, "bytes 990-999/1000", bytes.subarray(990)],
    [{ range: "bytes=-10" }, 206, "bytes 990-999/1000", bytes.subarray(990)],
    [{ range: "bytes=-5000" }, 206, "bytes 0-999/1000", bytes],
    [{ range: "bytes=1-2,5-6" }, 200, null, bytes],
    [{ range: "bytes=9-3" }, 200, null, bytes],
    [{ range: "lines=1-2" }, 200, null, bytes],
    [{ range: "bytes=0-1", "if-range": '"v1"' }, 206, "bytes 0-1/1000", bytes.subarray(0, 2)],
    [{ range: "bytes=0-1", "if-range": '"v0"' }, 200, null, bytes],
    [{ range: "bytes=0-1", "if-range": 'W/"v1"' }, 200, null, bytes],
    [{ "if-none-match": '"v1"', range: "bytes=0-1" }, 304, null, Buffer.alloc(0)],
  ];
  for (const [headers, status, range, body] of cases)
    it(`for ${JSON.stringify(headers)} is ${status}, over a connection and by fetch`, async () => {
      for (const response of [
        await fetch(`http://127.0.0.1:${served.port}/file`, { headers }),
        await served.app.fetch(new Request("http://t/file", { headers })),
      ]) {
        assert.deepEqual([response.status, response.headers.get("content-range")], [status, range]);
        assert.equal(response.headers.get("etag"), '"v1"');
        assert.deepEqual(Buffer.from(await response.arrayBuffer()), Buffer.from(body));
        if (status === 304) continue;
        assert.equal(response.headers.get("content-type"), "image/png");
        assert.equal(response.headers.get("content-disposition"), 'attachment; filename="whole.png"');
        assert.equal(response.headers.get("accept-ranges"), "bytes");
        assert.equal(response.headers.get("content-length"), String(body.length));
      }
    });

  for (const range of ["bytes=1000-", "bytes=5000-6000", "bytes=-0"])
    it(`for ${range} is 416, and says how much there is`, async () => {
      const { status, headers, json } = await served.ask("GET", "/file", { headers: { range } });
      assert.deepEqual([status, headers["content-range"], json.type], [416, "bytes */1000", "urn:plimsoll:range_not_satisfiable"]);
    });

  it("opens nothing for a HEAD", async () => {
    const { status, headers, body } = await served.ask("HEAD", "/file?kind=missing");
    assert.deepEqual([status, headers["content-length"], body], [200, "1000", ""]);
  });

  it("of unknown size comes whole from an action", async () => {
    const response = await fetch(`http://127.0.0.1:${served.port}/made`, { method: "POST", headers: { range: "bytes=0-1" } });
    assert.deepEqual([response.status, response.headers.get("content-type")], [200, "text/csv"]);
    assert.deepEqual(Buffer.from(await response.arrayBuffer()), bytes);
  });

  it("that cannot be opened is a 500, and its connection goes on", async () => {
    const wire = await served.wire();
    for (let turn = 0; turn < 2; turn++) {
      const response = await wire.ask("GET /file?kind=missing HTTP/1.1\r\nhost: t\r\n\r\n");
      assert.deepEqual([response.status, response.json.type], [500, "urn:plimsoll:internal"]);
    }
    wire.close();
  });

  it("with a type that is none is a 500", async () => {
    assert.equal((await served.ask("POST", "/made", { body: { kind: "other" } })).status, 500);
  });

  for (const kind of ["broken", "short", "long"])
    it(`that is ${kind} ends its connection before it is whole`, async () => {
      const logged = served.app.signals.logged.next();
      const whole = fetch(`http://127.0.0.1:${served.port}/file?kind=${kind}`).then((response) => response.arrayBuffer());
      if (kind === "long") await whole.catch(() => undefined);
      else await assert.rejects(whole);
      assert.match((await logged).message, /^The bytes of a download failed: /);
      const direct = await served.app.fetch(new Request(`http://t/file?kind=${kind}`));
      await assert.rejects(direct.arrayBuffer());
    });

  it("is in the OpenAPI document", async () => {
    const { paths } = (await served.ask("GET", "/openapi.json")).json;
    const { responses, parameters } = paths["/file"].get;
    for (const status of ["200", "206"]) assert.deepEqual(Object.keys(responses[status].content), ["image/png"]);
    assert.ok("416" in responses && parameters.some(({ name }: { readonly name?: string }) => name === "Range"));
    assert.deepEqual(Object.keys(paths["/made"].post.responses[200].content), ["*/*"]);
  });
});

/** Serves a download without end, and counts what was asked of it. */
async function endless() {
  const asked = { pieces: 0 };
  const left = gate();
  const stream = query("t.stream", {
    ...{ input: z.object({}), output: z.object({}), access: "public", budget: "5s" },
    http: {
      route: "GET /stream",
      download: {
        type: "application/octet-stream",
        async *open() {
          try {
            for (;;) {
              asked.pieces++;
              yield new Uint8Array(65_536);
              await new Promise((resolve) => void setImmediate(resolve));
            }
          } finally {
            left.open();
          }
        },
      },
    },
    run: async () => ({}),
  });
  return { asked, left: left.opened, served: await serve([stream], { database }) };
}

describe("a download on its way", () => {
  it("waits for its client, and is closed when the client leaves", async () => {
    const { asked, left, served: app } = await endless();
    await using served = app;
    const wire = await served.wire();
    wire.socket.pause();
    wire.send("GET /stream HTTP/1.1\r\nhost: t\r\n\r\n");
    let before = -1;
    // Until the system takes no more for a client that does not read.
    for (let still = 0; still < 200; ) {
      await new Promise((resolve) => void setImmediate(resolve));
      still = asked.pieces === before && asked.pieces > 0 ? still + 1 : 0;
      before = asked.pieces;
    }
    assert.ok(asked.pieces < 500, `${asked.pieces} pieces were read, and no client took them`);
    wire.close();
    await left;
  });

  it("is closed when the reader of a web response leaves", async () => {
    const { left, served: app } = await endless();
    await using served = app;
    const response = await served.app.fetch(new Request("http://t/stream"));
    const reader = response.body?.getReader();
    await reader?.read();
    await reader?.cancel();
    await left;
  });
});

it("a range of nothing cannot be satisfied", () => {
  assert.equal(rangeOf("bytes=0-", 0), "unsatisfiable");
  assert.equal(rangeOf("bytes=-5", 0), "unsatisfiable");
  assert.equal(rangeOf("bytes=-", 9), undefined);
});

it("a download that cannot be sent is found when the app starts", async () => {
  const wrong = query("t.wrong", {
    ...{ input: z.object({}), output: z.object({}), access: "public", budget: "5s" },
    http: {
      route: "GET /wrong",
      status: 204,
      file: { type: "text/csv", text: () => "" },
      download: { type: "image/PNG", open: () => bytes },
    },
    run: async () => ({}),
  });
  await assert.rejects(serve([wrong], { database }), ({ message }: Error) => {
    for (const part of ["http.download.type: ", "http.download: It sends a file", "so it cannot send bytes"])
      assert.ok(message.includes(part), message);
    return true;
  });
});

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { after, before, describe, it } from "node:test";
import { type Upload, type Uploads, upload, uploads } from "plimsoll";
import { z } from "zod";
import { action } from "../../../src/operation/online/action.ts";
import { gate, type Served, serve } from "../http/app.ts";

const filesMax = 4;
const bytesMax = 1_000_000;
const totalBytesMax = 2_500_000;
const photos = uploads({ filesMax, bytesMax, totalBytesMax, types: ["image/png", "text/*"] });
const Read = z.object({ name: z.string(), size: z.int(), sha256: z.string() });
const common = { output: z.object({ read: z.array(Read) }), access: "public", idempotent: "natural", budget: "20s" } as const;

const sha256 = (bytes: Uint8Array | string) => createHash("sha256").update(bytes).digest("hex");

async function digest(file: Upload) {
  const hash = createHash("sha256");
  for await (const bytes of file) hash.update(bytes);
  return { name: file.name ?? "", size: file.size, sha256: hash.digest("hex") };
}

/** How a handler reads files. */
const readings: Readonly<Record<string, (files: Uploads) => Promise<z.infer<typeof Read>[]>>> = {
  async all(files) {
    const read = [];
    for await (const file of files) read.push(await digest(file));
    assert.equal(files.count, read.length);
    return read;
  },
  async "all but the second"(files) {
    const read = [];
    let at = 0;
    for await (const file of files) if (at++ !== 1) read.push(await digest(file));
    return read;
  },
  async "one piece of each"(files) {
    const read = [];
    for await (const file of files) {
      for await (const _ of file) break;
      read.push({ name: file.name ?? "", size: 0, sha256: "" });
    }
    return read;
  },
  async "the first alone"(files) {
    for await (const file of files) return [await digest(file)];
    return [];
  },
  none: async () => [],
  async "the first when the second has come"(files) {
    const kept: Upload[] = [];
    for await (const file of files) if (kept.push(file) === 2) break;
    return [await digest(kept[0] ?? assert.fail())];
  },
};
const album = action("t.album", {
  ...{ ...common, input: z.object({ how: z.string(), photos }), http: { route: "POST /albums", body: "multipart" } },
  run: async ({ how, photos }) => ({ read: (await readings[how]?.(photos)) ?? [] }),
});
const optional = action("t.optional", {
  ...{ ...common, input: z.object({ photos: z.optional(photos) }), http: { route: "POST /optional", body: "multipart" } },
  run: async ({ photos }) => ({ read: photos === undefined ? [] : await readings.all!(photos) }),
});

type Part = readonly [field: string, bytes: Uint8Array | string, name?: string, type?: string];

/** A form as it is sent: of parts with a name a file. `tail`: what follows the last part. */
function form(parts: readonly Part[], tail = "--b--\r\n"): Buffer {
  const written = parts.map(([field, bytes, name, type]) => {
    const file = name === undefined ? "" : `; filename="${name}"\r\ncontent-type: ${type}`;
    return Buffer.concat([
      Buffer.from(`--b\r\ncontent-disposition: form-data; name="${field}"${file}\r\n\r\n`),
      Buffer.from(bytes),
      Buffer.from("\r\n"),
    ]);
  });
  return Buffer.concat([...written, Buffer.from(tail)]);
}
const text = (name: string, bytes: Uint8Array | string, field = "photos"): Part => [field, bytes, name, "text/plain"];
const read = (name: string, bytes: string | Buffer) => ({ name, size: bytes.length, sha256: sha256(bytes) });
const large = (fill: string) => Buffer.alloc(800_000, fill);
const headers = { "content-type": "multipart/form-data; boundary=b" };

describe("several files in one upload", () => {
  let served: Served;
  before(async () => {
    served = await serve([album, optional], { http: { documents: true } });
  });
  after(() => served[Symbol.asyncDispose]());

  const three = [text("a.txt", large("a")), text("b.txt", large("b")), text("c.txt", "c")];
  const firstAndLast = [read("a.txt", large("a")), read("c.txt", "c")];
  const cases: readonly (readonly [why: string, how: string, files: readonly Part[], status: number, is: unknown, tail?: string])[] = [
    ["one file", "all", [text("a.txt", "a")], 200, [read("a.txt", "a")]],
    ["large and small files", "all", three, 200, [read("a.txt", large("a")), read("b.txt", large("b")), read("c.txt", "c")]],
    [
      "an empty file among others",
      "all",
      [text("a.txt", "a"), text("b.txt", ""), text("c.txt", "c")],
      200,
      [read("a.txt", "a"), read("b.txt", ""), read("c.txt", "c")],
    ],
    ["a file that is passed over", "all but the second", three, 200, firstAndLast],
    [
      "small ones, of which one is passed over",
      "all but the second",
      [text("a.txt", "a"), text("b.txt", "b"), text("c.txt", "c")],
      200,
      [read("a.txt", "a"), read("c.txt", "c")],
    ],
    [
      "files that are left early",
      "one piece of each",
      three,
      200,
      ["a.txt", "b.txt", "c.txt"].map((name) => ({ name, size: 0, sha256: "" })),
    ],
    ["files behind the one that is wanted", "the first alone", three, 200, [read("a.txt", large("a"))]],
    ["files that no handler reads", "none", three, 200, []],
    ["a file that is read too late", "the first when the second has come", three, 500, "internal"],
    ["no file", "all", [], 400, "invalid_input"],
    ["no file chosen", "all", [["photos", "", "", "application/octet-stream"]], 400, "invalid_input"],
    [
      "as many as there may be",
      "all",
      Array.from({ length: filesMax }, () => text("a.txt", "a")),
      200,
      Array.from({ length: filesMax }, () => read("a.txt", "a")),
    ],
    ["one too many", "all", Array.from({ length: filesMax + 1 }, () => text("a.txt", "a")), 413, "too_many_values"],
    ["a second file that is too large", "all", [text("a.txt", "a"), text("b.txt", Buffer.alloc(bytesMax + 1, "b"))], 413, "body_too_large"],
    ["files that are too large together", "all", [1, 2, 3].map(() => text("a.txt", Buffer.alloc(900_000, "a"))), 413, "body_too_large"],
    ["a second file that is no PNG", "all", [text("a.txt", "a"), ["photos", "<script>", "b.png", "image/png"]], 415, "media_type_mismatch"],
    [
      "a second file of another type",
      "all",
      [text("a.txt", "a"), ["photos", "%PDF-1.7", "b.pdf", "application/pdf"]],
      415,
      "media_type_unsupported",
    ],
    ["a second file of another field", "all", [text("a.txt", "a"), text("b.txt", "b", "other")], 400, "invalid_input"],
    ["a field behind a file", "all", [text("a.txt", "a"), ["title", "x"]], 400, "malformed_multipart"],
    ["a form that is cut behind the second file", "all", [text("a.txt", "a"), text("b.txt", "b")], 400, "malformed_multipart", "--b"],
  ];
  for (const [why, how, files, status, is, tail] of cases)
    it(`${why}: ${status}, over a connection and by fetch`, async () => {
      const body = new Uint8Array(form([["how", how], ...files], tail));
      for (const response of [
        await fetch(`http://127.0.0.1:${served.port}/albums`, { method: "POST", headers, body }),
        await served.app.fetch(new Request("http://t/albums", { method: "POST", headers, body })),
      ]) {
        const json = (await response.json()) as { readonly type: string; readonly read: unknown };
        assert.equal(response.status, status, JSON.stringify(json));
        if (typeof is === "string") assert.equal(json.type, `urn:plimsoll:${is}`);
        else assert.deepEqual(json.read, is);
      }
    });

  it("may be left out where they are optional", async () => {
    const body = new Uint8Array(form([["photos", "", "", "application/octet-stream"]]));
    const response = await fetch(`http://127.0.0.1:${served.port}/optional`, { method: "POST", headers, body });
    assert.deepEqual([response.status, await response.json()], [200, { read: [] }]);
  });

  it("are refused by their declared length, before they come", async () => {
    const wire = await served.wire();
    const head = `POST /albums HTTP/1.1\r\nhost: t\r\ncontent-type: ${headers["content-type"]}\r\ncontent-length: ${totalBytesMax + 10_000_000}\r\n\r\n`;
    const response = await wire.ask(head);
    assert.deepEqual([response.status, response.headers.connection], [413, "close"]);
    wire.close();
  });

  it("come whole in pieces of any size", async () => {
    const body = form([["how", "all"], text("a.txt", "\r\n--"), text("b.txt", "--b-"), text("c.txt", "c".repeat(2_000))]);
    for (const size of [1, 7, 1_500]) {
      const wire = await served.wire();
      wire.send(`POST /albums HTTP/1.1\r\nhost: t\r\ncontent-type: ${headers["content-type"]}\r\ncontent-length: ${body.length}\r\n\r\n`);
      for (let at = 0; at < body.length; at += size) {
        wire.send(body.subarray(at, at + size));
        if (at % 64 === 0) await new Promise((resolve) => void setImmediate(resolve));
      }
      const expected = [read("a.txt", "\r\n--"), read("b.txt", "--b-"), read("c.txt", "c".repeat(2_000))];
      assert.deepEqual((await wire.next())?.json.read, expected, `${size} bytes`);
      wire.close();
    }
  });

  it("are in the OpenAPI document", async () => {
    const { paths, components } = (await served.ask("GET", "/openapi.json")).json;
    const { requestBody, responses } = paths["/albums"].post;
    const { schema, encoding } = requestBody.content["multipart/form-data"];
    const { properties, required } = components.schemas[schema.$ref.split("/").at(-1)];
    const items = { type: "string", format: "binary", maxLength: bytesMax };
    assert.deepEqual(properties.photos, { type: "array", minItems: 1, maxItems: filesMax, items });
    assert.deepEqual(required, ["how", "photos"]);
    assert.deepEqual(encoding, { photos: { contentType: "image/png, text/*" } });
    assert.ok(["413", "415"].every((status) => Object.keys(responses).includes(status)));
  });
});

describe("several files on their way", () => {
  /** Serves files whose handler takes the next one, and each one's bytes, when the test says. */
  async function stepped() {
    const begun = gate();
    const go = gate();
    const ended = gate<unknown>();
    const take = action("t.take", {
      ...{ ...common, input: z.object({ files: uploads({ filesMax: 900, bytesMax: 20_000_000 }) }) },
      http: { route: "POST /take", body: "multipart" },
      async run({ files }) {
        begun.open();
        await go.opened;
        try {
          const read = await readings.all!(files);
          ended.open(undefined);
          return { read };
        } catch (error) {
          ended.open(error);
          throw error;
        }
      },
    });
    return { begun: begun.opened, go: () => go.open(), ended: ended.opened, take, served: await serve([take]) };
  }
  const head = (length: number) =>
    `POST /take HTTP/1.1\r\nhost: t\r\ncontent-type: ${headers["content-type"]}\r\ncontent-length: ${length}\r\n\r\n`;
  const turns = async () => {
    for (let turn = 0; turn < 1_000; turn++) await new Promise((resolve) => void setImmediate(resolve));
  };

  for (const [why, file, count] of [
    ["large", Buffer.alloc(10_000_000, "0123456789"), 3],
    // Each is shorter than what is kept of one.
    ["many", Buffer.alloc(30_000, "0123456789"), 900],
  ] as const)
    it(`wait for their handler where they are ${why}, and come whole`, async () => {
      const { served: app, begun, go } = await stepped();
      await using served = app;
      const body = form(Array.from({ length: count }, () => text("a.txt", file, "files")));
      const wire = await served.wire();
      wire.send(head(body.length)).send(body);
      await begun;
      // Long enough for all of it to be read, if nothing held it back.
      await turns();
      assert.ok(wire.socket.writableLength > 0, "the server read on, and no handler took it");
      go();
      const { json } = (await wire.next()) ?? assert.fail("no response came");
      assert.deepEqual(json.read, Array(count).fill(read("a.txt", file)));
      wire.close();
    });

  it("are cancelled when their client leaves in the second one", async () => {
    const { served: app, begun, go, ended, take } = await stepped();
    await using served = app;
    const done = served.executed(take);
    const body = form([text("a.txt", "a".repeat(2_000), "files"), text("b.txt", "b".repeat(5_000), "files")]);
    const wire = await served.wire();
    wire.send(head(body.length)).send(body.subarray(0, body.length - 3_000));
    await begun;
    go();
    await turns();
    wire.close();
    assert.equal(((await ended) as { readonly code?: string }).code, "cancelled");
    assert.equal((await done).outcome, "cancelled");
    await served.idle();
  });
});

it("what cannot take files is found when the app starts", async () => {
  const run = async () => ({ read: [] });
  const http = <B extends "raw" | "multipart">(path: string, body: B) => ({ route: `POST /${path}` as const, body });
  const operations = [
    action("t.raw", { ...common, input: z.object({ body: photos }), http: http("raw", "raw"), run }),
    action("t.two", { ...common, input: z.object({ photos, other: upload({ bytesMax: 1 }) }), http: http("two", "multipart"), run }),
    action("t.many", {
      ...common,
      input: z.object({ photos: uploads({ filesMax: 1_001, bytesMax: 1 }) }),
      http: http("many", "multipart"),
      run,
    }),
    action("t.bytes", {
      ...common,
      input: z.object({ photos: uploads({ filesMax: 2, bytesMax: 0 }) }),
      http: http("bytes", "multipart"),
      run,
    }),
    action("t.total", {
      ...common,
      input: z.object({ photos: uploads({ filesMax: 2, bytesMax: 9, totalBytesMax: 0.5 }) }),
      http: http("total", "multipart"),
      run,
    }),
  ];
  await assert.rejects(serve(operations), ({ message }: Error) => {
    for (const part of [
      "t.raw: input.body: It is uploads()",
      "t.two: input.other: An input has one field of files",
      "t.many: input.photos: filesMax is 1001",
      "t.bytes: input.photos: bytesMax is 0",
      "t.total: input.photos: totalBytesMax is 0.5",
    ])
      assert.ok(message.includes(part), `${part} is missing in ${message}`);
    return true;
  });
});

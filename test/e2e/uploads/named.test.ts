import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { after, before, describe, it } from "node:test";
import { type NamedUploads, namedUploads, type Upload, uploads } from "plimsoll";
import { z } from "zod";
import { action } from "../../../src/operation/online/action.ts";
import { gate, type Served, serve } from "../http/app.ts";

const files = namedUploads({
  photo: { bytesMax: 1_000_000, types: ["image/png"] },
  contract: { bytesMax: 200_000, types: ["application/pdf"] },
  proofs: { filesMax: 2, bytesMax: 100_000, types: ["text/*"], optional: true },
});
type Field = "photo" | "contract" | "proofs";
const Read = z.object({ field: z.string(), name: z.string(), size: z.int(), sha256: z.string() });
const common = { output: z.object({ read: z.array(Read) }), access: "public", idempotent: "natural", budget: "20s" } as const;

const sha256 = (bytes: Uint8Array | string) => createHash("sha256").update(bytes).digest("hex");
async function digest(field: Field, file: Upload): Promise<z.infer<typeof Read>> {
  const hash = createHash("sha256");
  for await (const bytes of file) hash.update(bytes);
  return { field, name: file.name ?? "", size: file.size, sha256: hash.digest("hex") };
}
async function all(files: NamedUploads<Field>) {
  const read: z.infer<typeof Read>[] = [];
  for await (const { field, file } of files) {
    // Each has the bounds of its field, and its type is narrowed to one of the names.
    if (field === "proofs") read.push(await digest(field, file));
    else read.unshift(await digest(field, file));
  }
  return read;
}
const counted: Readonly<Record<Field, number>>[] = [];
const apply = action("t.apply", {
  ...{ ...common, input: z.object({ name: z.string(), files }), http: { route: "POST /applications", body: "multipart" } },
  run: async ({ name, files }) => {
    const read = name === "reads none" ? [] : name === "reads one" ? await first(files) : await all(files);
    counted.push(files.counts);
    return { read };
  },
});
async function first(files: NamedUploads<Field>) {
  for await (const { field, file } of files) {
    // @ts-expect-error: the names are known, and this is none of them.
    assert.ok(field !== "passport");
    return [await digest(field, file)];
  }
  return [];
}
const optional = action("t.optional", {
  ...{ ...common, input: z.object({ files: namedUploads({ photo: { bytesMax: 10, optional: true } }) }) },
  http: { route: "POST /optional", body: "multipart" },
  run: async ({ files }) => {
    const read = [];
    for await (const { field, file } of files) read.push(await digest(field, file));
    return { read };
  },
});

type Part = readonly [field: string, bytes: Uint8Array | string, name?: string, type?: string];
function form(parts: readonly Part[], tail = "--b--\r\n"): Buffer<ArrayBuffer> {
  const written = parts.map(([field, bytes, name, type]) => {
    const file = name === undefined ? "" : `; filename="${name}"\r\ncontent-type: ${type}`;
    const head = `--b\r\ncontent-disposition: form-data; name="${field}"${file}\r\n\r\n`;
    return Buffer.concat([Buffer.from(head), Buffer.from(bytes), Buffer.from("\r\n")]);
  });
  return Buffer.concat([...written, Buffer.from(tail)]);
}
const png = (bytes: number, fill = "p") => Buffer.concat([Buffer.from("\x89PNG\r\n\x1a\n", "latin1"), Buffer.alloc(bytes - 8, fill)]);
const pdf = (bytes: number) => Buffer.concat([Buffer.from("%PDF-1.7\n"), Buffer.alloc(bytes - 9, "c")]);
const photo = (bytes = 2_000): Part => ["photo", png(bytes), "me.png", "image/png"];
const contract = (bytes = 3_000): Part => ["contract", pdf(bytes), "signed.pdf", "application/pdf"];
const proof = (text: string): Part => ["proofs", text, "proof.txt", "text/plain"];
const read = ([field, bytes, name = ""]: Part) => ({ field, name, size: bytes.length, sha256: sha256(bytes) });
const headers = { "content-type": "multipart/form-data; boundary=b" };

describe("files of different meaning in one upload", () => {
  let served: Served;
  before(async () => {
    served = await serve([apply, optional], { http: { documents: true } });
  });
  after(() => served[Symbol.asyncDispose]());

  const both = [photo(900_000), contract(150_000)];
  const pointers = (...all: string[]) => all.map((pointer) => ({ pointer }));
  const cases: readonly (readonly [why: string, parts: readonly Part[], status: number, is: unknown, tail?: string])[] = [
    ["in the order of their declaration", both, 200, [read(contract(150_000)), read(photo(900_000))]],
    ["in another order", [...both].reverse(), 200, [read(photo(900_000)), read(contract(150_000))]],
    [
      "with a list between them",
      [proof("one"), photo(), proof("two"), contract()],
      200,
      [read(contract()), read(photo()), read(proof("one")), read(proof("two"))],
    ],
    ["none of them read", [["name", "reads none"], ...both], 200, []],
    ["one of them read", [["name", "reads one"], ...both], 200, [read(photo(900_000))]],
    [
      "an empty file for what may be left out",
      [["proofs", "", "", "application/octet-stream"], photo(), contract()],
      200,
      [read(contract()), read(photo())],
    ],
    ["one missing at the end", [photo()], 400, pointers("/contract")],
    [
      "one missing that nothing has been chosen for",
      [photo(), ["contract", "", "", "application/octet-stream"]],
      400,
      pointers("/contract"),
    ],
    ["all missing", [], 400, pointers("/photo", "/contract")],
    ["one that comes twice", [photo(), photo(), contract()], 400, pointers("/photo")],
    ["a second one at the end", [photo(), contract(), contract()], 400, pointers("/contract")],
    ["more of a list than it takes", [photo(), proof("1"), proof("2"), proof("3")], 413, "too_many_values"],
    ["a file of a field that takes none", [photo(), contract(), ["other", "x", "x.txt", "text/plain"]], 400, pointers("/other")],
    ["a file by the name of the input's field", [photo(), ["files", "x", "x.txt", "text/plain"], contract()], 400, pointers("/files")],
    ["a text in the place of a file", [["photo", "a text"], contract()], 400, pointers("/photo")],
    ["a field behind a file", [photo(), ["other", "late"], contract()], 400, "malformed_multipart"],
    ["one that is larger than its own field takes", [photo(), contract(200_001)], 413, "body_too_large"],
    ["one as large as another field takes", [["contract", pdf(900_000), "c.pdf", "application/pdf"], photo()], 413, "body_too_large"],
    ["one of the type of another field", [["contract", png(2_000), "c.png", "image/png"], photo()], 415, "media_type_unsupported"],
    ["a second one that is not what it says", [photo(), ["contract", "<script>", "c.pdf", "application/pdf"]], 415, "media_type_mismatch"],
    ["a form that is cut", both, 400, "malformed_multipart", "--b"],
  ];
  for (const [why, parts, status, is, tail] of cases)
    it(`${why}: ${status}, over a connection and by fetch`, async () => {
      const named = parts.some(([field]) => field === "name");
      const body = form([...(named ? [] : [["name", "reads all"] as const]), ...parts], tail);
      for (const response of [
        await fetch(`http://127.0.0.1:${served.port}/applications`, { method: "POST", headers, body }),
        await served.app.fetch(new Request("http://t/applications", { method: "POST", headers, body })),
      ]) {
        const json = (await response.json()) as { readonly type: string; readonly read: unknown; readonly problems: { pointer: string }[] };
        assert.equal(response.status, status, JSON.stringify(json));
        if (typeof is === "string") assert.equal(json.type, `urn:plimsoll:${is}`);
        else if (status === 200) assert.deepEqual(json.read, is);
        else
          assert.deepEqual(
            json.problems.map(({ pointer }) => ({ pointer })),
            is,
          );
      }
    });

  it("counts the files of each field", async () => {
    counted.length = 0;
    const body = form([["name", "reads all"], proof("one"), photo(), contract(), proof("two")]);
    await fetch(`http://127.0.0.1:${served.port}/applications`, { method: "POST", headers, body });
    assert.deepEqual(counted, [{ photo: 1, contract: 1, proofs: 2 }]);
  });

  it("may all be left out where all are optional, also with the body", async () => {
    for (const init of [{ headers, body: form([]) }, { headers, body: form([["photo", "", "", ""]]) }, {}]) {
      const response = await fetch(`http://127.0.0.1:${served.port}/optional`, { method: "POST", ...init });
      assert.deepEqual([response.status, await response.json()], [200, { read: [] }]);
    }
    const empty = await fetch(`http://127.0.0.1:${served.port}/applications`, { method: "POST" });
    const { problems } = (await empty.json()) as { readonly problems: { readonly pointer: string }[] };
    assert.deepEqual([empty.status, problems.map(({ pointer }) => pointer)], [400, ["/photo", "/contract"]]);
  });

  it("come whole in pieces of any size", async () => {
    const parts = [proof("\r\n--"), photo(3_000), proof("--b-"), contract(2_000)];
    const body = form([["name", "reads all"], ...parts]);
    for (const size of [1, 7, 1_500]) {
      const wire = await served.wire();
      wire.send(
        `POST /applications HTTP/1.1\r\nhost: t\r\ncontent-type: ${headers["content-type"]}\r\ncontent-length: ${body.length}\r\n\r\n`,
      );
      for (let at = 0; at < body.length; at += size) {
        wire.send(body.subarray(at, at + size));
        if (at % 64 === 0) await new Promise((resolve) => void setImmediate(resolve));
      }
      const expected = [read(contract(2_000)), read(photo(3_000)), read(proof("\r\n--")), read(proof("--b-"))];
      assert.deepEqual((await wire.next())?.json.read, expected, `${size} bytes`);
      wire.close();
    }
  });

  it("are refused by their declared length, before they come", async () => {
    const wire = await served.wire();
    const head = `POST /applications HTTP/1.1\r\nhost: t\r\ncontent-type: ${headers["content-type"]}\r\ncontent-length: 10000000\r\n\r\n`;
    const { status, json } = await wire.ask(head);
    assert.deepEqual([status, json.details.value], [413, 1_000_000 + 200_000 + 2 * 100_000]);
    wire.close();
  });

  it("are fields of the form in the OpenAPI document", async () => {
    const { paths, components } = (await served.ask("GET", "/openapi.json")).json;
    const { requestBody, responses } = paths["/applications"].post;
    const { schema, encoding } = requestBody.content["multipart/form-data"];
    const { properties, required } = components.schemas[schema.$ref.split("/").at(-1)];
    const binary = (maxLength: number) => ({ type: "string", format: "binary", maxLength });
    assert.deepEqual(properties, {
      name: { type: "string", maxLength: 16_384 },
      photo: binary(1_000_000),
      contract: binary(200_000),
      proofs: { type: "array", minItems: 1, maxItems: 2, items: binary(100_000) },
    });
    assert.deepEqual(required, ["name", "photo", "contract"]);
    const contentType = (type: string) => ({ contentType: type });
    assert.deepEqual(encoding, {
      photo: contentType("image/png"),
      contract: contentType("application/pdf"),
      proofs: contentType("text/*"),
    });
    assert.ok(["413", "415"].every((status) => Object.keys(responses).includes(status)));
  });

  it("end with the faults of files in the OpenAPI document", async () => {
    const { paths, components } = (await served.ask("GET", "/openapi.json")).json;
    const { responses } = paths["/applications"].post;
    // Another content type is 415 as well, and a request that is late 408: so each is looked for by its own problem.
    for (const [status, name] of Object.entries({ 408: "UploadTooSlow", 415: "FileTypeMismatch" })) {
      const { content } = components.responses[responses[status].$ref.split("/").at(-1)];
      const problems: { $ref: string }[] = content["application/problem+json"].schema.oneOf;
      assert.ok(
        problems.some(({ $ref }) => $ref === `#/components/schemas/${name}Problem`),
        `${status} without ${name}`,
      );
    }
  });
});

it("the second of two files waits until its handler asks for it, and ends with the client", async () => {
  const [begun, ended] = [gate(), gate<unknown>()];
  const go = gate();
  const take = action("t.take", {
    ...{ ...common, input: z.object({ files: namedUploads({ photo: { bytesMax: 20_000_000 }, contract: { bytesMax: 20_000_000 } }) }) },
    http: { route: "POST /take", body: "multipart" },
    async run({ files }) {
      begun.open();
      await go.opened;
      try {
        for await (const { field, file } of files) await digest(field, file);
      } catch (error) {
        ended.open(error);
        throw error;
      }
      return { read: [] };
    },
  });
  await using served = await serve([take]);
  const done = served.executed(take);
  const body = form([photo(10_000_000), ["contract", Buffer.alloc(10_000_000, "c"), "c.bin", "application/octet-stream"]]);
  const wire = await served.wire();
  wire.send(`POST /take HTTP/1.1\r\nhost: t\r\ncontent-type: ${headers["content-type"]}\r\ncontent-length: ${body.length}\r\n\r\n`);
  wire.send(body.subarray(0, body.length - 3_000));
  await begun.opened;
  assert.ok(wire.socket.writableLength > 0, "the server read on, and no handler took it");
  go.open();
  while (wire.socket.writableLength > 0) await new Promise((resolve) => void setImmediate(resolve));
  wire.close();
  assert.equal(((await ended.opened) as { readonly code?: string }).code, "cancelled");
  assert.equal((await done).outcome, "cancelled");
  await served.idle();
});

it("what cannot take such files is found when the app starts", async () => {
  const run = async () => ({ read: [] });
  const one = { bytesMax: 1 };
  const http = <B extends "raw" | "multipart" | "json">(path: string, body: B) => ({ route: `POST /${path}` as const, body });
  const operations = [
    action("t.json", { ...common, input: z.object({ files: namedUploads({ a: one }) }), http: http("json", "json"), run }),
    action("t.none", { ...common, input: z.object({ files: namedUploads({}) }), http: http("none", "multipart"), run }),
    action("t.same", {
      ...common,
      input: z.object({ a: z.string(), files: namedUploads({ a: one }) }),
      http: http("same", "multipart"),
      run,
    }),
    action("t.own", { ...common, input: z.object({ files: namedUploads({ files: one }) }), http: http("own", "multipart"), run }),
    action("t.two", {
      ...{ ...common, input: z.object({ files: namedUploads({ a: one }), photos: uploads({ filesMax: 1, bytesMax: 1 }) }) },
      ...{ http: http("two", "multipart"), run },
    }),
    action("t.bounds", {
      ...common,
      input: z.object({
        files: namedUploads({ a: { bytesMax: 0 }, b: { bytesMax: 1, filesMax: 1_001 }, c: { bytesMax: 1, types: ["PNG/*"] } }),
      }),
      ...{ http: http("bounds", "multipart"), run },
    }),
  ];
  await assert.rejects(serve(operations), ({ message }: Error) => {
    for (const part of [
      "t.json: input.files: It is namedUploads()",
      "t.none: input.files: namedUploads({}) takes no file",
      't.same: input.files: The form would have a file "a" and another field',
      't.own: input.files: The form would have a file "files" and another field',
      "t.two: input.photos: An input has one field of files",
      "t.bounds: input.files.a: bytesMax is 0",
      "t.bounds: input.files.b: filesMax is 1001",
      't.bounds: input.files.c: "PNG/*" is not a media type',
    ])
      assert.ok(message.includes(part), `${part} is missing in ${message}`);
    return true;
  });
});

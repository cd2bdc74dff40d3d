import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { Fault } from "../../../src/core/fault.ts";
import { boundaryOf } from "../../../src/http/uploads/boundary.ts";
import { MultipartParser } from "../../../src/http/uploads/multipart.ts";
import type { PartHead } from "../../../src/http/uploads/part-head.ts";

const boundary = "x-BOUNDARY";

interface Part extends PartHead {
  readonly body: Buffer;
}

/** Reads a body that comes in pieces. */
function read(pieces: readonly Uint8Array[], { parts = 100, headBytes = 1_000 } = {}): Part[] {
  const found: { head: PartHead; bodies: Buffer[]; isOver: boolean }[] = [];
  const sink = {
    part: (head: PartHead) => void found.push({ head, bodies: [], isOver: false }),
    data: (bytes: Uint8Array) => {
      assert.ok(bytes.length > 0 && found.at(-1)?.isOver === false);
      found.at(-1)?.bodies.push(Buffer.from(bytes));
    },
    partEnd: () => {
      const last = found.at(-1);
      assert.equal(last?.isOver, false);
      if (last !== undefined) last.isOver = true;
    },
  };
  const parser = new MultipartParser(boundary, { sink, bounds: { parts, headBytes } });
  for (const piece of pieces) parser.push(piece);
  parser.end();
  return found.map(({ head, bodies }) => ({ ...head, body: Buffer.concat(bodies) }));
}

const file = ([name, fileName, type]: readonly [string, string, string], body: string) =>
  Buffer.concat([
    Buffer.from(`--${boundary}\r\nContent-Disposition: form-data; name="${name}"; filename="${fileName}"\r\nContent-Type: ${type}\r\n\r\n`),
    Buffer.from(body),
    Buffer.from("\r\n"),
  ]);
const field = (name: string, value: string) =>
  Buffer.from(`--${boundary}\r\ncontent-disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`);
const last = Buffer.from(`--${boundary}--\r\n`);
const whole = (...parts: readonly Buffer[]) => Buffer.concat([...parts, last]);

/** Bodies that are full of what begins like a delimiter. */
const tricky = fc
  .array(fc.constantFrom("\r", "\n", "-", "--", "\r\n", "\r\n--", `\r\n--${boundary.slice(0, -1)}`, "\r\n--x-", "x", "\0"), {
    maxLength: 12,
  })
  .map((texts) => texts.join(""));

describe("a multipart body", () => {
  it("is what FormData writes", async () => {
    const form = new FormData();
    form.append("title", 'a "title"\nof lines');
    form.append("photo", new File([new Uint8Array([0, 13, 10, 45, 45, 255])], 'é "1".png', { type: "image/png" }));
    const response = new Response(form);
    const sent = boundaryOf(response.headers.get("content-type") ?? "");
    const bytes = Buffer.from(await response.arrayBuffer());
    const own = Buffer.from(bytes.toString("latin1").replaceAll(sent ?? "", boundary), "latin1");
    assert.deepEqual(read([own]), [
      { name: "title", fileName: undefined, type: undefined, body: Buffer.from('a "title"\r\nof lines') },
      { name: "photo", fileName: 'é "1".png', type: "image/png", body: Buffer.from([0, 13, 10, 45, 45, 255]) },
    ]);
  });

  it("is read alike wherever it is cut, in two and byte by byte", () =>
    fc.assert(
      fc.property(tricky, tricky, (one, two) => {
        const body = whole(field("a", one), file(["f", "n", "text/plain"], two));
        const expected = [
          { name: "a", fileName: undefined, type: undefined, body: Buffer.from(one) },
          { name: "f", fileName: "n", type: "text/plain", body: Buffer.from(two) },
        ];
        for (let at = 0; at <= body.length; at++)
          assert.deepEqual(read([body.subarray(0, at), body.subarray(at)]), expected, `cut at ${at}`);
        assert.deepEqual(read(Array.from(body, (_, at) => body.subarray(at, at + 1))), expected);
      }),
      { numRuns: 30 },
    ));

  it("is read alike in any pieces", () =>
    fc.assert(
      fc.property(tricky, fc.array(fc.nat(9), { minLength: 1, maxLength: 30 }), (text, sizes) => {
        const body = whole(file(["f", "n", "a/b"], text), field("z", text));
        const pieces: Buffer[] = [];
        for (let at = 0, turn = 0; at < body.length; turn++) {
          const size = sizes[turn % sizes.length]! + 1;
          pieces.push(body.subarray(at, at + size));
          at += size;
        }
        assert.deepEqual(
          read(pieces).map((part) => String(part.body)),
          [text, text],
        );
      }),
    ));

  const head = (lines: string) => Buffer.from(`--${boundary}\r\n${lines}\r\n\r\nx\r\n`);
  const refused: readonly (readonly [why: string, body: Buffer, sentence: RegExp])[] = [
    ["nothing", Buffer.alloc(0), /ends before/],
    ["another boundary", Buffer.from("--other\r\n"), /does not begin with its boundary/],
    ["a preamble", Buffer.concat([Buffer.from("hello\r\n"), whole(field("a", "b"))]), /does not begin/],
    ["an epilogue", Buffer.concat([whole(field("a", "b")), Buffer.from("x")]), /more behind/],
    ["two line breaks at its end", Buffer.concat([whole(field("a", "b")), Buffer.from("\r\n")]), /more behind/],
    ["half a line break at its end", whole(field("a", "b")).subarray(0, -1), /ends before/],
    ["no last boundary", field("a", "b"), /ends before/],
    ["a part that does not end", Buffer.from(`--${boundary}\r\nContent-Disposition: form-data; name="a"\r\n\r\nb`), /ends before/],
    ["blanks behind a boundary", Buffer.from(`--${boundary} \r\n`), /does not end its line/],
    ["a line feed alone", Buffer.from(`--${boundary}\nContent-Disposition: form-data; name="a"\n\nb`), /does not end its line/],
    ["no head", Buffer.from(`--${boundary}\r\n\r\nb\r\n\r\n`), /no header/],
    ["no disposition", head("Content-Type: text/plain"), /no "Content-Disposition: form-data"/],
    ["another disposition", head('Content-Disposition: attachment; name="a"'), /no "Content-Disposition/],
    ["no name", head('Content-Disposition: form-data; filename="a"'), /no name/],
    ["two names", head('Content-Disposition: form-data; name="a"; name="b"'), /twice/],
    ["two dispositions", head('Content-Disposition: form-data; name="a"\r\nContent-Disposition: form-data; name="b"'), /a header twice/],
    ["a name in two spellings", head(`Content-Disposition: form-data; name="a"; filename="b"; filename*=UTF-8''c`), /filename\*/],
    ["a quote that does not end", head('Content-Disposition: form-data; name="a'), /cannot be read/],
    ["a quote with a backslash", head('Content-Disposition: form-data; name="a\\"b"'), /cannot be read/],
    ["a folded line", head('Content-Disposition: form-data;\r\n name="a"'), /no header|cannot be read/],
    ["a zero in a name", head('Content-Disposition: form-data; name="a\0"'), /no header/],
    [
      "a name that is no UTF-8",
      Buffer.concat([
        Buffer.from(`--${boundary}\r\nContent-Disposition: form-data; name="`),
        Buffer.from([0xff]),
        Buffer.from('"\r\n\r\n'),
      ]),
      /not UTF-8/,
    ],
    ["base64", head('Content-Disposition: form-data; name="a"\r\nContent-Transfer-Encoding: base64'), /Content-Transfer-Encoding/],
    ["a head that does not end", Buffer.from(`--${boundary}\r\nx: ${"a".repeat(1_000)}`), /longer than 1000 bytes/],
    ["a head that is too long", head(`Content-Disposition: form-data; name="a"\r\nx: ${"a".repeat(1_000)}`), /longer than 1000 bytes/],
  ];
  for (const [why, body, sentence] of refused)
    it(`with ${why} is refused, wherever it is cut`, () => {
      for (let at = 0; at <= body.length; at++)
        assert.throws(
          () => read([body.subarray(0, at), body.subarray(at)]),
          (error) => error instanceof Fault && error.type === "malformed_multipart" && sentence.test(error.message),
        );
    });

  it("has no more parts than are allowed", () => {
    const body = whole(field("a", "1"), field("b", "2"), field("c", "3"));
    assert.equal(read([body], { parts: 3 }).length, 3);
    assert.throws(
      () => read([body], { parts: 2 }),
      (error) => error instanceof Fault && error.type === "too_many_values",
    );
  });

  it("is read or refused with a fault, whatever the bytes are", () => {
    const texts = fc.constantFrom(
      `--${boundary}`,
      "\r\n",
      "--",
      "content-disposition: form-data",
      "; name=",
      '"a"',
      ":",
      "\0",
      "\xff",
      " ",
    );
    fc.assert(
      fc.property(fc.array(texts, { maxLength: 20 }), (parts) => {
        try {
          read([Buffer.from(parts.join(""), "latin1")]);
        } catch (error) {
          assert.ok(error instanceof Fault, String(error));
        }
      }),
    );
  });

  const types: readonly (readonly [contentType: string | undefined, boundary: string | undefined])[] = [
    ["multipart/form-data; boundary=abc", "abc"],
    ['Multipart/Form-Data;boundary="a b?c"', "a b?c"],
    ["multipart/form-data; charset=utf-8; boundary=abc", "abc"],
    ["multipart/form-data; boundary=abc; charset=utf-8", "abc"],
    [`multipart/form-data; boundary=${"a".repeat(70)}`, "a".repeat(70)],
    [`multipart/form-data; boundary=${"a".repeat(71)}`, undefined],
    ["multipart/form-data; boundary=a; boundary=b", undefined],
    ['multipart/form-data; boundary="a "', undefined],
    ['multipart/form-data; boundary="a\\"b"', undefined],
    ["multipart/form-data; boundary=a{b", undefined],
    ["multipart/form-data; boundary=", undefined],
    ["multipart/form-data", undefined],
    ["multipart/mixed; boundary=a", undefined],
    ["multipart/form-datax; boundary=a", undefined],
    [undefined, undefined],
  ];
  for (const [contentType, expected] of types)
    it(`has ${expected?.slice(0, 10)} as the boundary of ${contentType?.slice(0, 60)}`, () =>
      assert.equal(boundaryOf(contentType), expected));
});

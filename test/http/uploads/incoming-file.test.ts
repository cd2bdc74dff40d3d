import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { limits } from "../../../src/core/limits.ts";
import { IncomingFile } from "../../../src/http/uploads/incoming-file.ts";

function incoming() {
  const asked = { drained: 0, dropped: 0 };
  const source = { drained: () => void asked.drained++, dropped: () => void asked.dropped++ };
  return { asked, file: new IncomingFile({ name: undefined, declaredType: undefined, type: "text/plain" }, source) };
}

const piece = (length = limits.uploadBufferBytes / 4) => new Uint8Array(length).fill(7);

describe("a file on its way to a handler", () => {
  it("is full at its bound, and asks for more when half of it was taken", async () => {
    const { file, asked } = incoming();
    for (let at = 0; at < 4; at++) {
      assert.equal(file.isFull, false);
      file.push(piece());
    }
    assert.equal(file.isFull, true);
    const reader = file[Symbol.asyncIterator]();
    for (const drained of [0, 0, 1]) {
      await reader.next();
      assert.equal(asked.drained, drained);
    }
  });

  it("counts a piece of a byte as more than a byte", () => {
    const { file } = incoming();
    let pieces = 0;
    for (; !file.isFull; pieces++) file.push(piece(1));
    assert.ok(pieces <= limits.uploadBufferBytes / 512);
  });

  it("frees each piece that was used, and no piece that shares its memory", async () => {
    const { file } = incoming();
    const [own, shared] = [piece(), piece().subarray(1)];
    file.push(own);
    file.push(shared);
    file.end();
    await file.each((bytes) => assert.equal(bytes[0], 7));
    assert.deepEqual([own.length, shared[0], file.size], [0, 7, limits.uploadBufferBytes / 2 - 1]);
  });

  it("gives its reader the error, and lets go of what waits", async () => {
    const { file } = incoming();
    file.push(piece());
    file.fail(new RangeError("cut"));
    await assert.rejects(file[Symbol.asyncIterator]().next(), /cut/);
  });

  it("is dropped by a reader that leaves, once, and is read once", async () => {
    const { file, asked } = incoming();
    file.push(piece());
    for await (const _ of file) break;
    file.push(piece());
    assert.deepEqual(asked.dropped, 1);
    assert.throws(() => file[Symbol.asyncIterator](), /read once/);
  });

  it("is a web stream", async () => {
    const { file } = incoming();
    file.push(new TextEncoder().encode("hello"));
    file.end();
    assert.equal(await new Response(file.stream()).text(), "hello");
  });
});

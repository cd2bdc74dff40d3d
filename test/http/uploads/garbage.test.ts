import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { runInNewContext } from "node:vm";
import { limits } from "../../../src/core/limits.ts";
import { IncomingFile } from "../../../src/http/uploads/incoming-file.ts";

const pieceBytes = 65_536;
const pieces = (6 * limits.uploadGarbageBytes) / pieceBytes;

/** A file of six times the garbage that is let lie. Each of its pieces has memory of its own, and its number in each byte. */
function large(): IncomingFile {
  let sent = 0;
  const file = new IncomingFile(
    { name: undefined, declaredType: undefined, type: "text/plain" },
    {
      drained() {
        if (sent < pieces) file.push(new Uint8Array(pieceBytes).fill(sent++));
        else file.end();
      },
      dropped: () => undefined,
    },
  );
  return file;
}

describe("what a handler has read of a file", () => {
  it("is collected while it reads", async () => {
    const before = process.memoryUsage().arrayBuffers;
    let most = 0;
    for await (const _ of large()) most = Math.max(most, process.memoryUsage().arrayBuffers - before);
    // What was collected is freed on another thread, while more is read.
    assert.ok(most < 4 * limits.uploadGarbageBytes, `${most} bytes waited for the garbage collector`);
  });

  it("is kept where the handler keeps it", async () => {
    const kept: Uint8Array[] = [];
    for await (const bytes of large()) kept.push(bytes);
    assert.equal(kept.length, pieces);
    for (const [at, bytes] of kept.entries()) assert.ok(bytes.length === pieceBytes && bytes.every((byte) => byte === at % 256));
  });

  it("adds no global, and leaves the flags of V8 as they were", async () => {
    for await (const _ of large());
    assert.deepEqual([typeof globalThis.gc, runInNewContext("typeof gc")], ["undefined", "undefined"]);
  });
});

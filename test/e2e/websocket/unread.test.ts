import assert from "node:assert/strict";
import { once } from "node:events";
import { describe, it } from "node:test";
import { z } from "zod";
import { action } from "../../../src/operation/online/action.ts";
import { type Served, serve } from "../http/app.ts";
import type { Wire } from "../http/client.ts";
import { frame } from "./frames.ts";

const Said = z.object({ text: z.string() });
const long = "x".repeat(500_000);
const floods = action("t.floods", {
  ...{ input: z.object({}), access: "public", idempotent: "no", budget: "2s", http: "GET /floods", stream: Said, receives: Said },
  async *run(_, { incoming }) {
    void (async () => {
      for await (const _said of incoming);
    })();
    for (;;) yield { text: long };
  },
});

async function open(served: Served): Promise<Wire> {
  const wire = await served.wire();
  const key = "dGhlIHNhbXBsZSBub25jZQ==";
  wire.send(
    `GET /floods HTTP/1.1\r\nhost: t\r\nupgrade: websocket\r\nconnection: Upgrade\r\nsec-websocket-key: ${key}\r\nsec-websocket-version: 13\r\n\r\n`,
  );
  await once(wire.socket, "data");
  wire.socket.pause();
  return wire;
}

describe("a WebSocket whose handler has items at hand", () => {
  it("ends where its client reads nothing, and the process serves others", { timeout: 30_000 }, async () => {
    await using served = await serve([floods], { http: { limits: { sendStallMs: 500 } } });
    const executed = served.executed(floods);
    const wire = await open(served);
    const talking = setInterval(() => wire.socket.write(frame(0x81, '{"text":"x"}')), 100);
    const { stream } = await executed;
    clearInterval(talking);
    wire.socket.destroy();
    // The stream of items and the connection look at it, each in its time.
    assert.ok(["unread", "left"].includes(stream?.ended ?? "still open"));
  });

  it("ends where its client closes it", { timeout: 30_000 }, async () => {
    await using served = await serve([floods]);
    const executed = served.executed(floods);
    const wire = await open(served);
    wire.socket.write(frame(0x88));
    wire.socket.resume();
    assert.equal((await executed).stream?.ended, "left");
    wire.socket.destroy();
  });
});

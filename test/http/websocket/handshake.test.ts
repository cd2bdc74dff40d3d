import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Fault } from "../../../src/core/fault.ts";
import { acceptOf, readHandshake } from "../../../src/http/websocket/handshake.ts";

const key = "dGhlIHNhbXBsZSBub25jZQ==";
const good = ["Host", "t", "Upgrade", "websocket", "Connection", "Upgrade", "Sec-WebSocket-Key", key, "Sec-WebSocket-Version", "13"];
const read = (lines: readonly string[], { method = "GET", isCurrent = true } = {}) => readHandshake({ method, isCurrent, lines });
/** The head with another value of one header, or without it. */
function changed(name: string, value: string | undefined): string[] {
  const at = good.indexOf(name);
  return value === undefined ? good.toSpliced(at, 2) : good.toSpliced(at + 1, 1, value);
}

describe("the handshake of a WebSocket (RFC 6455)", () => {
  it("accepts the key of the specification (§1.3)", () => assert.equal(acceptOf(key), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="));

  const accepted: readonly (readonly [section: string, lines: readonly string[]])[] = [
    ["§4.2.1: a plain one", good],
    ["§4.2.1: tokens in any case", changed("Upgrade", "WebSocket")],
    ["§4.2.1: Connection with other tokens", changed("Connection", "keep-alive, Upgrade")],
    ["§4.2.1: Upgrade with other protocols", changed("Upgrade", "h2c, websocket")],
    ["§9.1: extensions that are offered, and not taken", [...good, "Sec-WebSocket-Extensions", "permessage-deflate"]],
  ];
  for (const [section, lines] of accepted) it(`takes ${section}`, () => assert.deepEqual(read(lines), { key, protocols: [] }));

  it("reads subprotocols over several lines, in their order (§11.3.4)", () => {
    const lines = [...good, "Sec-WebSocket-Protocol", "chat.v2, chat", "Sec-WebSocket-Protocol", "old"];
    assert.deepEqual(read(lines), { key, protocols: ["chat.v2", "chat", "old"] });
  });

  const refused: readonly (readonly [section: string, lines: readonly string[], status?: number])[] = [
    ["§4.2.1: no Upgrade", changed("Upgrade", undefined), 426],
    ["§4.2.1: Upgrade to another protocol", changed("Upgrade", "h2c"), 426],
    ["§4.2.1: no Connection", changed("Connection", undefined)],
    ["§4.2.1: Connection without the token", changed("Connection", "keep-alive")],
    ["§4.2.1: no key", changed("Sec-WebSocket-Key", undefined)],
    ["§4.2.1: a key of 15 bytes", changed("Sec-WebSocket-Key", Buffer.alloc(15).toString("base64"))],
    ["§4.2.1: a key of 17 bytes", changed("Sec-WebSocket-Key", Buffer.alloc(17).toString("base64"))],
    ["§4.2.1: a key that is not canonical base64", changed("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZR==")],
    ["§11.3.1: two keys", [...good, "Sec-WebSocket-Key", key]],
    ["§4.4: no version", changed("Sec-WebSocket-Version", undefined), 426],
    ["§4.4: version 8", changed("Sec-WebSocket-Version", "8"), 426],
    ["§4.4: a list of versions", changed("Sec-WebSocket-Version", "13, 8"), 426],
    ["§11.3.5: two versions", [...good, "Sec-WebSocket-Version", "13"], 426],
    ["§4.1: a subprotocol that is not a token", [...good, "Sec-WebSocket-Protocol", "a b"]],
    ["§4.1: a subprotocol twice", [...good, "Sec-WebSocket-Protocol", "a, a"]],
  ];
  for (const [section, lines, status] of refused)
    it(`refuses ${section}`, () => {
      const fault = read(lines);
      assert.ok(fault instanceof Fault);
      const type = status === 426 ? "websocket_required" : "websocket_handshake_invalid";
      assert.deepEqual([fault.type, fault.status], [type, status]);
    });

  for (const [what, request] of [
    ["another method", { method: "POST" }],
    ["HTTP/1.0", { isCurrent: false }],
  ] as const)
    it(`refuses ${what} (§4.2.1)`, () => assert.ok(read(good, request) instanceof Fault));
});

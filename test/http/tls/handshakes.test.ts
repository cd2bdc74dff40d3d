import assert from "node:assert/strict";
import type { Socket } from "node:net";
import { it } from "node:test";
import { limits } from "../../../src/core/limits.ts";
import { Handshakes } from "../../../src/http/tls/handshakes.ts";

const late = limits.handshakeStallMs + 1;

/** As much of a socket as is looked at. */
function socket(): Socket & { readonly wasDestroyed: () => boolean } {
  let destroyed = false;
  const made = {
    destroy: () => {
      destroyed = true;
    },
    wasDestroyed: () => destroyed,
  };
  return made as never;
}

it("a full server refuses a new handshake while the others are young", () => {
  const handshakes = new Handshakes({ handshakes: 2, handshakesPerAddress: 2 });
  const first = socket();
  assert.ok(handshakes.begins(first, "a", 0));
  assert.ok(handshakes.begins(socket(), "b", 0));
  assert.ok(!handshakes.begins(socket(), "c", late - 2));
  handshakes.ended(first);
  assert.ok(handshakes.begins(socket(), "c", late - 2));
  assert.equal(handshakes.lines[0]!.refusals.find(({ reason }) => reason === "full")?.refused, 1);
});

it("the oldest of the address with the most gives way once it has lasted long", () => {
  const handshakes = new Handshakes({ handshakes: 3, handshakesPerAddress: 3 });
  const [alone, oldest, younger] = [socket(), socket(), socket()];
  assert.ok(handshakes.begins(alone, "a", 0));
  assert.ok(handshakes.begins(oldest, "b", 1));
  assert.ok(handshakes.begins(younger, "b", 2));
  assert.ok(handshakes.begins(socket(), "c", late + 2));
  assert.deepEqual(
    [alone, oldest, younger].map((one) => one.wasDestroyed()),
    [false, true, false],
  );
  assert.equal(handshakes.size, 3);
});

it("those of a proxy count for all, and for no address", () => {
  const handshakes = new Handshakes({ handshakes: 3, handshakesPerAddress: 1 });
  assert.ok(handshakes.begins(socket(), undefined, 0));
  assert.ok(handshakes.begins(socket(), undefined, 0));
  assert.ok(handshakes.begins(socket(), "a", 0));
  assert.ok(!handshakes.begins(socket(), undefined, 0));
});

it("measure refuses none, and counts those that it would have refused", () => {
  const handshakes = new Handshakes({ handshakes: 1, handshakesPerAddress: 1 });
  for (const line of handshakes.lines) line.mode = "measure";
  for (let i = 0; i < 3; i++) assert.ok(handshakes.begins(socket(), "a", late * i));
  assert.equal(handshakes.lines[1]!.refusals[0]?.measured, 2);
});

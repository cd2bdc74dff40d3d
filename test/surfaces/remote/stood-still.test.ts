// A caller that stands still itself, as for a long turn of its own, takes no callee for silent.
import assert from "node:assert/strict";
import { EventEmitter, once } from "node:events";
import type { ClientHttp2Session } from "node:http2";
import { it } from "node:test";
import { Connection } from "../../../src/remote/connection/connection.ts";

const standStill = (ms: number): void => {
  const until = performance.now() + ms;
  while (performance.now() < until);
};

/** The session of a callee; `onPing` says when it replies. */
class FakeSession extends EventEmitter {
  closed = false;
  destroyed = false;
  readonly remoteSettings = {};
  pings = 0;
  readonly #onPing: (reply: () => void, session: FakeSession) => void;
  constructor(onPing: (reply: () => void, session: FakeSession) => void) {
    super();
    this.#onPing = onPing;
  }
  request(): EventEmitter {
    return new EventEmitter();
  }
  ping(reply: () => void): void {
    this.pings++;
    this.#onPing(reply, this);
    this.emit("pinged");
  }
  destroy(): void {
    this.destroyed = true;
    this.emit("close");
  }
}

it("a callee whose sign of life was not read yet is not given up", async () => {
  // The reply is there when the process continues, and is read after its timers.
  const session = new FakeSession((reply, { pings }) => {
    if (pings > 1) return reply();
    setImmediate(() => {
      standStill(1_500);
      setImmediate(reply);
    });
  });
  new Connection(session as unknown as ClientHttp2Session).begin({});
  await once(session, "pinged");
  await Promise.race([once(session, "pinged"), once(session, "close")]);
  assert.deepEqual([session.pings, session.destroyed], [2, false]);
  session.destroy();
});

it("a callee that gives none is given up, also by a caller that stood still", async () => {
  const session = new FakeSession(() => void setImmediate(() => standStill(1_500)));
  new Connection(session as unknown as ClientHttp2Session).begin({});
  await once(session, "close");
  assert.deepEqual([session.pings, session.destroyed], [1, true]);
});

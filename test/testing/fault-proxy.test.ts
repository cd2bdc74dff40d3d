import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { afterEach, beforeEach, describe, it } from "node:test";
import type { Timer } from "../../src/core/clock.ts";
import { Signal } from "../../src/core/signals.ts";
import { TestClock } from "../../src/testing/clock.ts";
import { FaultProxy } from "../../src/testing/fault-proxy.ts";

/** A clock that publishes when something is to happen later. */
class ObservedClock extends TestClock {
  readonly scheduled = new Signal<number>("scheduled");
  override schedule(delayMs: number, callback: () => void): Timer {
    const timer = super.schedule(delayMs, callback);
    this.scheduled.publish(delayMs);
    return timer;
  }
}

const int = (value: number): string => {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes.toString("latin1");
};
/** A message of PostgreSQL's protocol. */
const framed = (kind: string, ...parts: readonly string[]): Buffer => {
  const text = parts.join("");
  return Buffer.from(`${kind}${int(text.length + 4)}${text}`, "latin1");
};

describe("a fault proxy before an echo", () => {
  let server: Server;
  let proxy: FaultProxy;
  let clock: ObservedClock;
  let port: number;
  let accepted: Socket[];

  beforeEach(async () => {
    accepted = [];
    server = createServer((socket) => {
      accepted.push(socket);
      socket.on("error", () => undefined).pipe(socket);
    });
    await once(server.listen(0, "127.0.0.1"), "listening");
    clock = new ObservedClock();
    proxy = new FaultProxy({ host: "127.0.0.1", port: (server.address() as AddressInfo).port }, { clock });
    port = await proxy.start();
  });
  afterEach(async () => {
    await proxy.stop();
    for (const socket of accepted) socket.destroy();
    server.close();
  });

  const client = async () => {
    const socket = connect(port, "127.0.0.1");
    await once(socket, "connect");
    return socket;
  };
  const say = async (socket: Socket, text: string) => {
    socket.write(text, "latin1");
    return String((await once(socket, "data"))[0]);
  };

  it("passes on, and counts connections and bytes", async () => {
    const socket = await client();
    assert.equal(await say(socket, "hello"), "hello");
    assert.deepEqual(proxy.counts, { connections: 1, open: 1, refused: 0, broken: 0, bytesToServer: 5, bytesToClient: 5 });
    socket.destroy();
  });

  it("delays one direction by the clock, also on a connection that was open before", async () => {
    const socket = await client();
    await say(socket, "warm");
    proxy.set({ toClient: { latencyMs: 80 } });
    const delayed = clock.scheduled.next();
    const reply = say(socket, "slow");
    assert.equal(await delayed, 80);
    assert.deepEqual([proxy.counts.bytesToServer, proxy.counts.bytesToClient], [8, 4]);
    clock.advance(80);
    assert.equal(await reply, "slow");
    socket.destroy();
  });

  it("cuts a reply in its middle, and the part before it arrives", async () => {
    proxy.set({ toClient: { cutAfterBytes: 3 } });
    const socket = await client();
    socket.write("abcdef");
    assert.equal(Buffer.concat(await socket.toArray()).toString(), "abc");
    assert.deepEqual([proxy.counts.broken, proxy.counts.open], [1, 0]);
  });

  it("resets at a read, on both sides", async () => {
    proxy.set({ toServer: { resetRatio: 1 } });
    const socket = await client();
    socket.write("a");
    const [error] = await once(socket, "error");
    assert.equal(error.code, "ECONNRESET");
    assert.equal(proxy.counts.broken, 1);
  });

  it("resets all connections that are open, and takes new ones", async () => {
    const socket = await client();
    await say(socket, "open");
    const ended = once(socket, "error");
    proxy.reset();
    assert.equal((await ended)[0].code, "ECONNRESET");
    const next = await client();
    assert.equal(await say(next, "again"), "again");
    next.destroy();
  });

  it("is half-open while silent: the server does not see a client go, until it heals", async () => {
    const socket = await client();
    await say(socket, "open");
    const peer = accepted[0]!;
    let hasEnded = false;
    const peerEnded = once(
      peer.once("close", () => {
        hasEnded = true;
      }),
      "close",
    );
    proxy.set({ toServer: { silent: true }, toClient: { silent: true } });
    socket.end("lost?");
    // The proxy has accepted another connection since, so it has also seen the end of the first.
    await once(socket, "finish");
    const other = await client();
    other.destroy();
    assert.deepEqual([hasEnded, proxy.counts.bytesToServer], [false, 4]);
    proxy.heal();
    await peerEnded;
    assert.equal(proxy.counts.bytesToServer, 9);
  });

  it("refuses new connections by a reset, and leaves the open ones", async () => {
    const open = await client();
    await say(open, "open");
    proxy.set({ connections: "reset" });
    const refused = connect(port, "127.0.0.1");
    assert.equal((await once(refused, "error"))[0].code, "ECONNRESET");
    assert.equal(await say(open, "still"), "still");
    assert.deepEqual([proxy.counts.refused, proxy.counts.connections], [1, 1]);
    proxy.heal();
    const next = await client();
    assert.equal(await say(next, "again"), "again");
    for (const socket of [open, next]) socket.destroy();
  });

  it("accepts new connections and says nothing, until it stops", async () => {
    proxy.set({ connections: "silence" });
    const socket = await client();
    socket.on("error", () => undefined).write("anyone?");
    const closed = new Promise((resolve) => socket.once("close", resolve));
    await proxy.stop();
    await closed;
    assert.deepEqual([accepted.length, proxy.counts.refused], [0, 1]);
  });

  it("leaves no timer when it stops with bytes on their way", async () => {
    proxy.set({ toServer: { latencyMs: 1_000 } });
    const socket = await client();
    const delayed = clock.scheduled.next();
    socket.on("error", () => undefined).write("late");
    await delayed;
    await proxy.stop();
    assert.equal(clock.pending, 0);
  });

  for (const pieces of [1, 5, 1_000])
    it(`finds a statement of PostgreSQL by its text where it is run by its name, in pieces of ${pieces} bytes`, async () => {
      const encryption = framed("", int(80_877_103));
      const greeting = framed("", int(196_608), "user\0ann\0\0");
      const parse = (name: string, text: string) => framed("P", `${name}\0${text}\0`, "\0\0");
      const bind = (name: string) => framed("B", `\0${name}\0`, "\0\0\0\0\0\0");
      const sync = framed("S");
      const first = [encryption, greeting, parse("p1", "select beat()"), bind("p1"), sync, parse("p2", "select 2"), bind("p2"), sync];
      const socket = await client();
      const send = async (bytes: Buffer) => {
        for (let at = 0; at < bytes.length; at += pieces) await say(socket, bytes.toString("latin1", at, at + pieces));
      };
      await send(Buffer.concat(first));
      proxy.next({ containing: "beat", effect: "cut-before" });
      await send(Buffer.concat([bind("p2"), sync]));
      const closed = once(socket, "close");
      const faulted = proxy.faulted.next();
      socket.on("error", () => undefined).write(bind("p1"));
      assert.equal((await faulted).containing, "beat");
      await closed;
    });

  it("refuses conditions that are none", () => {
    assert.throws(() => proxy.set({ toClient: { latencyMs: -1 } }), /latencyMs/);
    assert.throws(() => proxy.set({ toServer: { bytesPerSecond: 0 } }), /silent/);
    assert.throws(() => proxy.set({ toServer: { resetRatio: 2 } }), /resetRatio/);
  });
});

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Signal } from "../../src/core/signals.ts";

describe("signal", () => {
  it("tells every listener, in the order of subscription, until it leaves", () => {
    const signal = new Signal<number>("test");
    const heard: string[] = [];
    const offA = signal.on((n) => heard.push(`a${n}`));
    signal.on((n) => heard.push(`b${n}`));
    signal.publish(1);
    offA();
    offA();
    signal.publish(2);
    assert.deepEqual(heard, ["a1", "b1", "b2"]);
  });

  it("knows whether anybody listens", () => {
    const signal = new Signal<void>("test");
    assert.equal(signal.heard, false);
    const off = signal.on(() => {});
    assert.equal(signal.heard, true);
    off();
    assert.equal(signal.heard, false);
  });

  it("counts the same function twice when it subscribes twice, and forgets one at a time", () => {
    const signal = new Signal<void>("test");
    let heard = 0;
    const listener = () => heard++;
    signal.on(listener);
    const off = signal.on(listener);
    signal.publish();
    assert.equal(heard, 2);
    off();
    signal.publish();
    assert.equal(heard, 3);
  });

  it("is not disturbed by listeners that come and go while it publishes", () => {
    const signal = new Signal<number>("test");
    const heard: string[] = [];
    const off = signal.on(() => {
      off();
      signal.on((n) => heard.push(`late${n}`));
    });
    signal.on((n) => heard.push(`b${n}`));
    signal.publish(1);
    signal.publish(2);
    assert.deepEqual(heard, ["b1", "b2", "late2"]);
  });

  it("keeps a throwing listener from the publisher and from others, and gives the error to the crash handler", async (t) => {
    const signal = new Signal<void>("test");
    const bug = new TypeError("a bug in a listener");
    // The runner's own handlers would fail this test for the very error that it expects.
    const others = process.listeners("uncaughtException");
    process.removeAllListeners("uncaughtException");
    t.after(() => {
      for (const other of others) process.on("uncaughtException", other);
    });
    const crashed = new Promise((resolve) => process.once("uncaughtException", resolve));
    let heard = 0;
    signal.on(() => {
      throw bug;
    });
    signal.on(() => heard++);
    signal.publish();
    assert.equal(heard, 1);
    assert.equal(await crashed, bug);
  });

  it("resolves next() with the first fact that is accepted, and leaves", async () => {
    const signal = new Signal<number>("test");
    const next = signal.next((n) => n > 1);
    signal.publish(1);
    signal.publish(2);
    signal.publish(3);
    assert.equal(await next, 2);
    assert.equal(signal.heard, false);
  });

  it("rejects next() with the reason when its abort signal aborts, and leaves", async () => {
    const signal = new Signal<number>("test");
    const abort = new AbortController();
    const next = signal.next(undefined, abort.signal);
    const reason = new TypeError("enough");
    abort.abort(reason);
    await assert.rejects(next, reason);
    assert.equal(signal.heard, false);
  });
});

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Signal } from "../../src/core/signals.ts";
import { crashesOf } from "../crashes.ts";

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

  it("knows whether it has a listener", () => {
    const signal = new Signal<void>("test");
    assert.equal(signal.hasListeners, false);
    const off = signal.on(() => {});
    assert.equal(signal.hasListeners, true);
    off();
    assert.equal(signal.hasListeners, false);
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

  const bugs: { readonly name: string; readonly listener: () => unknown }[] = [
    {
      name: "throws",
      listener: () => {
        throw new TypeError("a bug in a listener");
      },
    },
    { name: "rejects", listener: () => Promise.reject(new TypeError("a bug in a listener")) },
    {
      name: "throws what cannot be read",
      listener: () => {
        const { proxy, revoke } = Proxy.revocable({}, {});
        revoke();
        throw proxy;
      },
    },
  ];
  for (const { name, listener } of bugs)
    it(`keeps a listener that ${name} from the publisher, from others and from the process`, async (t) => {
      const crashes = crashesOf(t);
      const signal = new Signal<void>("test");
      let heard = 0;
      signal.on(listener as () => void);
      signal.on(() => heard++);
      signal.publish();
      assert.equal(heard, 1);
      await new Promise(setImmediate);
      await new Promise(setImmediate);
      assert.deepEqual(crashes, []);
    });

  it("resolves next() with the first fact that is accepted, and leaves", async () => {
    const signal = new Signal<number>("test");
    const next = signal.next((n) => n > 1);
    signal.publish(1);
    signal.publish(2);
    signal.publish(3);
    assert.equal(await next, 2);
    assert.equal(signal.hasListeners, false);
  });

  it("rejects next() with the reason when its abort signal aborts, and leaves", async () => {
    const signal = new Signal<number>("test");
    const abort = new AbortController();
    const next = signal.next(undefined, abort.signal);
    const reason = new TypeError("enough");
    abort.abort(reason);
    await assert.rejects(next, reason);
    assert.equal(signal.hasListeners, false);
  });
});

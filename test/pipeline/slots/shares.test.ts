import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { TestClock } from "plimsoll/testing";
import { LoadLines } from "../../../src/core/load-line/load-lines.ts";
import { Share } from "../../../src/core/queue/share.ts";
import { Slots, type Waiter } from "../../../src/pipeline/slots.ts";

/** Slots of which this process has a share, and what was said to lack. */
function shared(spec: { readonly concurrency: number; readonly queue: number; readonly learns?: boolean }) {
  const clock = new TestClock();
  const lines = new LoadLines(clock);
  const slots = new Slots({ ...spec, name: "t.one", mode: "enforce" });
  slots.listOn(lines, clock);
  const shares: Share[] = [];
  let asked = 0;
  slots.shareOf({
    borrow: (limit) => {
      const share = new Share(limit, () => asked++);
      shares.push(share);
      return share;
    },
  });
  const set = (at: number, current: number) => {
    shares[at]!.current = current;
    shares[at]!.limit.changed();
  };
  return { slots, lines, set, asked: () => asked };
}

class Waits implements Waiter {
  queuedAt = 0;
  readonly caller = undefined;
  readonly rank = undefined;
  isGranted = false;

  granted(): void {
    this.isGranted = true;
  }

  displaced(): void {}
}

const waiter = () => new Waits();

describe("slots of which a process has a share", () => {
  it("let in as many as the share has, ask for more where it is used up, and let in who waits when it grows", () => {
    const { slots, set, asked } = shared({ concurrency: 8, queue: 4 });
    set(0, 2);
    set(1, 1);
    assert.ok(slots.tryEnter());
    const before = asked();
    assert.ok(slots.tryEnter());
    assert.ok(asked() > before, "the share is used up");
    assert.ok(!slots.tryEnter());
    const one = waiter();
    assert.equal(slots.wait(one), undefined);
    assert.deepEqual(slots.wait(waiter()), { limit: "t.one queue", value: 1, load: 1, mode: "enforce" });
    set(0, 3);
    assert.ok(one.isGranted);
  });

  it("take nothing from those who hold one when the share falls", () => {
    const { slots, set } = shared({ concurrency: 8, queue: 4 });
    set(0, 3);
    for (let i = 0; i < 3; i++) assert.ok(slots.tryEnter());
    set(0, 1);
    assert.equal(slots.running, 3);
    slots.leave();
    slots.leave();
    assert.ok(!slots.tryEnter(), "one still holds the share");
    slots.leave();
    assert.ok(slots.tryEnter());
  });

  it("list what was declared with the share, and learn no more than it", () => {
    const { lines, set } = shared({ concurrency: 64, queue: 4, learns: true });
    set(0, 16);
    const { declared, shares, learnt } = lines.list().find(({ name }) => name === "t.one concurrency")!;
    assert.deepEqual([declared, shares, learnt], [64, [16], 16]);
  });

  it("refuse by the slots where none may wait, and ask for more all the same", () => {
    const { slots, set, asked } = shared({ concurrency: 2, queue: 0 });
    set(0, 0);
    const before = asked();
    assert.ok(!slots.tryEnter());
    assert.deepEqual(slots.wait(waiter()), { limit: "t.one concurrency", value: 0, load: 0, mode: "enforce" });
    assert.ok(asked() > before);
  });

  it("let every caller in while they are only measured", () => {
    const { slots, lines, set } = shared({ concurrency: 8, queue: 4 });
    set(0, 1);
    set(1, 1);
    lines.setMode("t.one concurrency", "measure", "a test");
    for (let i = 0; i < 5; i++) assert.ok(slots.tryEnter(waiter()));
    assert.equal(slots.running, 5);
  });
});

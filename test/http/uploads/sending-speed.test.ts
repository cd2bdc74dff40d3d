import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { SendingSpeed } from "../../../src/http/uploads/sending-speed.ts";
import { TestClock } from "../../../src/testing/clock.ts";

function watched() {
  const clock = new TestClock();
  const seen = { slow: 0 };
  const speed = new SendingSpeed({ clock, limits: { uploadBytesPerSecond: 1_000, uploadSlowMs: 10_000 }, tooSlow: () => void seen.slow++ });
  speed.wait();
  return { clock, seen, speed };
}

/** Sends so many bytes in each of so many seconds. */
function send({ clock, speed }: ReturnType<typeof watched>, bytes: number, seconds: number): void {
  for (let at = 0; at < seconds; at++) {
    clock.advance(1_000);
    speed.came(bytes);
  }
}

describe("the lowest speed of an upload", () => {
  it("refuses a sender that sends nothing, once, after the time that it has", () => {
    const { clock, seen } = watched();
    clock.advance(9_999);
    assert.equal(seen.slow, 0);
    clock.advance(1);
    assert.equal(seen.slow, 1);
    clock.advance(60_000);
    assert.equal(seen.slow, 1);
  });

  it("refuses a sender that is a little too slow, and none at the rate", () => {
    const [slow, right] = [watched(), watched()];
    send(right, 1_000, 3_600);
    assert.equal(right.seen.slow, 0);
    send(slow, 900, 90);
    assert.equal(slow.seen.slow, 0);
    send(slow, 900, 10);
    assert.equal(slow.seen.slow, 1);
  });

  it("gives no more time for bytes that came fast than there was at the beginning", () => {
    const sender = watched();
    send(sender, 1_000_000, 10);
    sender.clock.advance(9_999);
    assert.equal(sender.seen.slow, 0);
    sender.clock.advance(1);
    assert.equal(sender.seen.slow, 1);
  });

  it("does not count the time in which the reader has enough", () => {
    const { clock, seen, speed } = watched();
    clock.advance(4_000);
    speed.pause();
    clock.advance(3_600_000);
    speed.wait();
    clock.advance(5_999);
    assert.equal(seen.slow, 0);
    clock.advance(1);
    assert.equal(seen.slow, 1);
  });

  it("leaves no timer when it stops", () => {
    const { clock, seen, speed } = watched();
    speed.stop();
    assert.equal(clock.pending, 0);
    clock.advance(60_000);
    assert.equal(seen.slow, 0);
  });

  it("judges no more once it has stopped, also where a reader waits for more", () => {
    const { clock, seen, speed } = watched();
    speed.stop();
    speed.wait();
    clock.advance(60_000);
    assert.equal(seen.slow, 0);
    assert.equal(clock.pending, 0);
  });

  it("does not blame the sender where this process stood still", () => {
    let now = 0;
    const timers: (() => void)[] = [];
    const clock = Object.assign(new TestClock(), {
      monotonic: () => now,
      schedule: (_: number, callback: () => void) => {
        timers.push(callback);
        return { cancel: () => undefined };
      },
    });
    let slow = 0;
    const speed = new SendingSpeed({ clock, limits: { uploadBytesPerSecond: 1_000, uploadSlowMs: 10_000 }, tooSlow: () => void slow++ });
    speed.wait();
    now = 60_000;
    timers.shift()?.();
    assert.equal(slow, 0);
    speed.came(2_000);
    now += 1_000;
    timers.shift()?.();
    assert.equal(slow, 0);
    now += 1_000;
    timers.shift()?.();
    assert.equal(slow, 1);
  });
});

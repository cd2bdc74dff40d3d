import assert from "node:assert/strict";
import { getEventListeners } from "node:events";
import { describe, it } from "node:test";
import { CancelScope } from "../../../src/resilience/policies/call/cancellation.ts";

/** Three scopes, each inside the one before, under the signal of a caller. */
function nested() {
  const caller = new AbortController();
  const top = CancelScope.top(caller.signal);
  const middle = top.fork();
  const inner = middle.fork();
  return { caller, top, middle, inner };
}

describe("a cancelled call", () => {
  it("cancels everything inside it, whether or not anything listens, and nothing outside", () => {
    const { caller, top, middle, inner } = nested();
    middle.cancel("late");
    assert.deepEqual([inner.aborted, inner.reason, inner.signal.aborted, inner.signal.reason], [true, "late", true, "late"]);
    assert.deepEqual([top.aborted, caller.signal.aborted], [false, false]);
  });

  it("is cancelled with all of it by its caller, who reaches what listens and what reads a signal", () => {
    const { caller, middle, inner } = nested();
    const called: string[] = [];
    middle.listen(() => called.push("middle"));
    const { signal } = inner;
    caller.abort("gone");
    assert.deepEqual([middle.aborted, middle.reason, inner.aborted, inner.reason], [true, "gone", true, "gone"]);
    assert.deepEqual([called, signal.aborted, signal.reason], [["middle"], true, "gone"]);
  });

  it("leaves no listener with its caller where no code reads a signal, and none once it has ended", () => {
    const { caller, middle, inner } = nested();
    const listeners = () => getEventListeners(caller.signal, "abort").length;
    assert.equal(listeners(), 0);
    assert.equal(inner.signal.aborted, false);
    inner.end();
    middle.end();
    assert.equal(listeners(), 0);
  });
});

// One exchange, whatever undici, its deadline and its caller do in whatever order.
import assert from "node:assert/strict";
import { getEventListeners } from "node:events";
import { it } from "node:test";
import fc from "fast-check";
import { DeadlineWheel } from "../../src/core/deadline.ts";
import { Call } from "../../src/resilience/policies/call/call.ts";
import { TestClock } from "../../src/testing/clock.ts";
import { Exchange } from "../../src/upstream/exchange/exchange.ts";

const events = ["start", "head", "bad head", "data", "much data", "end", "error", "refuse", "deadline", "cancel"] as const;
type Event = (typeof events)[number];

/** An exchange, and all that it reports. */
function begun() {
  const clock = new TestClock();
  const wheel = new DeadlineWheel(clock);
  const caller = new AbortController();
  const seen = { outcomes: [] as string[], closed: 0, aborted: 0 };
  const bounds = { upstream: "prices", startedAt: clock.monotonic(), deadlineAt: clock.monotonic() + 100 };
  const exchange = new Exchange(
    { ...bounds, replyBytes: 10, replyHeaderBytes: 100, drainBytes: 5, keepsRefusal: false },
    {
      ...{ call: Call.begin({ signal: caller.signal }), wheel },
      ends: {
        resolve: () => seen.outcomes.push("resolved"),
        reject: () => seen.outcomes.push("rejected"),
        onClosed: () => void seen.closed++,
      },
    },
  );
  exchange.begin();
  const controller = { abort: () => void seen.aborted++ } as never;
  const acts: Record<Event, () => void> = {
    start: () => exchange.onRequestStart(controller),
    head: () => exchange.onResponseStart(controller, 200, {}),
    "bad head": () => exchange.onResponseStart(controller, 500, { "content-length": "6" }),
    data: () => exchange.onResponseData(controller, Buffer.alloc(1)),
    "much data": () => exchange.onResponseData(controller, Buffer.alloc(20)),
    end: () => exchange.onResponseEnd(),
    error: () => exchange.onResponseError(controller, new Error("cut")),
    refuse: () => exchange.refuse(new Error("full")),
    deadline: () => clock.advance(200),
    cancel: () => caller.abort(new Error("cancelled")),
  };
  const left = () => wheel.size + getEventListeners(caller.signal, "abort").length;
  return { seen, acts, left };
}

/** Whether undici may call that after those. */
function mayFollow(before: readonly Event[], event: Event): boolean {
  const [hasStarted, hasHead] = [before.includes("start"), before.some((one) => one.endsWith("head"))];
  if (event === "deadline" || event === "cancel") return true;
  // An error may follow the end, as where the connection fails after it.
  if (before.some((one) => one === "end" || one === "error" || one === "refuse")) return event === "error";
  if (event === "start" || event === "refuse") return !hasStarted;
  return event === "error" || (event.endsWith("head") ? hasStarted && !hasHead : hasHead);
}

it("an exchange ends once for its caller, frees its connection once, and leaves no deadline and no listener", () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...events), { maxLength: 12 }), (wanted) => {
      const { seen, acts, left } = begun();
      const done: Event[] = [];
      for (const event of wanted) {
        if (!mayFollow(done, event)) continue;
        const wasOver = seen.outcomes.length > 0;
        const aborted = seen.aborted;
        acts[event]();
        done.push(event);
        assert.ok(seen.outcomes.length <= 1 && seen.closed <= 1, `${done}: ${JSON.stringify(seen)}`);
        if (seen.outcomes.length > 0) assert.equal(left(), 0, `${done}`);
        // What is over before it is written is never sent; what is over while it is read closes its connection.
        if (event === "start" && wasOver) assert.equal(seen.aborted, aborted + 1, `${done}`);
        const isCut = (event === "cancel" || event === "deadline") && !wasOver && done.includes("start");
        if (isCut) assert.equal(seen.aborted, aborted + 1, `${done}`);
      }
      if (["end", "error", "refuse"].some((one) => done.includes(one as Event)))
        assert.deepEqual([seen.outcomes.length, seen.closed], [1, 1]);
    }),
    { numRuns: 3_000 },
  );
});

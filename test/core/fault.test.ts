import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { z } from "zod";
import { type Code, codes, isCode } from "../../src/core/code.ts";
import { Fault, fail, fault, refusal, toFault } from "../../src/core/fault.ts";

/** The design's table, written a second time on purpose: retry, breaker, undo, stored, level. */
const table: Record<Code, readonly [string, boolean, string, boolean, string]> = {
  invalid_argument: ["never", false, "yes", true, "debug"],
  failed_precondition: ["never", false, "yes", true, "debug"],
  unauthenticated: ["never", false, "yes", false, "info"],
  permission_denied: ["never", false, "yes", false, "info"],
  not_found: ["never", false, "yes", true, "debug"],
  already_exists: ["never", false, "yes", true, "debug"],
  aborted: ["at-once", false, "after-retries", false, "debug"],
  resource_exhausted: ["backoff", false, "after-retries", false, "warn"],
  cancelled: ["snooze", false, "no", false, "info"],
  deadline_exceeded: ["backoff", true, "after-retries", false, "warn"],
  unavailable: ["backoff", true, "after-retries", false, "warn"],
  unimplemented: ["never", false, "yes", false, "error"],
  internal: ["backoff", true, "after-retries", false, "error"],
};

describe("codes", () => {
  it("has a row for each code and for no other", () => assert.deepEqual(Object.keys(codes).toSorted(), Object.keys(table).toSorted()));

  for (const [code, expected] of Object.entries(table)) {
    it(`decides all of ${code} as the design says`, () => {
      const { retry, breaker, undo, stored, level } = codes[code as Code];
      assert.deepEqual([retry, breaker, undo, stored, level], expected);
    });
  }

  it("stores nothing that trying again may change", () => {
    for (const [code, row] of Object.entries(codes)) assert.ok(!(row.stored && row.retry !== "never"), code);
  });

  it("knows a code from anything else, inherited names included", () => {
    for (const code of Object.keys(codes)) assert.ok(isCode(code));
    for (const other of ["ok", "toString", "__proto__", "", undefined, 404]) assert.ok(!isCode(other), String(other));
  });
});

const OrderClosed = fault("order_closed", {
  code: "failed_precondition",
  details: z.object({ orderId: z.string() }),
  message: ({ orderId }) => `Order ${orderId} is closed. Open a new one.`,
});

describe("fault", () => {
  it("is an error with its code as the type, and no status of its own", () => {
    const made = new Fault({ code: "not_found", message: "No such order." });
    assert.ok(made instanceof Error);
    assert.deepEqual(
      [made.code, made.type, made.status, made.message, made.retryAfterMs],
      ["not_found", "not_found", undefined, "No such order.", undefined],
    );
    assert.ok(!("cause" in made), "no cause was given");
  });

  it("takes a more precise status, a cause and a time to come back", () => {
    const cause = new TypeError("deeper");
    const made = new Fault({ code: "invalid_argument", message: "Too large.", status: 413, retryAfterMs: 50, cause });
    assert.deepEqual([made.status, made.retryAfterMs, made.cause], [413, 50, cause]);
  });

  it("declares a kind whose message is written from its details", () => {
    const made = new OrderClosed({ orderId: "7" });
    assert.ok(made instanceof Fault && made instanceof OrderClosed);
    assert.deepEqual([made.code, made.type, made.status], ["failed_precondition", "order_closed", undefined]);
    assert.equal(made.message, "Order 7 is closed. Open a new one.");
    assert.deepEqual(made.details, { orderId: "7" });
    assert.deepEqual([OrderClosed.type, OrderClosed.code, OrderClosed.status], ["order_closed", "failed_precondition", undefined]);
  });

  it("fails with the declared kind and its cause", () => {
    const cause = new TypeError("why");
    assert.throws(
      () => fail(OrderClosed, { orderId: "7" }, cause),
      (thrown) => thrown instanceof OrderClosed && thrown.cause === cause,
    );
  });

  it("declares a kind without details, with its own status and time to come back", () => {
    const Busy = fault("busy", { code: "unavailable", message: "Busy. Come back.", retryAfterMs: 1_000, status: 529 });
    const made = new Busy({});
    assert.deepEqual([made.message, made.status, made.retryAfterMs], ["Busy. Come back.", 529, 1_000]);
  });

  it("reads a fault as itself, and anything else as internal with its message hidden", () => {
    const made = new OrderClosed({ orderId: "7" });
    assert.equal(toFault(made), made);
    for (const thrown of [new TypeError("password is hunter2"), "hunter2", undefined, { hunter2: 1 }]) {
      const read = toFault(thrown);
      assert.equal(read.code, "internal");
      assert.equal(read.cause, thrown === undefined ? "undefined" : thrown);
      assert.doesNotMatch(read.message, /hunter2/);
    }
  });

  it("is made without the lines of its stack for refusals, and errors after it have theirs", () => {
    const made = refusal({ code: "unavailable", message: "Full. Come back." });
    assert.equal(made.stack, "Fault: Full. Come back.");
    assert.match(new Error("after it").stack ?? "", /fault\.test\.ts/);
    const broken = {
      code: "unavailable" as const,
      get message(): string {
        throw new RangeError("made badly");
      },
    };
    assert.throws(() => refusal(broken), /made badly/);
    assert.match(new Error("after that").stack ?? "", /fault\.test\.ts/);
  });
});

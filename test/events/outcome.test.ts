import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { discard, snooze } from "plimsoll";
import { Fault } from "plimsoll/ports";
import { partitionOf } from "../../src/events/definition.ts";
import { eventOutcome } from "../../src/events/outcome.ts";
import { comparePositions } from "../../src/events/position.ts";
import { constant, exponential } from "../../src/resilience/backoff.ts";

const fault = (code: Fault["code"], more: Partial<ConstructorParameters<typeof Fault>[0]> = {}) =>
  new Fault({ code, message: "as the test wants", ...more });
const definition = { attempts: 3, backoff: constant("1s"), onFailure: "dead-letter" } as const;
const parked = (afterMs: number, spent = true) => ({ kind: "parked", afterMs, spent });

describe("the outcome of an event", () => {
  const cases = [
    ["success", undefined, 1, { kind: "done" }],
    ["an outage", fault("unavailable"), 1, parked(1_000)],
    ["an outage that says when to come again", fault("unavailable", { retryAfterMs: 9_000 }), 1, parked(9_000)],
    ["the last attempt", fault("unavailable"), 3, { kind: "dead_lettered" }],
    ["what a retry would not change", fault("not_found"), 1, { kind: "dead_lettered" }],
    ["a conflict", fault("aborted"), 1, { kind: "again" }],
    ["a lost lease", fault("aborted", { type: "lease_lost" }), 1, { kind: "lost" }],
    ["a stop of the process", fault("unavailable", { type: "shutting_down" }), 3, { kind: "kept" }],
    ["snooze", snooze("5m"), 3, parked(300_000, false)],
    ["discard", discard("gone"), 1, { kind: "dead_lettered" }],
  ] as const;
  for (const [what, thrown, attempt, outcome] of cases)
    it(what, () => assert.deepEqual(eventOutcome(definition, { fault: thrown, attempt, random: () => 0.5 }), outcome));

  it("is that its partition waits, without an end of attempts, where the subscription says so", () => {
    const waits = { ...definition, waits: true, backoff: exponential("1s", { max: "4s", jitter: "none" }) };
    const outcome = (code: Fault["code"], waited: number) =>
      eventOutcome(waits, { fault: fault(code), attempt: 1, waited, random: () => 0.5 });
    assert.deepEqual(
      [0, 1, 2, 99].map((waited) => outcome("unavailable", waited)),
      [1_000, 2_000, 4_000, 4_000].map((afterMs) => ({ kind: "waits", afterMs })),
    );
    assert.deepEqual(outcome("deadline_exceeded", 0), { kind: "waits", afterMs: 1_000 });
    assert.deepEqual(outcome("internal", 0), parked(1_000));
  });

  it("is that its key stops, where the subscription says so", () => {
    const stops = { ...definition, onFailure: "stop" } as const;
    for (const [thrown, attempt] of [[fault("unavailable"), 3] as const, [fault("invalid_argument"), 1] as const])
      assert.deepEqual(eventOutcome(stops, { fault: thrown, attempt, random: () => 0.5 }), { kind: "stopped" });
  });
});

describe("the partition of an order key", () => {
  it("is the one that it always was: positions in databases depend on it", () =>
    assert.deepEqual(
      ["", "-:a", "4:acmea", "4:acme\u00fc", "4:acme\u{1f600}"].map((key) => partitionOf(key, 64)),
      [5, 59, 0, 37, 54],
    ));

  it("is spread over all partitions", () => {
    const found = new Set(Array.from({ length: 1_000 }, (_, n) => partitionOf(`-:${n}`, 16)));
    assert.equal(found.size, 16);
  });
});

describe("positions", () => {
  it("are compared by epoch, then by transaction, then by sequence", () => {
    const at = (epoch: number, xid: string, seq: number) => ({ epoch, xid, seq });
    const ordered = [at(1, "9", 9), at(1, "10", 1), at(1, "10", 2), at(1, "18446744073709551615", 1), at(2, "3", 1)];
    assert.deepEqual(ordered.toReversed().toSorted(comparePositions), ordered);
  });
});

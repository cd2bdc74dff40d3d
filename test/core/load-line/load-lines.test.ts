import assert from "node:assert/strict";
import { test } from "node:test";
import { Fault } from "../../../src/core/fault.ts";
import { limits } from "../../../src/core/limits.ts";
import { type LimitMode, LoadLine } from "../../../src/core/load-line/load-line.ts";
import { LoadLines, type ModeSwitch } from "../../../src/core/load-line/load-lines.ts";
import { TestClock } from "../../../src/testing/clock.ts";

const setUp = () => {
  const clock = new TestClock();
  return { clock, lines: new LoadLines(clock) };
};
const ofType = (type: string) => (thrown: unknown) => thrown instanceof Fault && thrown.type === type;

test("a line is listed with what its owner counted", () => {
  const { clock, lines } = setUp();
  let inUse = 0;
  const line = new LoadLine({ name: "threads", unit: "calls", declared: 2, now: () => inUse, learnt: () => 3, phase: () => "open" });
  const full = line.reason("full");
  lines.register(line);
  for (inUse = 1; inUse <= 2; inUse++) line.admits(inUse);
  assert.equal(line.refuses(full), true);
  inUse = 1;
  assert.deepEqual(lines.list(), [
    {
      name: "threads",
      unit: "calls",
      mode: "enforce",
      since: clock.now(),
      reason: "declared",
      shares: undefined,
      phase: "open",
      declared: 2,
      learnt: 3,
      now: 1,
      highWater: 2,
      admitted: 2,
      refused: { full: 1 },
      wouldRefuse: { full: 0 },
      follows: undefined,
      fixed: undefined,
    },
  ]);
});

test("a line asks its owner how much is in use only when it is listed", () => {
  const { lines } = setUp();
  let asked = 0;
  const ask = () => ++asked;
  const line = new LoadLine({ name: "threads", unit: "calls", declared: 2, now: ask, learnt: ask });
  const full = line.reason("full");
  lines.register(line);
  for (const mode of ["enforce", "measure", "off"]) {
    lines.setMode("threads", mode, "a test");
    line.admits(1);
    line.refuses(full);
  }
  assert.equal(asked, 0);
  lines.list();
  assert.equal(asked, 2);
});

test("measure counts apart and refuses nothing; off counts no refusal", () => {
  const { lines } = setUp();
  const line = new LoadLine({ name: "threads", unit: "calls", declared: 1, mode: "measure" });
  const full = line.reason("full");
  lines.register(line);
  assert.equal(line.refuses(full), false);
  lines.setMode("threads", "off", "it refuses too much");
  assert.equal(line.refuses(full), false);
  assert.deepEqual([full.refused, full.measured], [0, 1]);
});

test("a change of mode reaches the owner and all that follow, and is reported with the mode before", () => {
  const { clock, lines } = setUp();
  const seen: [string, LimitMode, LimitMode][] = [];
  const switched = (name: string) => (mode: LimitMode, previous: LimitMode) => void seen.push([name, mode, previous]);
  const slots = new LoadLine({ name: "slots", unit: "calls", switched: switched("slots") });
  const queue = new LoadLine({ name: "queue", unit: "calls", follows: slots, switched: switched("queue") });
  lines.register(slots);
  lines.register(queue);
  const published: ModeSwitch[] = [];
  lines.switched.on((change) => void published.push(change));
  clock.advance(1_000);
  lines.setMode("queue", "measure", " a deploy doubled the load ");
  assert.deepEqual([slots.mode, queue.mode], ["measure", "measure"]);
  assert.deepEqual(seen, [
    ["slots", "measure", "enforce"],
    ["queue", "measure", "enforce"],
  ]);
  const change = { limit: "slots", mode: "measure", previous: "enforce", reason: "a deploy doubled the load", at: clock.now() };
  assert.deepEqual(published, [change]);
  for (const { since, reason } of lines.list()) assert.deepEqual([since, reason], [change.at, change.reason]);
  lines.setMode("slots", "measure", "still so");
  assert.equal(seen.length, 2, "the same mode again is no change for the owner");
  assert.equal(lines.list()[0]?.reason, "still so");
});

test("an unknown name, an unknown mode, a missing reason and a fixed mode are refused, and change nothing", () => {
  const { lines } = setUp();
  const line = new LoadLine({ name: "header bytes", unit: "bytes", declared: 1, fixed: "The parser of node:http enforces it." });
  lines.register(line);
  assert.throws(() => lines.setMode("headers", "off", "why"), ofType("load_line_unknown"));
  assert.throws(() => lines.setMode("header bytes", "on", "why"), ofType("mode_unknown"));
  assert.throws(() => lines.setMode("header bytes", "off", "  "), ofType("reason_missing"));
  assert.throws(() => lines.setMode("header bytes", "off", "x".repeat(limits.loadLineReasonChars + 1)), ofType("reason_missing"));
  assert.throws(() => lines.setMode("header bytes", "off", "why"), ofType("mode_fixed"));
  assert.deepEqual([line.mode, line.change], ["enforce", undefined]);
});

test("two limits of one name get names of their own, and one that is over is listed no more", () => {
  const { lines } = setUp();
  const [first, second] = [
    new LoadLine({ name: "connections", unit: "connections" }),
    new LoadLine({ name: "connections", unit: "connections" }),
  ];
  const forget = lines.register(first);
  lines.register(second);
  assert.deepEqual([lines.find("connections"), lines.find("connections 2")], [first, second]);
  forget();
  assert.deepEqual(
    lines.list().map(({ name }) => name),
    ["connections 2"],
  );
});

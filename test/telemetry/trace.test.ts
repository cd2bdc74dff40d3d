import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { systemClock } from "../../src/core/clock.ts";
import { formatTraceparent, parseTraceparent, parseTracestate, ratioSampler, TraceIds } from "../../src/core/trace.ts";

const traceId = "4bf92f3577b34da6a3ce929d0e0e4736";
const spanId = "00f067aa0ba902b7";

test("a traceparent is read as the specification says", () => {
  const parent = { traceId, parentSpanId: spanId };
  const cases: [string, boolean | undefined][] = [
    [`00-${traceId}-${spanId}-01`, true],
    [`00-${traceId}-${spanId}-00`, false],
    [`00-${traceId}-${spanId}-03`, true],
    [`00-${traceId}-${spanId}-fe`, false],
    [`00-${traceId}-${spanId}-0f`, true],
    [`cc-${traceId}-${spanId}-01`, true],
    [`cc-${traceId}-${spanId}-01-what-comes-later`, true],
    [`cc-${traceId}-${spanId}-01what`, undefined],
    [`00-${traceId}-${spanId}-01-more`, undefined],
    [`00-${traceId}-${spanId}-01 `, undefined],
    [`ff-${traceId}-${spanId}-01`, undefined],
    [`00-${traceId.toUpperCase()}-${spanId}-01`, undefined],
    [`0-${traceId}-${spanId}-001`, undefined],
    [`00-${"0".repeat(32)}-${spanId}-01`, undefined],
    [`00-${traceId}-${"0".repeat(16)}-01`, undefined],
    [`00-${traceId.slice(1)}g-${spanId}-01`, undefined],
    [`00_${traceId}_${spanId}_01`, undefined],
    [`00-${traceId}-${spanId}`, undefined],
    [`00-${traceId}-${spanId}-0A`, undefined],
    [`00-${traceId}-${spanId}-0\n`, undefined],
    ["", undefined],
  ];
  for (const [header, sampled] of cases) {
    assert.deepEqual(parseTraceparent(header), sampled === undefined ? undefined : { ...parent, sampled }, header);
  }
});

test("what is written is read again, and no text makes it throw", () => {
  const ids = new TraceIds(systemClock);
  for (const sampled of [true, false]) {
    const span = { traceId: ids.traceId(), spanId: ids.spanId(), sampled };
    assert.deepEqual(parseTraceparent(formatTraceparent(span)), { traceId: span.traceId, parentSpanId: span.spanId, sampled });
  }
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 80 }), (header) => {
      assert.equal(parseTraceparent(header), undefined);
    }),
  );
});

test("a tracestate is passed on as it came, within its bounds", () => {
  for (const header of ["rojo=00f067aa0ba902b7,congo=t61rcWkgMzE", "a=1", Array(32).fill("a=1").join()])
    assert.equal(parseTracestate(header), header);
  for (const header of ["", `a=${"x".repeat(511)}`, "a=é", "a=1\r\nx: y", Array(33).fill("a=1").join()])
    assert.equal(parseTracestate(header), undefined);
});

test("ids have their form, do not repeat, and are never all zero", () => {
  const ids = new TraceIds(systemClock);
  const seen = new Set<string>();
  for (let i = 0; i < 10_000; i++) {
    const [trace, span] = [ids.traceId(), ids.spanId()];
    assert.match(trace, /^[0-9a-f]{32}$/);
    assert.match(span, /^[0-9a-f]{16}$/);
    seen.add(trace).add(span);
  }
  assert.equal(seen.size, 20_000);
  const zeros = new TraceIds({ ...systemClock, randomBytes: (size) => Buffer.alloc(size) });
  assert.match(zeros.traceId(), /^0{31}1$/);
  assert.match(zeros.spanId(), /^0{15}1$/);
});

test("the head decides by the trace id alone, in the share that was asked for", () => {
  const ids = new TraceIds(systemClock);
  const traces = Array.from({ length: 20_000 }, () => ids.traceId());
  for (const ratio of [0, 0.01, 0.25, 1]) {
    const kept = traces.filter(ratioSampler(ratio)).length / traces.length;
    assert.ok(Math.abs(kept - ratio) <= 0.02 * Math.sqrt(ratio) + Number.EPSILON, `${ratio}: ${kept}`);
  }
  // A service that keeps more keeps everything that one with a smaller share keeps.
  for (const trace of traces.filter(ratioSampler(0.01))) assert.ok(ratioSampler(0.1)(trace));
  assert.equal(ratioSampler(0.5)("4bf92f3577b34da6a380000000000000"), true);
  assert.equal(ratioSampler(0.5)("4bf92f3577b34da6a37fffffffffffff"), false);
  assert.throws(() => ratioSampler(5), /from 0 to 1/);
});

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { TestClock } from "../../src/testing/clock.ts";
import type { NetworkConditions } from "../../src/testing/network/conditions.ts";
import { Pipe } from "../../src/testing/network/pipe.ts";

interface Arrived {
  readonly at: number;
  readonly bytes: Buffer;
}

describe("one direction of a network", () => {
  it("without conditions passes bytes on in the same turn", () => {
    const { pipe, arrived, ended } = pipeOf();
    pipe.write(Buffer.from("abc"));
    pipe.end();
    assert.deepEqual(textOf(arrived), "abc");
    assert.deepEqual(ended, ["ended"]);
  });

  it("delays bytes, and the end behind them", () => {
    const { pipe, clock, arrived, ended } = pipeOf({ latencyMs: 80 });
    pipe.write(Buffer.from("abc"));
    pipe.end();
    clock.advance(79);
    assert.deepEqual([textOf(arrived), ended], ["", []]);
    clock.advance(1);
    assert.deepEqual([textOf(arrived), ended], ["abc", ["ended"]]);
  });

  it("sends again what is lost, and what follows waits for it", () => {
    const { pipe, clock, arrived, set } = pipeOf({ lossRatio: 0.5 });
    const onTime = Array.from({ length: 400 }, () => {
      const before = arrived.length;
      pipe.write(Buffer.from("a"));
      const isOnTime = arrived.length > before;
      if (!isOnTime) {
        set({});
        pipe.write(Buffer.from("b"));
        assert.equal(arrived.length, before, "b waits for a");
        clock.advance(199);
        assert.equal(arrived.length, before);
        clock.advance(1e9);
        assert.equal(textOf(arrived.slice(before)), "ab");
        set({ lossRatio: 0.5 });
      }
      return isOnTime;
    }).filter(Boolean).length;
    assert.ok(onTime > 150 && onTime < 250, `${onTime} of 400`);
  });

  it("under any delays delivers every byte once, in order, and not before its latency", () => {
    const conditions = fc.record(
      {
        latencyMs: fc.integer({ min: 0, max: 100 }),
        jitterMs: fc.integer({ min: 0, max: 100 }),
        bytesPerSecond: fc.integer({ min: 50, max: 10_000 }),
        lossRatio: fc.constantFrom(0, 0.3),
        silent: fc.boolean(),
      },
      { requiredKeys: [] },
    );
    const step = fc.record({
      bytes: fc.uint8Array({ minLength: 1, maxLength: 300 }),
      conditions,
      pauseMs: fc.integer({ min: 0, max: 150 }),
    });
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 12 }), (steps) => {
        const { pipe, clock, arrived, set } = pipeOf();
        const sent: (Arrived & { readonly latencyMs: number })[] = [];
        for (const { bytes, conditions, pauseMs } of steps) {
          set(conditions);
          sent.push({ at: clock.monotonic(), bytes: Buffer.from(bytes), latencyMs: conditions.latencyMs ?? 0 });
          pipe.write(Buffer.from(bytes));
          clock.advance(pauseMs);
        }
        set({});
        clock.advance(1e9);
        assert.deepEqual(Buffer.concat(arrived.map(({ bytes }) => bytes)), Buffer.concat(sent.map(({ bytes }) => bytes)));
        let begins = 0;
        for (const { bytes, at, latencyMs } of sent) {
          const first = firstAt(arrived, begins);
          assert.ok(first >= at + latencyMs, `byte ${begins}, sent at ${at}, arrived at ${first} in spite of ${latencyMs} ms`);
          begins += bytes.length;
        }
        assert.equal(clock.pending, 0);
      }),
    );
  });

  it("has no more bandwidth than it was given, and no less", () => {
    const { pipe, clock, arrived } = pipeOf({ bytesPerSecond: 1_000 });
    for (let n = 0; n < 4; n++) pipe.write(Buffer.alloc(250));
    clock.advance(500);
    assert.equal(
      arrived.reduce((sum, { bytes }) => sum + bytes.length, 0),
      500,
    );
    clock.advance(500);
    assert.equal(
      arrived.reduce((sum, { bytes }) => sum + bytes.length, 0),
      1_000,
    );
  });

  it("while silent holds what is on its way, and delivers it afterwards", () => {
    const { pipe, clock, arrived, ended, set } = pipeOf({ latencyMs: 10 });
    pipe.write(Buffer.from("before "));
    set({ silent: true });
    pipe.write(Buffer.from("meanwhile"));
    pipe.end();
    clock.advance(60_000);
    assert.deepEqual([textOf(arrived), ended, clock.pending], ["", [], 0]);
    set({});
    assert.deepEqual([textOf(arrived), ended], ["before meanwhile", ["ended"]]);
  });

  it("stops reading when 1 MiB is on its way, and goes on when it has arrived", () => {
    const { pipe, clock, reading } = pipeOf({ latencyMs: 10 });
    pipe.write(Buffer.alloc(1_048_576));
    assert.equal(reading(), true);
    pipe.write(Buffer.alloc(1));
    assert.equal(reading(), false);
    clock.advance(10);
    assert.equal(reading(), true);
  });

  it("is cut after a number of bytes from when that was set, and takes nothing more", () => {
    const { pipe, arrived, ended, set } = pipeOf();
    pipe.write(Buffer.from("12345"));
    set({ cutAfterBytes: 4 });
    pipe.write(Buffer.from("abc"));
    assert.deepEqual(ended, []);
    pipe.write(Buffer.from("defg"));
    pipe.write(Buffer.from("xyz"));
    assert.deepEqual([textOf(arrived), ended], ["12345abcd", ["cut"]]);
  });

  it("resets at a share of the reads", () => {
    const { pipe, resets } = pipeOf({ resetRatio: 0.1 });
    for (let n = 0; n < 2_000; n++) pipe.write(Buffer.from("a"));
    assert.ok(Math.abs(resets.length - 200) < 60, `${resets.length} of 2,000`);
  });

  it("once closed drops what is on its way, and leaves no timer", () => {
    const { pipe, clock, arrived, ended } = pipeOf({ latencyMs: 10 });
    pipe.write(Buffer.from("abc"));
    pipe.close();
    pipe.write(Buffer.from("def"));
    pipe.end();
    clock.advance(100);
    assert.deepEqual([arrived, ended, clock.pending], [[], [], 0]);
  });
});

function pipeOf(initial: NetworkConditions = {}) {
  const clock = new TestClock();
  const arrived: Arrived[] = [];
  const ended: string[] = [];
  const resets: true[] = [];
  let conditions = initial;
  let isReading = true;
  const source = {
    pause: () => {
      isReading = false;
      return source as never;
    },
    resume: () => {
      isReading = true;
      return source as never;
    },
  };
  const target = {
    destroyed: false,
    writableNeedDrain: false,
    on: () => target as never,
    write: (bytes: Buffer) => arrived.push({ at: clock.monotonic(), bytes }) > 0,
  };
  const pipe = new Pipe({
    source,
    target,
    clock,
    conditions: () => conditions,
    onArrival: () => undefined,
    onEnd: (cause) => ended.push(cause),
    onReset: () => resets.push(true),
  });
  const set = (next: NetworkConditions) => {
    conditions = next;
    pipe.refresh();
  };
  return { pipe, clock, arrived, ended, resets, set, reading: () => isReading };
}

function textOf(arrived: readonly Arrived[]): string {
  return Buffer.concat(arrived.map(({ bytes }) => bytes)).toString();
}

/** When the byte at a place of the stream arrived. */
function firstAt(arrived: readonly Arrived[], place: number): number {
  let passed = 0;
  for (const { at, bytes } of arrived) {
    passed += bytes.length;
    if (place < passed) return at;
  }
  return Number.NaN;
}

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { Histogram, relativeError } from "../../src/load/histogram.ts";

const lowest = 2 ** -10;
const powersOfTwo = fc.integer({ min: -12, max: 31 }).map((power) => 2 ** power);
const values = fc.oneof(
  fc.double({ min: 0, max: 2 ** 32, noNaN: true, noDefaultInfinity: true }),
  fc.double({ min: 0, max: 1_000, noNaN: true }),
  powersOfTwo,
  powersOfTwo.map((value) => value * (1 - Number.EPSILON)),
);
const lists = fc.array(values, { minLength: 1, maxLength: 200 });
const percents = fc.oneof(fc.constantFrom(0, 50, 90, 99, 99.9, 100), fc.double({ min: 0, max: 100, noNaN: true }));

describe("a histogram", () => {
  it("gives every percentile within its error of the value of that rank", () => {
    fc.assert(
      fc.property(lists, percents, (list, percent) => {
        const sorted = list.toSorted((a, b) => a - b);
        const exact = sorted[Math.max(0, Math.ceil((percent / 100) * list.length - 1e-9) - 1)]!;
        const found = histogramOf(list).percentile(percent);
        assert.ok(Math.abs(found - exact) <= Math.max(lowest, exact * relativeError), `p${percent} is ${exact}, found ${found}`);
      }),
    );
  });

  it("never gives a higher percentile a lower value", () => {
    fc.assert(
      fc.property(lists, percents, percents, (list, a, b) => {
        const histogram = histogramOf(list);
        assert.ok(histogram.percentile(Math.min(a, b)) <= histogram.percentile(Math.max(a, b)));
      }),
    );
  });

  it("counts exactly, and knows the least, the greatest and the mean", () => {
    fc.assert(
      fc.property(lists, (list) => {
        const histogram = histogramOf(list);
        assert.equal(histogram.size, list.length);
        assert.equal(histogram.min, Math.min(...list));
        assert.equal(histogram.max, Math.max(...list));
        assert.equal(histogram.mean, list.reduce((sum, value) => sum + value, 0) / list.length);
        assert.equal(histogram.percentile(0), histogram.min);
        assert.equal(histogram.percentile(100), histogram.max);
      }),
    );
  });

  it("merges with another as if it had counted the values of both", () => {
    fc.assert(
      fc.property(fc.array(values), fc.array(values), percents, (left, right, percent) => {
        const merged = histogramOf(left);
        merged.merge(histogramOf(right));
        const both = histogramOf([...left, ...right]);
        assert.deepEqual(merged.toJSON().buckets, both.toJSON().buckets);
        assert.deepEqual([merged.size, merged.min, merged.max], [both.size, both.min, both.max]);
        assert.equal(merged.percentile(percent), both.percentile(percent));
      }),
    );
  });

  it("comes back from its JSON as it was", () => {
    fc.assert(
      fc.property(fc.array(values), fc.array(values), (list, further) => {
        const histogram = histogramOf(list);
        const read = Histogram.from(JSON.parse(JSON.stringify(histogram)));
        for (const one of [histogram, read]) for (const value of further) one.record(value);
        assert.deepEqual(read.toJSON(), histogram.toJSON());
      }),
    );
  });

  it("counts what is beyond its range, and says the true maximum", () => {
    const histogram = histogramOf([1, 2 ** 40]);
    assert.deepEqual([histogram.size, histogram.max, histogram.percentile(50)], [2, 2 ** 40, 1 + relativeError]);
  });

  it("is 0 throughout without values", () => {
    const { min, max, mean, size } = new Histogram();
    assert.deepEqual([min, max, mean, size, new Histogram().percentile(99)], [0, 0, 0, 0, 0]);
  });

  it("refuses what is no duration and no percentile", () => {
    for (const value of [-1, Number.NaN]) assert.throws(() => new Histogram().record(value), /from 0 up/);
    for (const percent of [-1, 101, Number.NaN]) assert.throws(() => new Histogram().percentile(percent), /from 0 to 100/);
  });
});

function histogramOf(list: readonly number[]): Histogram {
  const histogram = new Histogram();
  for (const value of list) histogram.record(value);
  return histogram;
}

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { FairShare } from "../../../src/pipeline/shed/fair-share.ts";
import { UsageSketch } from "../../../src/pipeline/shed/usage-sketch.ts";

describe("FairShare", () => {
  /** One turn: the noisy tenant asks first, and a quiet one after its work; where `late`, that work made it late. */
  function turnOf(share: FairShare, { ordinal, late }: { ordinal: number; late: boolean }) {
    const now = ordinal * 40;
    let noisy = 0;
    for (let n = 0; n < 8; n++) {
      if (!share.admits("noisy", { ordinal, age: n, now })) continue;
      noisy++;
      share.worked(5, now);
    }
    const quiet = share.admits("quiet", { ordinal, age: late ? noisy * 5 : 0, now });
    if (quiet) share.worked(1, now);
    return { noisy, quiet };
  }

  it("refuses the tenant that has had the most, where others are late", () => {
    const share = new FairShare(10);
    let noisy = 0;
    for (let ordinal = 1; ordinal < 300; ordinal++) {
      const turn = turnOf(share, { ordinal, late: true });
      assert.ok(turn.quiet, "the quiet one is never refused");
      if (ordinal >= 100) noisy += turn.noisy;
    }
    assert.ok(noisy > 0 && noisy / 200 <= 3, `${noisy / 200} in a turn`);
  });

  it("refuses none where all are on time, and raises the level again", () => {
    const share = new FairShare(10);
    for (let ordinal = 1; ordinal < 100; ordinal++) assert.equal(turnOf(share, { ordinal, late: false }).noisy, 8);
    for (let ordinal = 100; ordinal < 200; ordinal++) turnOf(share, { ordinal, late: true });
    const low = share.level;
    for (let ordinal = 200; ordinal < 300; ordinal++) turnOf(share, { ordinal, late: false });
    assert.ok(share.level > low * 2);
    share.passes("quiet");
    assert.equal(share.level, Number.POSITIVE_INFINITY);
  });

  it("knows at the first turn of a queue what each tenant had before it", () => {
    const share = new FairShare(10);
    for (let now = 0; now < 1_000; now += 10) {
      share.passes("noisy");
      share.worked(8, now);
      share.passes("quiet");
      share.worked(1, now);
    }
    turnOf(share, { ordinal: 25, late: true });
    turnOf(share, { ordinal: 26, late: false });
    assert.ok(share.level > 300, `${share.level} ms in a second`);
  });

  it("refuses none where all have the same, however late they are", () => {
    const share = new FairShare(10);
    for (let ordinal = 1; ordinal < 200; ordinal++)
      for (const tenant of ["a", "b", "c"]) {
        assert.ok(share.admits(tenant, { ordinal, age: 35, now: ordinal * 40 }));
        share.worked(5, ordinal * 40);
      }
  });
});

describe("UsageSketch", () => {
  it("never counts less than was used, and forgets it", () => {
    const use = fc.record({ key: fc.constantFrom("a", "b", "c", "tenant 4"), amount: fc.integer({ min: 0, max: 50 }) });
    fc.assert(
      fc.property(fc.array(use, { maxLength: 100 }), (uses) => {
        const sketch = new UsageSketch();
        const used = new Map<string, number>();
        for (const { key, amount } of uses) {
          sketch.add(key, amount, 1_000);
          used.set(key, (used.get(key) ?? 0) + amount);
        }
        for (const [key, amount] of used) {
          assert.ok(sketch.read(key, 1_000) >= amount - 1e-9);
          assert.ok(sketch.read(key, 31_000) < 1e-3);
        }
      }),
    );
  });

  it("counts what was used so long ago by the time that has passed since, for as long as it runs", () => {
    const use = fc.record({ afterMs: fc.integer({ min: 0, max: 60_000 }), amount: fc.integer({ min: 1, max: 50 }) });
    fc.assert(
      fc.property(fc.array(use, { minLength: 1, maxLength: 100 }), (uses) => {
        const sketch = new UsageSketch();
        let [now, used] = [0, 0];
        for (const { afterMs, amount } of uses) {
          now += afterMs;
          used = used * Math.exp(-afterMs / 1_000) + amount;
          sketch.add("a", amount, now);
          assert.ok(Math.abs(sketch.read("a", now) - used) < 1e-6, `${sketch.read("a", now)} instead of ${used}`);
        }
      }),
    );
  });

  it("keeps thousands of keys apart but for a few", () => {
    const sketch = new UsageSketch();
    sketch.add("noisy", 1_000, 0);
    let wrong = 0;
    for (let n = 0; n < 10_000; n++) if (sketch.read(`tenant ${n}`, 0) > 0) wrong++;
    assert.ok(wrong <= 5, `${wrong} of 10,000 share all places with one`);
  });
});

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import type { CacheEntry } from "../../../src/pipeline/cache/entry.ts";
import { CacheMemory } from "../../../src/pipeline/cache/memory.ts";

const bounds = { bytes: 6_000, entryBytes: 3_000 };
const keys = ["a", "b", "c", "d", "e", "f", "g", "h"];
const tags = ["x", "y"];

const entry = (chars: number, tagged: readonly string[]): CacheEntry => ({
  ...{ json: "j".repeat(chars), head: undefined, tags: tagged, mark: undefined, quietUntil: 0 },
  ...{ loadedAt: 0, loadMs: 1, expiresAt: 1, staleUntil: 1 },
});

type Step = { readonly key: string } & (
  | { readonly do: "get" }
  | { readonly do: "delete" }
  | { readonly do: "set"; readonly chars: number; readonly tags: readonly string[] }
  | { readonly do: "invalidate"; readonly tag: string }
);
const key = fc.constantFrom(...keys);
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ key, do: fc.constant("get" as const) }),
  fc.record({ key, do: fc.constant("delete" as const) }),
  { weight: 3, arbitrary: fc.record({ key, do: fc.constant("set" as const), chars: fc.nat(1_600), tags: fc.subarray(tags) }) },
  fc.record({ key, do: fc.constant("invalidate" as const), tag: fc.constantFrom(...tags) }),
);

describe("the memory of values", () => {
  it("is never above its bound, keeps no value that is too large, and drops what was not used for the longest", () => {
    let evicted = 0;
    fc.assert(
      fc.property(fc.array(step, { minLength: 20, maxLength: 80, size: "max" }), (steps) => {
        const memory = new CacheMemory(bounds);
        /** In the order of their last use, with what each takes. */
        let model: { readonly key: string; readonly tags: readonly string[]; readonly bytes: number }[] = [];
        const without = (gone: string) => model.filter((each) => each.key !== gone);
        for (const each of steps) {
          if (each.do === "get") {
            const known = model.find((one) => one.key === each.key);
            assert.equal(memory.get(each.key) === undefined, known === undefined, each.key);
            if (known !== undefined) model = [...without(each.key), known];
          } else if (each.do === "delete") {
            memory.delete(each.key);
            model = without(each.key);
          } else if (each.do === "invalidate") {
            memory.invalidate([each.tag]);
            model = model.filter((one) => !one.tags.includes(each.tag));
          } else {
            memory.set(each.key, entry(each.chars, each.tags));
            model = without(each.key);
            const bytes = 2 * (each.chars + each.key.length + each.tags.length) + 512 + 128 * each.tags.length;
            if (bytes <= bounds.entryBytes) model.push({ key: each.key, tags: each.tags, bytes });
            while (model.reduce((sum, one) => sum + one.bytes, 0) > bounds.bytes) model.shift();
          }
          assert.deepEqual([memory.size, memory.bytes], [model.length, model.reduce((sum, one) => sum + one.bytes, 0)]);
          assert.ok(memory.bytes <= bounds.bytes);
        }
        evicted += memory.evicted;
      }),
      { numRuns: 500 },
    );
    assert.ok(evicted > 50, `the values are more than fit: ${evicted}`);
  });
});

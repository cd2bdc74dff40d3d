import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type Indexed, IntrusiveSet } from "../../src/core/intrusive-set.ts";

test("a set holds what a set would hold", () => {
  const step = fc.record({ add: fc.boolean(), which: fc.nat(9) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const entries: Indexed[] = Array.from({ length: 10 }, () => ({ index: -1 }));
      const set = new IntrusiveSet();
      const model = new Set<Indexed>();
      for (const { add, which } of steps) {
        const entry = entries[which]!;
        if (!add) assert.equal(set.delete(entry), model.delete(entry));
        else if (!model.has(entry)) {
          set.add(entry);
          model.add(entry);
        }
        assert.equal(set.size, model.size);
        assert.deepEqual(new Set(set.list()), model);
      }
    }),
  );
});

test("an entry of one set is not deleted from another", () => {
  const [one, other] = [new IntrusiveSet(), new IntrusiveSet()];
  const [first, second] = [{ index: -1 }, { index: -1 }];
  one.add(first);
  other.add(second);
  assert.equal(other.delete(first), false);
  assert.deepEqual([one.size, other.size], [1, 1]);
});

test("a list is of its moment", () => {
  const set = new IntrusiveSet();
  const entries = [{ index: -1 }, { index: -1 }, { index: -1 }];
  for (const entry of entries) set.add(entry);
  for (const entry of set.list()) set.delete(entry);
  assert.equal(set.size, 0);
});

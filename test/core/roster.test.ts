import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type Enrolled, Roster } from "../../src/core/roster.ts";

test("a roster holds what a set would hold", () => {
  const step = fc.record({ add: fc.boolean(), which: fc.nat(9) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const entries: Enrolled[] = Array.from({ length: 10 }, () => ({ seat: -1 }));
      const roster = new Roster();
      const model = new Set<Enrolled>();
      for (const { add, which } of steps) {
        const entry = entries[which]!;
        if (!add) assert.equal(roster.delete(entry), model.delete(entry));
        else if (!model.has(entry)) {
          roster.add(entry);
          model.add(entry);
        }
        assert.equal(roster.size, model.size);
        assert.deepEqual(new Set(roster.list()), model);
      }
    }),
  );
});

test("an entry of one roster is not deleted from another", () => {
  const [one, other] = [new Roster(), new Roster()];
  const [first, second] = [{ seat: -1 }, { seat: -1 }];
  one.add(first);
  other.add(second);
  assert.equal(other.delete(first), false);
  assert.deepEqual([one.size, other.size], [1, 1]);
});

test("a list is of its moment", () => {
  const roster = new Roster();
  const entries = [{ seat: -1 }, { seat: -1 }, { seat: -1 }];
  for (const entry of entries) roster.add(entry);
  for (const entry of roster.list()) roster.delete(entry);
  assert.equal(roster.size, 0);
});

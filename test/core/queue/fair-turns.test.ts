import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { FairTurns, type FairWaiter } from "../../../src/core/queue/fair-turns.ts";

interface Waiter extends FairWaiter {
  readonly n: number;
}

const waiters = fc.record({
  tenant: fc.constantFrom("", "a", "b", "c"),
  actor: fc.constantFrom("x", "y"),
  rank: fc.constantFrom(0, 1, 2, undefined),
});
const step = fc.oneof(
  { arbitrary: waiters.map((waiter) => ({ add: waiter })), weight: 4 },
  { arbitrary: fc.constant("next" as const), weight: 2 },
  { arbitrary: fc.nat(30).map((remove) => ({ remove })), weight: 1 },
  { arbitrary: waiters.map((waiter) => ({ displaceFor: waiter })), weight: 2 },
);

const make = (n: number, { tenant, actor, rank }: { tenant: string; actor: string; rank: number | undefined }): Waiter => ({
  ...{ n, caller: `${tenant}\n${actor}` },
  ...(rank !== undefined && { rank }),
});

describe("FairTurns", () => {
  it("loses no waiter and gives none twice, and always takes the most important", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120 }), fc.boolean(), (steps, newestFirst) => {
        const turns = new FairTurns<Waiter>();
        turns.newestFirst = newestFirst;
        const inside = new Set<Waiter>();
        const rank = ({ rank: own = 1 }: Waiter) => own;
        const highest = () => Math.max(...[...inside].map(rank));
        for (const [n, how] of steps.entries()) {
          if (how === "next") {
            const most = highest();
            const next = turns.next();
            assert.equal(next === undefined, inside.size === 0);
            if (next === undefined) continue;
            assert.ok(inside.delete(next));
            assert.equal(rank(next), most);
          } else if ("add" in how) {
            const waiter = make(n, how.add);
            turns.add(waiter);
            inside.add(waiter);
          } else if ("remove" in how) {
            const waiter = [...inside][how.remove];
            if (waiter !== undefined) assert.equal(turns.remove(waiter), inside.delete(waiter));
          } else {
            const waiter = make(n, how.displaceFor);
            const displaced = turns.displaceFor(waiter);
            if (displaced === undefined) continue;
            assert.ok(inside.delete(displaced));
            assert.ok(rank(displaced) <= rank(waiter), "a more important one made room");
          }
          assert.equal(turns.size, inside.size);
        }
      }),
    );
  });

  it("gives each tenant a turn, however many callers one has", () => {
    const turns = new FairTurns<Waiter>();
    for (let n = 0; n < 20; n++) turns.add(make(n, { tenant: "noisy", actor: `${n}`, rank: undefined }));
    turns.add(make(20, { tenant: "quiet", actor: "x", rank: undefined }));
    assert.deepEqual([turns.next()?.n, turns.next()?.n], [0, 20]);
  });

  it("makes room for a tenant with less at the cost of the one that has the most", () => {
    const turns = new FairTurns<Waiter>();
    for (let n = 0; n < 5; n++) turns.add(make(n, { tenant: "noisy", actor: "x", rank: undefined }));
    assert.equal(turns.displaceFor(make(5, { tenant: "quiet", actor: "x", rank: undefined }))?.n, 4);
    assert.equal(turns.displaceFor(make(6, { tenant: "noisy", actor: "x", rank: undefined })), undefined);
  });

  it("takes the newest of a caller first where that is asked for", () => {
    const turns = new FairTurns<Waiter>();
    for (let n = 0; n < 3; n++) turns.add(make(n, { tenant: "a", actor: "x", rank: undefined }));
    turns.newestFirst = true;
    assert.deepEqual([turns.next()?.n, turns.next()?.n, turns.next()?.n], [2, 1, 0]);
  });
});

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ClaimFloor } from "../../src/tasks/claims/claim-floor.ts";
import type { ClaimedTask } from "../../src/tasks/ports/claim-store.ts";
import { TestClock } from "../../src/testing/clock.ts";

const ranks = (fairnessKey: string, ...all: number[]) => all.map((rank) => ({ rank, fairnessKey })) as unknown as ClaimedTask[];

describe("the floor of claims", () => {
  const cases: readonly {
    readonly what: string;
    readonly ms: number;
    readonly tasks: readonly ClaimedTask[];
    readonly isWhole?: boolean;
    readonly floor: number;
  }[] = [
    { what: "is down while looking at everything is quick", ms: 19, tasks: ranks("", 5_000, 5_001), floor: 0 },
    { what: "is where a full claim ended", ms: 20, tasks: ranks("", 5_001, 5_000), floor: 5_001 },
    { what: "leaves room for late commits where nothing more was waiting", ms: 20, tasks: ranks("", 5_000), floor: 4_000 },
    { what: "is down where several fairness keys are served", ms: 20, tasks: [...ranks("a", 5_000), ...ranks("b", 1)], floor: 0 },
    { what: "is down where something was left out", ms: 20, tasks: ranks("", 5_000, 5_001), isWhole: false, floor: 0 },
  ];
  for (const { what, ms, tasks, isWhole = true, floor } of cases)
    it(what, () => {
      const clock = new TestClock();
      const claims = new ClaimFloor(clock);
      assert.equal(claims.rank, 0);
      const askedAt = clock.monotonic();
      clock.advance(ms);
      claims.learn({ tasks, limit: 2, floor: 0, askedAt, isWhole });
      assert.equal(claims.rank, floor);
    });

  it("is down four times a second, and for good once that is quick", () => {
    const clock = new TestClock();
    const claims = new ClaimFloor(clock);
    const claim = (ms: number) => {
      const { rank: floor } = claims;
      const askedAt = clock.monotonic();
      clock.advance(ms);
      claims.learn({ tasks: ranks("", 7_000, 7_001), limit: 2, floor, askedAt, isWhole: true });
      return floor;
    };
    assert.deepEqual([claim(50), claim(1), claim(1)], [0, 7_001, 7_001]);
    clock.advance(claims.dueMs);
    assert.deepEqual([claim(1), claim(1)], [0, 0]);
  });
});

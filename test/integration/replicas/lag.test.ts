import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { ReplicaLag } from "../../../src/postgres/replicas/lag.ts";

describe("the lag of a replica", () => {
  it("is unknown, and so endless, until the replica has what the primary had", () => {
    const lag = new ReplicaLag();
    assert.equal(lag.atMost(10), Number.POSITIVE_INFINITY);
    lag.sampled(100n, 10);
    lag.replayed(99n);
    assert.equal(lag.atMost(20), Number.POSITIVE_INFINITY);
    lag.replayed(100n);
    assert.equal(lag.atMost(20), 10);
    lag.lose();
    assert.equal(lag.atMost(20), Number.POSITIVE_INFINITY);
  });

  it("is never less than the replica is behind, and never smaller while it stands still", () => {
    const step = fc.record({ written: fc.nat(50), replays: fc.double({ min: 0, max: 1, noNaN: true }), ms: fc.nat(1_000) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const lag = new ReplicaLag();
        const commits: { position: number; at: number }[] = [];
        let [written, replica, now] = [0, 0, 0];
        for (const { written: more, replays, ms } of steps) {
          written += more;
          if (more > 0) commits.push({ position: written, at: now });
          lag.sampled(BigInt(written), now);
          now += ms;
          replica += Math.floor((written - replica) * replays);
          lag.replayed(BigInt(replica));
          // The oldest commit that it does not have was there so long ago.
          const missing = commits.find(({ position }) => position > replica);
          if (missing !== undefined) assert.ok(lag.atMost(now) >= now - missing.at, `${lag.atMost(now)} of ${now - missing.at}`);
        }
      }),
    );
  });
});

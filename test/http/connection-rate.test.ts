import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { ConnectionRate } from "../../src/http/connections/connection-rate.ts";
import { serve } from "../e2e/http/app.ts";

describe("ConnectionRate", () => {
  it("takes a burst at once, and no more than the rate after it", () => {
    const rate = new ConnectionRate({ perSecond: 100, burst: 5 });
    const taken = (now: number, count: number) => Array.from({ length: count }, () => rate.takes(now)).filter(Boolean).length;
    assert.deepEqual([taken(0, 20), taken(10, 20), taken(35, 20), taken(1_000, 20)], [5, 1, 2, 5]);
    assert.equal(rate.line.reason("above_rate").refused, 67);
  });

  it("never takes more in any time than the rate and the burst allow", () => {
    const gaps = fc.array(fc.integer({ min: 0, max: 40 }), { maxLength: 300 });
    fc.assert(
      fc.property(gaps, fc.integer({ min: 1, max: 200 }), fc.integer({ min: 1, max: 20 }), (all, perSecond, burst) => {
        const rate = new ConnectionRate({ perSecond, burst });
        const taken: number[] = [];
        let now = 0;
        for (const gap of all) {
          now += gap;
          if (rate.takes(now)) taken.push(now);
        }
        for (let from = 0; from < taken.length; from++)
          for (let to = from; to < taken.length; to++)
            assert.ok(to - from + 1 <= burst + ((taken[to]! - taken[from]!) * perSecond) / 1_000 + 0.01);
      }),
    );
  });

  it("closes at once what is above the rate, serves those that are open, and takes all where it is off", async () => {
    await using served = await serve([], { http: { limits: { connectionsPerSecond: 0.001, connections: 2 } } });
    const open = [await served.wire(), await served.wire()];
    assert.equal(await (await served.wire()).ended, "end");
    for (const wire of open) assert.equal((await wire.send("GET /none HTTP/1.1\r\nhost: t\r\n\r\n").next())?.status, 404);
    served.app.loadLines.setMode("connection rate", "off", "a test");
    open[0]?.close();
    assert.equal((await (await served.wire()).send("GET /none HTTP/1.1\r\nhost: t\r\n\r\n").next())?.status, 404);
  });
});

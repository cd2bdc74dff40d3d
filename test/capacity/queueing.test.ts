import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { delay, servers, sharedThroughputs, throughputs } from "../../src/capacity/queueing/closed.ts";
import { erlangB, erlangC, serversFor } from "../../src/capacity/queueing/erlang.ts";
import { gammaQuantile, gammaShare } from "../../src/capacity/queueing/gamma.ts";
import { solveOffered } from "../../src/capacity/queueing/open.ts";
import { fitUsl } from "../../src/capacity/queueing/usl.ts";

const close = (actual: number, expected: number, tolerance = 1e-9) =>
  assert.ok(Math.abs(actual - expected) <= tolerance * Math.max(1, Math.abs(expected)), `${actual} is not ${expected}`);

describe("Erlang", () => {
  // M/M/1 waits with probability ρ; M/M/2 with ρ = 1/2 with 1/3. The tables of Erlang B: 10 lines with 5 erlangs block 1.84%.
  it("knows M/M/1, M/M/2 and the tables", () => {
    close(erlangC(1, 0.7), 0.7);
    close(erlangC(2, 1), 1 / 3);
    close(erlangB(10, 5), 0.018385, 1e-5);
    close(erlangC(4, 4), 1);
  });

  it("finds the fewest servers", () =>
    fc.assert(
      fc.property(fc.double({ min: 0.01, max: 300, noNaN: true }), fc.double({ min: 0.001, max: 0.5, noNaN: true }), (offered, share) => {
        const count = serversFor(offered, share);
        assert.ok(erlangC(count, offered) <= share);
        assert.ok(count === 1 || erlangC(count - 1, offered) > share);
      }),
    ));
});

/** Mean value analysis of stations with one server each, and a delay. *Source*: M. Reiser, S. Lavenberg (1980). */
function meanValueAnalysis({ demands, thinks, customers }: { demands: readonly number[]; thinks: number; customers: number }): number {
  let queues = demands.map(() => 0);
  let throughput = 0;
  for (let n = 1; n <= customers; n++) {
    const times = demands.map((demand, index) => demand * (1 + queues[index]!));
    throughput = n / (thinks + times.reduce((sum, time) => sum + time, 0));
    queues = times.map((time) => throughput * time);
  }
  return throughput;
}

describe("closed networks", () => {
  it("agree with mean value analysis", () =>
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 0.01, max: 20, noNaN: true }), { minLength: 1, maxLength: 5 }),
        fc.double({ min: 0, max: 100, noNaN: true }),
        fc.integer({ min: 1, max: 60 }),
        (demands, thinks, customers) => {
          const stations = [...demands.map((demand) => servers(demand, 1)), delay(thinks)];
          close(throughputs(stations, customers)[customers]!, meanValueAnalysis({ demands, thinks, customers }), 1e-8);
        },
      ),
    ));

  it("never wait where there are as many servers as customers", () => {
    for (const customers of [1, 5, 40]) close(throughputs([servers(4, customers), delay(6)], customers)[customers]!, customers / 10);
  });

  it("rise with customers, and never above what the scarcest station carries", () =>
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 16 }),
        fc.double({ min: 0.1, max: 9, noNaN: true }),
        fc.integer({ min: 2, max: 300 }),
        (count, demand, most) => {
          const all = throughputs([servers(demand, count), servers(1, 1), delay(3)], most);
          for (let n = 1; n <= most; n++) {
            assert.ok(all[n]! >= all[n - 1]! * (1 - 1e-9));
            assert.ok(all[n]! <= Math.min(count / demand, 1) * (1 + 1e-9));
          }
        },
      ),
    ));

  it("are shared by processes alike, also when they are too many to be modelled one by one", () => {
    const alone = sharedThroughputs({ waits: 5, busy: 1, servers: 4, others: 0 }, 10);
    close(alone[1]!, 1 / 6);
    close(alone[10]!, throughputs([delay(5), servers(1, 4)], 10)[10]!);
    const crowded = sharedThroughputs({ waits: 5, busy: 1, servers: 4, others: 90 }, 10);
    close(crowded[10]!, 0.4, 0.01);
    const many = sharedThroughputs({ waits: 5, busy: 1, servers: 400, others: 990 }, 10);
    assert.ok(many[10]! > alone[10]! && many[10]! <= 10 / 6);
  });
});

describe("offered stations", () => {
  it("are M/M/c where rates are those of c servers", () => {
    const [arrivals, count] = [3.2, 4];
    const { waiting, inside, waits, refused } = solveOffered({ arrivals, rates: [1, 2, 3, 4], queue: 4_000 });
    close(waits, erlangC(count, arrivals), 1e-6);
    close(waiting, erlangC(count, arrivals) / (count - arrivals), 1e-6);
    close(inside, 1, 1e-6);
    close(refused, 0, 1e-6);
  });

  it("are M/M/c/c without a queue", () =>
    close(solveOffered({ arrivals: 5, rates: Array.from({ length: 10 }, (_, n) => n + 1), queue: 0 }).refused, erlangB(10, 5)));

  it("refuse what is above their rate", () => close(solveOffered({ arrivals: 20, rates: [10], queue: 200 }).refused, 0.5, 1e-6));
});

describe("gamma quantiles", () => {
  it("are those of the exponential distribution, of Erlang's, and of a constant", () => {
    close(gammaQuantile(0.99, { mean: 10, variance: 100 }), -10 * Math.log(0.01), 1e-6);
    // The 95th percentile of chi-squared with 10 degrees of freedom is 18.307: a gamma of shape 5 and scale 2.
    close(gammaQuantile(0.95, { mean: 10, variance: 20 }), 18.307, 1e-4);
    close(gammaQuantile(0.99, { mean: 7, variance: 0 }), 7);
  });

  it("are the inverse of the share", () =>
    fc.assert(
      fc.property(fc.double({ min: 0.3, max: 80, noNaN: true }), fc.double({ min: 0.5, max: 0.995, noNaN: true }), (shape, share) =>
        close(gammaShare(shape, gammaQuantile(share, { mean: shape, variance: shape })), share, 1e-6),
      ),
    ));
});

describe("the universal scalability law", () => {
  const law = ({ single, contention, crosstalk }: { single: number; contention: number; crosstalk: number }, n: number) =>
    (single * n) / (1 + contention * (n - 1) + crosstalk * n * (n - 1));
  it("finds the coefficients of points that follow it", () => {
    const truth = { single: 90, contention: 0.05, crosstalk: 0.002 };
    const fitted = fitUsl([1, 2, 4, 8, 16].map((inFlight) => ({ inFlight, throughput: law(truth, inFlight) })));
    for (const name of ["single", "contention", "crosstalk"] as const) close(fitted[name], truth[name], 1e-6);
    close(fitted.peak, law(truth, Math.sqrt(0.95 / 0.002)), 1e-6);
  });

  it("takes no coefficient below 0, and may have no peak", () => {
    const fitted = fitUsl([1, 2, 3, 4].map((inFlight) => ({ inFlight, throughput: 10 * inFlight ** 1.05 })));
    assert.ok(fitted.contention === 0 && fitted.crosstalk === 0 && fitted.peak === Number.POSITIVE_INFINITY);
  });
});

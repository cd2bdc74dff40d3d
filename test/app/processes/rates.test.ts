import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import { describe, it } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { Channel, type ChannelEnd } from "../../../src/app/processes/channel.ts";
import { memberLeases, supervisorLeases, supervisorRates } from "../../../src/app/processes/rates.ts";
import { systemClock } from "../../../src/core/clock.ts";
import { leaseStoreConformance } from "../../../src/testing/conformance/lease-store.ts";
import { rateStoreConformance } from "../../../src/testing/conformance/rate-store.ts";
import { Program } from "./program.ts";

/** Two ends of one channel, which pass on what JSON keeps, as those of two processes do. */
function ends(): readonly [ChannelEnd, ChannelEnd] {
  const [one, other] = [new EventEmitter(), new EventEmitter()];
  const pass = (to: EventEmitter) => (message: unknown) => {
    setImmediate(() => to.emit("message", JSON.parse(JSON.stringify(message))));
    return true;
  };
  return [Object.assign(one, { connected: true, send: pass(other) }), Object.assign(other, { connected: true, send: pass(one) })];
}

function channelToSupervisor(): Channel {
  const [here, there] = ends();
  memberLeases()(new Channel(there));
  return new Channel(here);
}

const sample = { clock: systemClock, pass: (ms: number) => pause(ms + 5) };

describe("leases of a supervisor", () => {
  const create = () => {
    const channel = channelToSupervisor();
    return { name: "supervisor", open: () => supervisorLeases(() => channel) };
  };
  for (const { name, run } of leaseStoreConformance({ ...sample, create })) it(name, run);
});

describe("rates of a supervisor", { concurrency: true }, () => {
  const create = () => {
    const channel = channelToSupervisor();
    return supervisorRates(() => channel);
  };
  for (const { name, run } of rateStoreConformance({ ...sample, create })) it(name, run);

  it("are refused with what to do before there is a supervisor", async () => {
    const leases = supervisorLeases(() => undefined);
    await assert.rejects(leases.take({ name: "r", ratePerSecond: 1, burst: 1 }, "k"), {
      type: "rate_store_unavailable",
      message: /Call supervise\(\)/,
    });
  });
});

describe("several processes", () => {
  it("admit together what one rate allows", async () => {
    const perSecond = 20;
    const program = new Program(2, { perSecond });
    try {
      await program.ready();
      await program.ready();
      const since = performance.now();
      const admitted = new Map<number, number>();
      let refused = 0;
      const client = async () => {
        // For three seconds; on a slow machine until the rate was reached.
        while (performance.now() < since + 3_000 || ((refused === 0 || admitted.size < 2) && performance.now() < since + 60_000)) {
          const { status, pid } = await program.post("/who");
          if (status === 200) admitted.set(pid, (admitted.get(pid) ?? 0) + 1);
          else refused++;
          await pause(5);
        }
      };
      await Promise.all(Array.from({ length: 8 }, client));
      const seconds = (performance.now() - since) / 1_000;
      const all = [...admitted.values()].reduce((sum, one) => sum + one, 0);
      // The burst, the rate, and what both may hold: each alone would be twice as much.
      assert.ok(all <= perSecond * (1 + seconds + 0.5), `${all} of ${perSecond} a second in ${seconds} s`);
      assert.ok(
        refused > 0 && all >= perSecond && admitted.size === 2,
        `${all} admitted, ${refused} refused, by ${admitted.size} processes`,
      );
    } finally {
      program.end();
      await program.ended;
    }
  });
});

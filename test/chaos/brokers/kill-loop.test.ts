import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { brokerCampaign, targets } from "./campaign.ts";
import { closePlaces, makePlace, skips } from "./places.ts";

describe("events over a broker, whatever is killed", () => {
  after(closePlaces);
  for (const broker of ["nats", "redis", "rabbitmq", "kafka"] as const)
    it(`are shipped once, all of them, and in the order of their key: ${broker}`, { skip: skips[broker] }, async () => {
      const only = broker === "kafka" ? targets.filter((target) => target !== "broker connections") : targets;
      const { kills, sold, ...found } = await brokerCampaign({ place: await makePlace(broker), kills: 5, seed: 11, only });
      assert.deepEqual(found, { lost: 0, twice: 0, outOfOrder: 0 });
      assert.ok(sold === 60 && Object.keys(kills).length > 0);
    });
});

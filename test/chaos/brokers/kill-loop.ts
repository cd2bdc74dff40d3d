// kill -9 of the processes that carry events over a broker, and cuts of their connections to it and to PostgreSQL, under load:
// node --conditions=source test/chaos/brokers/kill-loop.ts --kills 300 --seed 7 [--brokers nats,redis,rabbitmq,kafka] [--only worker]
// The brokers themselves are not killed: they are those of the machine. The exit code is 0 only when nothing was lost, shipped twice, or out of its order.
import { parseArgs } from "node:util";
import { brokerCampaign, type Target, targets } from "./campaign.ts";
import { closePlaces, makePlace, skips } from "./places.ts";

const { values } = parseArgs({
  options: {
    kills: { type: "string", default: "300" },
    seed: { type: "string", default: "7" },
    brokers: { type: "string", default: "nats,redis,rabbitmq,kafka" },
    only: { type: "string", default: targets.join(",") },
  },
});

for (const broker of values.brokers.split(",") as (keyof typeof skips)[]) {
  if (skips[broker] !== false) {
    console.log(`${broker}: skipped, ${skips[broker]}`);
    continue;
  }
  const only = values.only.split(",") as Target[];
  const own = broker === "kafka" ? only.filter((target) => target !== "broker connections") : only;
  const report = await brokerCampaign({
    place: await makePlace(broker),
    kills: Number(values.kills),
    seed: Number(values.seed),
    only: own,
  });
  console.log(`${broker}: ${JSON.stringify(report)}`);
  if (report.lost + report.twice + report.outOfOrder > 0) process.exitCode = 1;
}
await closePlaces();

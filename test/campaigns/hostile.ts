// The shop under the flags of `npm start`, among hostile clients: `node --conditions=source test/campaigns/hostile.ts [connections a second]`.
// 20,000 connections of every slow and fat sort, at most 9,000 at once, with 1,000 bodies of up to 1 MiB among them, from 40 addresses of this machine.
// Prints what others waited without and with them; the exit code is 0 where the shop is alive and their p99 is at most twice what it was.
import assert from "node:assert";
import { execFileSync } from "node:child_process";
import { setTimeout as pause } from "node:timers/promises";
import { flood, isAlive, politely, type Waits } from "./hostile/flood.ts";
import { startShop } from "./hostile/shop.ts";

// All of them within a minute where no rate is given: strangers then send 17 MiB a second.
const perSecond = Number(process.argv[2] ?? Math.ceil(20_000 / 60));
const attack = { connections: 20_000, atOnce: 9_000, perSecond, fatEvery: 20 };
// So many that thirty of the requests of each part are above its p99: of 500 it is five, and two runs differ by a third.
const politePerSecond = 50;
const secondsWithout = 30;
const files = Number(execFileSync("sh", ["-c", "ulimit -n"], { encoding: "utf8" }));
const needed = 4_096;
assert(
  files >= needed,
  `The shop and each of the clients' processes need ${needed} open files, and ulimit -n says ${files}. Raise it: ulimit -n ${needed}`,
);

const at = (sorted: Waits, share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
function say(what: string, waits: Waits): void {
  const failed = waits.filter((ms) => !Number.isFinite(ms)).length;
  console.log(
    `${what}: ${waits.length} requests, p50 ${at(waits, 0.5).toFixed(1)} ms, p99 ${at(waits, 0.99).toFixed(1)} ms, ${failed} without a response`,
  );
}

await using shop = await startShop();
console.log(`${perSecond} connections a second, one in ${attack.fatEvery} with a fat body, and ${politePerSecond} polite requests`);
await politely(shop, { until: pause(3_000), perSecond: politePerSecond });
const before = await politely(shop, { until: pause(secondsWithout * 1_000), perSecond: politePerSecond });
say("before", before);

const strangers = flood(shop, attack);
const during = await politely(shop, { until: strangers, perSecond: politePerSecond });
say("with", during);
const { opened, fat } = await strangers;
const alive = await isAlive(shop);
const after = await politely(shop, { until: pause(secondsWithout * 1_000), perSecond: politePerSecond });
say("after", after);
const without = [...before, ...after].toSorted((a, b) => a - b);
say("without", without);
const ratio = at(during, 0.99) / at(without, 0.99);
console.log(`${opened} connections, ${fat} fat bodies; ${alive ? "alive" : "ended"}; p99 ${ratio.toFixed(2)} times of without`);
process.exitCode = alive && ratio <= 2 ? 0 : 1;

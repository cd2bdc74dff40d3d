import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import type { Fault } from "plimsoll";
import { FaultProxy, type TestApp, TestClock, type TestDatabase } from "plimsoll/testing";
import { seen } from "../../integration/scratch.ts";
import { salesWith, sell, shipped, shopApp, shopDatabase } from "../../messaging/shop.ts";
import { open, type Place } from "./place.ts";

/** What is killed: a worker, while it sends or receives; its connections to the broker; or its connections to PostgreSQL. */
export const targets = ["worker", "broker connections", "database connections"] as const;
export type Target = (typeof targets)[number];

export interface BrokerCampaign {
  readonly place: Place;
  readonly kills: number;
  readonly seed: number;
  /** *Default*: all. */
  readonly only?: readonly Target[];
  readonly onKill?: (nth: number, target: Target) => void;
}

export interface BrokerReport {
  readonly kills: Readonly<Record<string, number>>;
  readonly sold: number;
  readonly lost: number;
  readonly twice: number;
  readonly outOfOrder: number;
}

const customers = ["a", "b", "c", "d"];

/** Sells without an end, kills what carries the events, and compares in the end what was shipped with what was sold. */
export async function brokerCampaign({ place, kills, seed, only = targets, onKill }: BrokerCampaign): Promise<BrokerReport> {
  const database = await shopDatabase();
  const clock = new TestClock({ seed });
  const { hostname, port } = new URL(place.broker === "kafka" ? `kafka://${place.url}` : place.url);
  const proxy = new FaultProxy({ host: hostname, port: Number(port) });
  await proxy.start();
  // A broker of Kafka gives clients its own address, past any proxy.
  const through = place.broker === "kafka" ? place : { ...place, url: proxy.through(place.url) };
  const workers = [startWorker(through, database), startWorker(through, database)];
  const seller = await shopApp(database, { modules: [salesWith(open(through))], roles: ["serve"] });
  const sold: Record<string, number[]> = Object.fromEntries(customers.map((customer) => [customer, []]));
  const counts: Record<string, number> = {};
  try {
    await Promise.all(workers.map((worker) => once(worker, "message")));
    for (let nth = 1; nth <= kills; nth++) {
      for (let n = 0; n < 6; n++) {
        const customer = customers[Math.floor(clock.random() * customers.length)] as string;
        const own = sold[customer] as number[];
        const numbers = [own.length, own.length + 1];
        await sellOnce(seller, { customer, numbers });
        own.push(...numbers);
      }
      await wait(clock.random() * 150);
      const target = only[Math.floor(clock.random() * only.length)] as Target;
      counts[target] = (counts[target] ?? 0) + 1;
      if (target === "worker") {
        const at = Math.floor(clock.random() * workers.length);
        workers[at]?.kill("SIGKILL");
        workers[at] = startWorker(through, database);
        // Now and then it is killed again while it starts.
        if (clock.random() < 0.7) await once(workers[at] as ChildProcess, "message");
      } else if (target === "broker connections") {
        proxy.down();
        await wait(clock.random() * 300);
        proxy.up();
      } else await endSessions(database);
      onKill?.(nth, target);
    }
    const total = Object.values(sold).flat().length;
    await seen(database.adminUrl, `select from shipping.shipped having count(*) >= ${total}`).catch(() => undefined);
    return { kills: counts, sold: total, ...compare(sold, await shipped(database)) };
  } finally {
    for (const worker of workers) worker.kill("SIGKILL");
    await seller.stop();
    await proxy.stop();
    await database.drop();
  }
}

/** Sells under a key until it is known to have happened: sessions end also in the middle of the seller's commit. */
async function sellOnce(seller: TestApp, input: { readonly customer: string; readonly numbers: number[] }): Promise<void> {
  const key = `${input.customer}-${input.numbers[0]}`;
  for (;;) {
    try {
      await seller.call(sell, input, { key });
      return;
    } catch (error) {
      if ((error as Partial<Fault>).code !== "unavailable") throw error;
      await wait(50);
    }
  }
}

function startWorker(place: Place, { url, adminUrl }: TestDatabase): ChildProcess {
  const env = { ...process.env, PLACE: JSON.stringify(place), DATABASE: JSON.stringify({ url, adminUrl }) };
  return fork(join(import.meta.dirname, "worker.ts"), {
    execArgv: ["--conditions=source"],
    env,
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  });
}

async function endSessions(database: TestDatabase): Promise<void> {
  await database.admin(
    "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid() and usename <> current_user",
  );
}

function compare(sold: Readonly<Record<string, readonly number[]>>, found: Readonly<Record<string, readonly number[]>>) {
  let [lost, twice, outOfOrder] = [0, 0, 0];
  for (const [customer, numbers] of Object.entries(sold)) {
    const own = found[customer] ?? [];
    const once = new Set(own);
    lost += numbers.filter((n) => !once.has(n)).length;
    twice += own.length - once.size;
    outOfOrder += own.filter((n, at) => at > 0 && n < (own[at - 1] as number)).length;
  }
  return { lost, twice, outOfOrder };
}

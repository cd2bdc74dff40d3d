// Strangers and polite callers of one shop, at the same time.
import { fork } from "node:child_process";
import { once } from "node:events";
import { Agent } from "node:http";
import { setTimeout as pause } from "node:timers/promises";
import type { Shop } from "./shop.ts";

/** How many hostile connections there are. */
export interface Flood {
  readonly connections: number;
  /** Open at the same time, at most. */
  readonly atOnce: number;
  readonly perSecond: number;
  /** One in so many sends a body of up to 1 MiB. */
  readonly fatEvery: number;
}

/** What callers waited, in ascending order. *Units*: milliseconds; without a response infinite. */
export type Waits = readonly number[];

const processes = 4;

/** Opens the connections, from 40 addresses of this machine. Resolves to how many there were when the last one has begun and a moment has passed. */
export async function flood({ port }: Shop, { connections, atOnce, perSecond, fatEvery }: Flood): Promise<{ opened: number; fat: number }> {
  let [opened, fat] = [0, 0];
  const clients = Array.from({ length: processes }, (_, n) => {
    const share = [port, connections / processes, atOnce / processes, 2 + n * 10, perSecond / processes, fatEvery].map(String);
    const process = fork(new URL("./clients.ts", import.meta.url), share);
    process.on("message", (done: { opened: number; fat: number }) => {
      opened += done.opened;
      fat += done.fat;
    });
    return once(process, "exit");
  });
  await Promise.all(clients);
  return { opened, fat };
}

/** Reads at a steady rate until a promise settles, every tenth time on a connection of its own. */
export async function politely(
  shop: Shop,
  { until, perSecond }: { readonly until: Promise<unknown>; readonly perSecond: number },
): Promise<Waits> {
  const agent = new Agent({ keepAlive: true, maxSockets: 4 });
  let isOver = false;
  const end = () => {
    isOver = true;
  };
  until.then(end, end);
  const waits: Promise<number>[] = [];
  for (let i = 0; !isOver; i++) {
    const since = performance.now();
    const asked = shop.ask(i % 10 === 0 ? false : agent);
    waits.push(asked.then((status) => (status === 200 ? performance.now() - since : Number.POSITIVE_INFINITY)));
    await pause(1_000 / perSecond);
  }
  const sorted = (await Promise.all(waits)).toSorted((a, b) => a - b);
  agent.destroy();
  return sorted;
}

/** Returns whether the shop runs and responds. */
export async function isAlive(shop: Shop): Promise<boolean> {
  return shop.process.exitCode === null && shop.process.signalCode === null && (await shop.ask()) === 200;
}

import { request } from "node:http";
import { setTimeout as pause } from "node:timers/promises";
import type { Leftovers } from "./servers/leftovers.ts";

/** So many more may be there than before: connections of pools, and code that is made at its first use. A leak of one a request is thousands. */
const allowed: Leftovers = { promises: 50, timers: 50, sockets: 50, responses: 50, signals: 50, functions: 500 };
const waitMs = 10_000;
const betweenMs = 500;

/** What is alive in a server. */
export function countLeftovers(socketPath: string): Promise<Leftovers> {
  return new Promise((resolve, reject) => {
    const sent = request({ socketPath, path: "/" }, async (response) => {
      let text = "";
      for await (const chunk of response) text += chunk;
      resolve(JSON.parse(text) as Leftovers);
    });
    sent.once("error", reject);
    sent.end();
  });
}

/** What has outlived its request since the first count; nothing where all has gone within ten seconds. */
export async function findLeaks(socketPath: string, before: Leftovers): Promise<readonly string[]> {
  for (const startedAt = performance.now(); ; await pause(betweenMs)) {
    const now = await countLeftovers(socketPath);
    const left = (Object.keys(allowed) as (keyof Leftovers)[]).filter((name) => now[name] - before[name] > allowed[name]);
    if (left.length === 0) return [];
    if (performance.now() - startedAt > waitMs) return left.map((name) => `${now[name] - before[name]} ${name}`);
  }
}

import assert from "node:assert";
import { createClient } from "redis";

/** The Redis that tests run on. */
export const redisUrl = process.env.REDIS_URL ?? "redis://127.0.0.1:6379";

async function answers(): Promise<boolean> {
  // One that is not there refuses at once; the time is for a test process that still compiles what it imports.
  const client = createClient({ url: redisUrl, socket: { reconnectStrategy: false, connectTimeout: 20_000 } });
  client.on("error", () => undefined);
  try {
    await client.connect();
    return true;
  } catch {
    assert(process.env.CI !== "true", `No Redis answers at ${redisUrl}: start one, or unset CI to skip its tests.`);
    return false;
  } finally {
    client.destroy();
  }
}

/** Why its tests are skipped, where there is none. */
export const redisSkip = (await answers()) ? false : `no Redis at ${redisUrl}`;

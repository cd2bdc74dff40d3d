import { createClient } from "redis";
import { redisUrl } from "../redis/server.ts";

const made: string[] = [];

/** The key of a stream that is not there yet. */
export function makeKey(): string {
  const key = `plimsoll-test:${process.pid}:${made.length}:${Math.trunc(performance.timeOrigin)}`;
  made.push(key);
  return key;
}

/** Removes the streams of the tests. */
export async function closeStreams(): Promise<void> {
  const client = createClient({ url: redisUrl });
  client.on("error", () => undefined);
  await client.connect();
  if (made.length > 0) await client.del(made.splice(0));
  client.destroy();
}

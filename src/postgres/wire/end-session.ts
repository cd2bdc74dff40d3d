import type { Socket } from "node:net";
import type pg from "pg";
import { type Clock, systemClock } from "../../core/clock.ts";
import { limits } from "../../core/limits.ts";

/**
 * Ends a session that has a connection of its own, and cuts it where the server is silent: it would keep the process until the kernel gives up, which
 * takes a quarter of an hour.
 * *Bounds*: `limits.quarantineMs`. *Guarantees*: it never rejects.
 */
export async function endSession(client: pg.Client, clock: Clock = systemClock): Promise<void> {
  // pg has no public door to its socket.
  const { stream } = (client as unknown as { readonly connection: { readonly stream: Socket } }).connection;
  const silent = clock.schedule(limits.quarantineMs, () => stream.destroy());
  await client.end().catch(() => undefined);
  silent.cancel();
}

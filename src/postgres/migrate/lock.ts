import type pg from "pg";
import { type Clock, sleep, systemClock } from "../../core/clock.ts";
import { Fault } from "../../core/fault.ts";
import { limits } from "../../core/limits.ts";
import { forget } from "./apply.ts";

const lockPollMs = 100;
// One lock for all processes of a database; the number is the word "plimsoll" in part.
const lockKey = 0x706c696d;

/**
 * One process migrates at a time. It asks again and again: a session that waits within a statement holds a snapshot, for which
 * `create index concurrently` of the other process would wait in turn.
 */
export async function withLock<T>(
  client: pg.Client,
  { clock = systemClock, waitMs = limits.migrationWaitMs }: { readonly clock?: Clock; readonly waitMs?: number },
  work: () => Promise<T>,
): Promise<T> {
  const until = clock.monotonic() + waitMs;
  await forget(client);
  for (;;) {
    const { rows } = await client.query<{ locked: boolean }>("select pg_try_advisory_lock($1) as locked", [lockKey]);
    if (rows[0]?.locked === true) break;
    if (clock.monotonic() >= until)
      throw new Fault({
        code: "unavailable",
        type: "migration_locked",
        message: `Another process has been migrating this database for more than ${Math.round(waitMs / 1_000)} s. Wait for it, or end it (see pg_stat_activity, application plimsoll-migrate), and start again.`,
        retryAfterMs: waitMs,
      });
    await sleep(clock, lockPollMs * (0.5 + clock.random()));
  }
  try {
    return await work();
  } finally {
    await client.query("select pg_advisory_unlock($1)", [lockKey]).catch(() => undefined);
  }
}

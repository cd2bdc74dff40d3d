import { sleep, systemClock } from "../core/clock.ts";

const lookAgainMs = 20;

/** The connections of a server: how many it takes at all from others than superusers, and how many it has now. */
export interface ServerConnections {
  readonly allowed: number;
  readonly used: number;
}

/** Reads {@link ServerConnections}. */
export const readConnections = `select current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int as allowed,
  (select count(*)::int from pg_stat_activity where backend_type = 'client backend') as used`;

/** This part of a server's connections is left to what else uses it, such as the other tests of a suite. */
const shareOfOthers = 0.3;

/** Whether another `needed` connections leave others their share. */
export function hasRoom({ allowed, used }: ServerConnections, needed: number): boolean {
  return used + needed <= allowed * (1 - shareOfOthers);
}

/**
 * Does all jobs in their order, up to `parallel` at the same time: the first of them always, the others while there is room.
 * *Guarantees*: where there is never room, one job runs at a time. Returns what each returned, in the order of the jobs.
 */
export async function doAll<J, R>(
  jobs: readonly J[],
  { parallel, hasRoom, run }: { readonly parallel: number; hasRoom(): Promise<boolean>; run(job: J): Promise<R> },
): Promise<R[]> {
  const results: R[] = [];
  let next = 0;
  const work = async (nth: number) => {
    while (next < jobs.length) {
      if (nth > 0 && !(await hasRoom())) await sleep(systemClock, lookAgainMs);
      else if (next < jobs.length) {
        const at = next++;
        results[at] = await run(jobs[at]!);
      }
    }
  };
  await Promise.all(Array.from({ length: parallel }, (_, nth) => work(nth)));
  return results;
}

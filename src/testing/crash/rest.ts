import { sleep, systemClock } from "../../core/clock.ts";
import type { World } from "./world.ts";

const lookEveryMs = 5;
/** How long a process stands still at the most after another one has taken over, and while that one starts, where it cannot do without it. */
const [stallMs, startMs] = [1_000, 10_000];
/** Nothing that a process waits for longer is what others wait for. *Units*: milliseconds. */
export const skipMs = 2_000;
/** So long nothing is said between app and database before it counts as silence: between a response and what the app does about it. */
const silenceMs = 20;

interface Waiting {
  /** Tasks that can run, or do, and events that were not read. */
  readonly busy: boolean;
  /** Until the next one is due that waits for a later time; null where none does. */
  readonly laterMs: number | null;
}

/** Events count as tasks do: those that a subscription has not read, and those that are parked. A paused subscription, and what waits for a person, is left. */
const waitingWork = `select exists (select from plimsoll.tasks) or exists (
    select from plimsoll.subscription_partitions t join plimsoll.subscriptions s on s.name = t.subscription and not s.paused
    where (t.epoch, t.xid, t.seq) < any (
      select e.epoch, e.xid, e.seq from plimsoll.every_event e order by e.epoch desc, e.xid desc, e.seq desc limit 1)) as busy,
  least(
    (select (min(l.due) - plimsoll.now_ms())::float8 from plimsoll.task_later l),
    (select extract(epoch from min(p.due) - plimsoll.now())::float8 * 1000 from plimsoll.parked_events p
      join plimsoll.subscriptions s on s.name = p.subscription and not s.paused where p.due < 'infinity')) as "laterMs"`;

/**
 * Waits until nothing is under way: nothing runs or starts, no statement waits for its response, no task and no event waits, nothing is said, and the test itself
 * says so. A process that stands still continues when the one that took over has done all it can. Where all that is left waits for a later time, that
 * time comes.
 * *Faults thrown*: what the start of an instance throws, and `cancelled` when the run has ended.
 * *Guarantees*: nothing begins between the last look and the return, so that a failure that struck has done all it does.
 */
export async function comeToRest(world: World, settled: () => boolean | Promise<boolean> = () => true): Promise<void> {
  for (;;) {
    world.throwIfOver();
    const rests = await isAtRest(world, settled);
    const stands = world.standsForMs;
    if (rests && stands === undefined) return;
    if (rests || (stands ?? 0) > (world.isUp ? stallMs : startMs)) world.wake();
    await sleep(systemClock, lookEveryMs);
  }
}

async function isAtRest(world: World, settled: () => boolean | Promise<boolean>): Promise<boolean> {
  if (world.isBusy || systemClock.monotonic() - world.lastByteAt < silenceMs) return false;
  const look = async () => (await world.spec.database.admin<Waiting & Record<string, unknown>>(waitingWork))[0];
  const isQuiet = (waiting: Waiting | undefined) => !waiting?.busy && waiting?.laterMs == null;
  const waiting = await look();
  if (world.isUp && isQuiet(waiting) && (await settled())) {
    // A timer of the app may have fallen due during each look, and what the test waits for may have started a task.
    const saidBefore = world.lastByteAt;
    if (isQuiet(await look()) && world.isUp && !world.isBusy && world.lastByteAt === saidBefore) return true;
  }
  if (!waiting?.busy && waiting?.laterMs != null && waiting.laterMs > 0) await world.passTime(waiting.laterMs / 1_000);
  world.skip(skipMs);
  return false;
}

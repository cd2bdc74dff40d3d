import { type Clock, keepProcess, sleep, systemClock } from "../core/clock.ts";
import { type Duration, formatMs, toMs } from "../core/duration.ts";
import { Fault } from "../core/fault.ts";
import { limits } from "../core/limits.ts";
import { TestClock } from "./clock.ts";
import type { IdlePart } from "./idle-parts.ts";

/** Options of `runUntilIdle`: how far it moves time, and when it fails. */
export interface IdleOptions {
  /**
   * Runs also what becomes due within so long: durable time, and a `TestClock`'s wall time, are moved on to it, one after the other. Needs a
   * `testDatabase`, as only the owner can move time. *Default*: what is due now, and nothing else.
   */
  readonly ahead?: Duration;
  /** The most attempts. *Default*: `limits.testAttempts`. */
  readonly attempts?: number;
  /** How long it waits for an attempt to end, in real time. *Default*: the app's `waitLimit`. */
  readonly within?: Duration;
}

/** What runs until it is idle, and who can move its time. */
export interface Idling {
  readonly parts: readonly IdlePart[];
  readonly clock: Clock;
  readonly moveTime: ((ms: number) => Promise<void>) | undefined;
}

const lookMs = 5;
const clockStepMs = 10;
const named = 5;

/** Counts the attempts that end, by name. */
class Ran {
  readonly byName = new Map<string, number>();
  total = 0;

  count(name: string): void {
    this.total++;
    this.byName.set(name, (this.byName.get(name) ?? 0) + 1);
  }

  get text(): string {
    const most = [...this.byName].toSorted(([, one], [, other]) => other - one).slice(0, named);
    return most.map(([name, times]) => `${name} ${times} times`).join(", ");
  }
}

/** Runs due work, and what it starts, until nothing is due. Returns the number of attempts that ended. */
export async function runUntilIdle(idling: Idling, options: IdleOptions & { readonly within: Duration }): Promise<number> {
  const ran = new Ran();
  const offs = idling.parts.map((part) => part.onEnded((name) => ran.count(name)));
  const kept = keepProcess();
  try {
    await runAll(idling, { ran, options });
    return ran.total;
  } finally {
    for (const off of offs) off();
    kept.cancel();
  }
}

async function runAll(
  { parts, clock, moveTime }: Idling,
  { ran, options }: { readonly ran: Ran; readonly options: IdleOptions & { readonly within: Duration } },
): Promise<void> {
  const { attempts = limits.testAttempts } = options;
  const withinMs = toMs(options.within);
  let leftMs = toMs(options.ahead ?? 0);
  let seen = -1;
  let movedAt = systemClock.monotonic();
  let wasIdle = false;
  for (;;) {
    const { busy, nextDueMs } = await look(parts);
    if (ran.total > attempts) throw endless(ran, attempts);
    const isIdle = busy.length === 0;
    // Work may move between the queries of one turn and be seen in none. So two turns without an end in between must agree.
    if (isIdle && wasIdle && ran.total === seen) {
      if (nextDueMs === undefined || nextDueMs > leftMs) return;
      leftMs -= nextDueMs;
      await ahead(nextDueMs, { clock, moveTime });
      movedAt = systemClock.monotonic();
      wasIdle = false;
      continue;
    }
    if (ran.total !== seen) movedAt = systemClock.monotonic();
    else if (systemClock.monotonic() - movedAt > withinMs) throw stuck(busy, { ran, withinMs });
    seen = ran.total;
    wasIdle = isIdle;
    if (!isIdle) await letPass(clock);
  }
}

async function look(parts: readonly IdlePart[]): Promise<{ readonly busy: readonly string[]; readonly nextDueMs: number | undefined }> {
  const busy: string[] = [];
  let nextDueMs: number | undefined;
  for (const part of parts) {
    const found = await part.look();
    busy.push(...found.busy);
    if (found.nextDueMs !== undefined) nextDueMs = Math.min(nextDueMs ?? found.nextDueMs, found.nextDueMs);
  }
  return { busy, nextDueMs };
}

/** A clock that stands still would hold up what waits on it, such as a second try after a conflict. */
async function letPass(clock: Clock): Promise<void> {
  await sleep(systemClock, lookMs);
  if (clock instanceof TestClock) await clock.advanceAsync(clockStepMs);
}

async function ahead(ms: number, { clock, moveTime }: Pick<Idling, "clock" | "moveTime">): Promise<void> {
  if (moveTime === undefined)
    throw new Fault({
      code: "failed_precondition",
      type: "time_fixed",
      message: "Only the owner of a database can move its time. Give testApp a testDatabase, or leave `ahead` out.",
    });
  await moveTime(ms);
  if (clock instanceof TestClock) clock.setNow(clock.now() + ms);
}

function endless(ran: Ran, attempts: number): Fault {
  return new Fault({
    code: "resource_exhausted",
    type: "never_idle",
    message: `More than ${attempts} attempts ended, and more work is due: ${ran.text}. Look for work that starts itself or a retry without an end, or raise \`attempts\`.`,
  });
}

function stuck(busy: readonly string[], { ran, withinMs }: { readonly ran: Ran; readonly withinMs: number }): Fault {
  const left = busy.join(", ") || "work becomes due again and again, and no attempt of it ends";
  const before = ran.total === 0 ? "No attempt ended before." : `Before that, these ended: ${ran.text}.`;
  return new Fault({
    code: "deadline_exceeded",
    type: "wait_limit",
    message: `No attempt ended for ${formatMs(withinMs)}: ${left}. ${before} Release what they wait for, or give a longer \`within\`.`,
  });
}

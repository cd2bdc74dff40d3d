import type { BenchOptions } from "../harness/options.ts";
import { describeCommit, describeMachine, type Report, type Result } from "../harness/report.ts";
import { median, quantile, round } from "../harness/rounds.ts";
import { type Store, startPostgresStores } from "../tasks/stores.ts";
import { followingApp } from "./app.ts";
import { brokers } from "./brokers.ts";

const bars = { ratio: 0.6, lagMs: 50 };
const nothingPending = "(select 1 where false) as nothing";
const stepMs = 5;

interface Sample {
  readonly perSecond: number;
  readonly lagsMs: readonly number[];
}

/**
 * Relays to brokers beside a subscription that only reads the log: the rate at which each follows events that are there already, all in the order of their keys,
 * and the time from an event's commit until the broker has confirmed it, at half of that rate. All are in this process, one after the other in each round.
 */
export async function runMessaging(options: BenchOptions): Promise<Report> {
  const rounds = options.rounds ?? (options.quick ? 3 : 9);
  const spec = options.quick ? { events: 15_000, seconds: 2 } : { events: 100_000, seconds: 10 };
  const stores = await startPostgresStores();
  const names = ["raw", ...Object.keys(brokers)].filter((name) => name === "raw" || (options.only?.includes(name) ?? true));
  const samples = new Map<string, Sample[]>(names.map((name) => [name, []]));
  try {
    // The first compiles the code.
    for (const name of names) await measure(name, await stores.create(nothingPending), { events: 2_000, seconds: 0.2 });
    for (let at = 0; at < rounds; at++)
      for (const name of at % 2 === 0 ? names : names.toReversed())
        samples.get(name)!.push(await measure(name, await stores.create(nothingPending), spec));
    const results = names.map((name) => resultOf(name, samples));
    warn(results);
    return { bench: "messaging", machine: describeMachine({ ...stores.facts, ...spec }), commit: describeCommit(), rounds, results };
  } finally {
    await stores.stop();
  }
}

async function measure(name: string, store: Store, spec: { readonly events: number; readonly seconds: number }): Promise<Sample> {
  const place = await brokers[name]?.();
  const { app, emit } = followingApp(`bench.to-${name}`, place, store.urls);
  let handled = 0;
  const lagsMs: number[] = [];
  app.events.signals.handled.on(({ lagMs }) => {
    handled++;
    lagsMs.push(lagMs);
  });
  const until = async (count: number) => {
    while (handled < count) await new Promise((resolve) => setTimeout(resolve, 1));
  };
  try {
    await app.start();
    // What is there already waits behind a first event, whose handler the app has begun: so the followers begin with all of it.
    await app.events.pause(`bench.to-${name}`);
    for (let from = 0; from < spec.events; from += 500) await emit(from, Math.min(500, spec.events - from));
    const startedAt = performance.now();
    await app.events.resume(`bench.to-${name}`);
    await until(spec.events);
    const perSecond = spec.events / ((performance.now() - startedAt) / 1_000);
    lagsMs.length = 0;
    await emitEvenly(emit, { from: spec.events, perSecond: perSecond / 2, seconds: spec.seconds, until });
    return { perSecond, lagsMs: [...lagsMs] };
  } finally {
    await app.stop();
    await place?.remove();
    await store.drop();
  }
}

interface Evenly {
  readonly from: number;
  readonly perSecond: number;
  readonly seconds: number;
  until(count: number): Promise<void>;
}

/** Emits at that rate whether or not what came before was handled: a few events in each command. */
async function emitEvenly(
  emit: (from: number, count: number) => Promise<unknown>,
  { from, perSecond, seconds, until }: Evenly,
): Promise<void> {
  const startedAt = performance.now();
  const emitting: Promise<unknown>[] = [];
  let sent = 0;
  for (let passedMs = 0; passedMs < seconds * 1_000; passedMs = performance.now() - startedAt) {
    const due = Math.floor((passedMs / 1_000) * perSecond) - sent;
    if (due > 0) emitting.push(emit(from + sent, due));
    sent += Math.max(0, due);
    await new Promise((resolve) => setTimeout(resolve, stepMs));
  }
  await Promise.all(emitting);
  await until(from + sent);
}

function resultOf(name: string, samples: ReadonlyMap<string, readonly Sample[]>): Result {
  const own = samples.get(name)!;
  const raw = samples.get("raw")!;
  const ratios = own.map(({ perSecond }, at) => perSecond / raw[at]!.perSecond);
  return {
    ...{ name, perSecond: Math.round(median(own.map(({ perSecond }) => perSecond))), ratio: round(median(ratios)) },
    ratioIqr: round(quantile(ratios, 0.75) - quantile(ratios, 0.25)),
    lagP50Ms: round(median(own.map(({ lagsMs }) => quantile(lagsMs, 0.5)))),
    lagP99Ms: round(median(own.map(({ lagsMs }) => quantile(lagsMs, 0.99)))),
  };
}

function warn(results: readonly Result[]): void {
  for (const { name, ratio, lagP99Ms } of results)
    if (name !== "raw" && (ratio < bars.ratio || Number(lagP99Ms) > bars.lagMs)) {
      process.stderr.write(
        `messaging: ${name} has ${ratio} of the log's read rate (bar ${bars.ratio}), lag p99 ${lagP99Ms} ms (bar ${bars.lagMs})\n`,
      );
      process.exitCode = 1;
    }
}

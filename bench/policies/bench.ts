import { getEventListeners } from "node:events";
import { setTimeout as pause } from "node:timers/promises";
import { type BenchOptions, chosen } from "../harness/options.ts";
import { describeCommit, describeMachine, type Report } from "../harness/report.ts";
import { median, round, runRounds, summarize } from "../harness/rounds.ts";
import { type Contender, contenders, pendingTimers } from "./contenders.ts";

/** Calls after which nothing may be left of them. */
const leakCalls = 1_000_000;
/** Calls per second of ours ÷ those of cockatiel in the same round, at the least. */
const bar = 5;
/** Longer than the wheel keeps its one timer after the last call. */
const restMs = 100;

/** Bulkhead, retry, breaker and timeout round an async function that does nothing: what do they cost, and what do they leave behind? */
export async function runPolicies(options: BenchOptions): Promise<Report> {
  const rounds = options.rounds ?? (options.quick ? 9 : 31);
  const calls = options.quick ? 20_000 : 50_000;
  const asked = chosen(contenders, options);
  // Before it counts: the compiler of the engine sees every contender.
  for (const contender of asked) await measure(contender, calls);
  const samples = await runRounds(
    asked.map((contender) => ({ name: contender.name, measure: () => measure(contender, calls) })),
    rounds,
  );
  const peer = samples.get("cockatiel");
  const results = [];
  for (const contender of asked) {
    const vsCockatiel = peer && round(median(samples.get(contender.name)!.map(({ perSecond }, n) => perSecond / peer[n]!.perSecond)));
    const left = contender.name.startsWith("plimsoll") ? await countLeft(contender) : undefined;
    results.push({ ...summarize(contender, samples), ...{ vsCockatiel, ...left } });
  }
  const report = { bench: "policies", machine: describeMachine({ calls, leakCalls, bar }), commit: describeCommit(), rounds, results };
  judge(report);
  return report;
}

async function measure({ call }: Contender, calls: number) {
  const { signal } = new AbortController();
  const startedAt = performance.now();
  for (let n = 0; n < calls; n++) await call(signal);
  const tookMs = performance.now() - startedAt;
  const eachMs = tookMs / calls;
  return { perSecond: 1_000 / eachMs, p50Ms: eachMs, p99Ms: eachMs };
}

/** Listeners on the caller's signal and timers of the process, after many calls under one signal. */
async function countLeft({ call }: Contender) {
  const { signal } = new AbortController();
  for (let n = 0; n < leakCalls; n++) await call(signal);
  const listenersLeft = getEventListeners(signal, "abort").length;
  await pause(restMs);
  return { listenersLeft, timersLeft: pendingTimers() };
}

/** Ends the bench with 1 where ours misses a bar; the report is printed all the same. */
function judge({ results }: Report): void {
  for (const { name, vsCockatiel, listenersLeft, timersLeft } of results) {
    const missed = [
      name === "plimsoll" && typeof vsCockatiel === "number" && vsCockatiel < bar && `${vsCockatiel} times cockatiel, not ${bar}`,
      typeof listenersLeft === "number" && listenersLeft > 0 && `${listenersLeft} listeners left`,
      typeof timersLeft === "number" && timersLeft > 0 && `${timersLeft} timers left`,
    ].filter((miss) => miss !== false);
    if (missed.length === 0) continue;
    process.stderr.write(`${name}: ${missed.join(", ")}\n`);
    process.exitCode = 1;
  }
}

// The process of one contender: sets it up, and works when it is asked to. Load and work share the process, for every contender.
import { setTimeout as sleep } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import { build } from "hdr-histogram-js";
import type { Answered, Ask, Contender, Reply } from "./contender.ts";

let contender: Contender | undefined;
let next = 0;

process.on("message", async (ask: Ask) => {
  const reply = await answer(ask).then(
    (answered): Reply => ({ answered }),
    (error): Reply => ({ error: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
  );
  process.send!(reply);
});
process.once("SIGTERM", async () => {
  await contender?.close().catch(() => {});
  process.exit(0);
});
process.once("disconnect", () => process.exit(1));

async function answer(ask: Ask): Promise<Answered> {
  if ("setup" in ask) {
    const { file, target } = ask.setup;
    contender = ((await import(pathToFileURL(file).href)) as { readonly contender: Contender }).contender;
    await contender.setup(target);
    await contender.once(next++);
    return { done: 1, seconds: 0, p50Ms: 0, p99Ms: 0 };
  }
  return "work" in ask ? work(ask.work) : paced(ask.paced);
}

async function work({ callers, seconds }: { readonly callers: number; readonly seconds: number }): Promise<Answered> {
  const histogram = build({ lowestDiscernibleValue: 1, highestTrackableValue: 60_000_000, numberOfSignificantValueDigits: 3 });
  const startedAt = performance.now();
  const endsAt = startedAt + seconds * 1_000;
  let done = 0;
  const call = async () => {
    for (let sentAt = performance.now(); sentAt < endsAt; ) {
      await contender!.once(next++);
      const now = performance.now();
      histogram.recordValue(Math.max(1, Math.round((now - sentAt) * 1_000)));
      done++;
      sentAt = now;
    }
  };
  await Promise.all(Array.from({ length: callers }, call));
  return {
    done,
    seconds: (performance.now() - startedAt) / 1_000,
    p50Ms: histogram.getValueAtPercentile(50) / 1_000,
    p99Ms: histogram.getValueAtPercentile(99) / 1_000,
  };
}

async function paced({ times, pauseMs }: { readonly times: number; readonly pauseMs: number }): Promise<Answered> {
  for (let i = 0; i < times; i++) {
    await contender!.once(next++);
    await sleep(pauseMs);
  }
  return { done: times, seconds: 0, p50Ms: 0, p99Ms: 0 };
}

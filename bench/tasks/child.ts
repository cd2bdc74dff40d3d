// The process of a producer or of a worker of one system: sets it up, and does what it is asked.
import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import { quantile } from "../harness/rounds.ts";
import type { Answer, Ask, HandledAnswer, LoadAnswer, Reply } from "./asks.ts";
import { nowMs, type Producer, type TaskInput, type TaskSystem, type Worker } from "./system.ts";

let producer: Producer | undefined;
let worker: Worker | undefined;
let next = 0;

process.on("message", async (ask: Ask) => {
  const reply = await answer(ask).then(
    (answered): Reply => ({ answer: answered }),
    (error): Reply => ({ error: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
  );
  process.send!(reply);
});
process.on("SIGTERM", async () => {
  await Promise.all([producer?.close(), worker?.close()]).catch(() => {});
  process.exit(0);
});
process.once("disconnect", () => process.exit(1));

async function answer(ask: Ask): Promise<Answer> {
  if ("produce" in ask) {
    producer = await (await load(ask.produce.file)).produce(ask.produce.target);
    return { tasks: 0 };
  }
  if ("work" in ask) {
    warmUp = ask.work.warmUp;
    worker = await (await load(ask.work.file)).work(ask.work.target, handle);
    return { tasks: 0 };
  }
  if ("handled" in ask) return whenHandled(ask.handled.count);
  if ("load" in ask) return produceLoad(ask.load);
  return "fill" in ask ? fill(ask.fill) : pace(ask.pace);
}

async function load(file: string): Promise<TaskSystem> {
  return ((await import(pathToFileURL(file).href)) as { readonly system: TaskSystem }).system;
}

function input(): TaskInput {
  return { n: next++, sentAtMs: nowMs() };
}

/** Callers that each wait until theirs is durable before they bring the next. */
async function produceLoad({ how, callers, seconds, batch }: Extract<Ask, { load: unknown }>["load"]): Promise<LoadAnswer> {
  const system = producer!;
  const once = {
    one: () => system.enqueue(input()),
    many: () => system.enqueueMany(Array.from({ length: batch }, input)),
    withRow: () => system.enqueueWithRow!(input()),
  }[how];
  if (how === "withRow" && system.enqueueWithRow === undefined) return { tasks: 0, seconds: 0, p99Ms: 0 };
  const took: number[] = [];
  const startedAt = nowMs();
  const endsAt = startedAt + seconds * 1_000;
  const call = async () => {
    for (let sentAt = nowMs(); sentAt < endsAt; ) {
      await once();
      const now = nowMs();
      took.push(now - sentAt);
      sentAt = now;
    }
  };
  await Promise.all(Array.from({ length: callers }, call));
  const tasks = took.length * (how === "many" ? batch : 1);
  return { tasks, seconds: (nowMs() - startedAt) / 1_000, p99Ms: quantile(took, 0.99) };
}

async function fill({ count, batch }: { readonly count: number; readonly batch: number }): Promise<Answer> {
  for (let left = count; left > 0; left -= batch) await producer!.enqueueMany(Array.from({ length: Math.min(left, batch) }, input));
  return { tasks: count };
}

/** Enqueues at a rate, whether or not those before are durable yet. */
async function pace({ perSecond, seconds }: { readonly perSecond: number; readonly seconds: number }): Promise<Answer> {
  const total = Math.round(perSecond * seconds);
  const startedAt = nowMs();
  const under: Promise<unknown>[] = [];
  while (under.length < total) {
    const due = Math.min(total, Math.floor(((nowMs() - startedAt) / 1_000) * perSecond) + 1);
    while (under.length < due) under.push(producer!.enqueue(input()));
    await sleep(1);
  }
  await Promise.all(under);
  return { tasks: total };
}

let warmUp = 0;
let handled = 0;
let measuredFromMs = 0;
let latencies: number[] = [];
let numbers = new Set<number>();
let onHandled: (() => void) | undefined;

function handle({ n, sentAtMs }: TaskInput): void {
  const now = nowMs();
  latencies.push(now - sentAtMs);
  numbers.add(n);
  if (handled++ === warmUp) measuredFromMs = now;
  onHandled?.();
}

function whenHandled(count: number): Promise<HandledAnswer> {
  return new Promise((resolve) => {
    onHandled = () => {
      if (latencies.length < count) return;
      onHandled = undefined;
      const taken = latencies;
      assert.equal(numbers.size, taken.length, "a task ran twice, and nothing had failed");
      assert(Math.min(...taken.slice(0, 1_000)) > 0, "a task began before it was enqueued: the processes do not share their clock");
      [latencies, numbers] = [[], new Set()];
      resolve({ count: taken.length, measuredFromMs, p50Ms: quantile(taken, 0.5), p99Ms: quantile(taken, 0.99) });
    };
    onHandled();
  });
}

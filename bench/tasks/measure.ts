import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import type { TaskContender } from "./contenders.ts";
import { ProducerProcess, WorkerProcess } from "./process.ts";
import type { Store, Stores } from "./stores.ts";
import { nowMs, type TaskTarget } from "./system.ts";

/** How much of everything one round takes. */
export interface Plan {
  readonly callers: number;
  readonly connections: number;
  readonly loadSeconds: number;
  readonly bulkBatch: number;
  readonly slowSeconds: number;
  readonly fastSeconds: number;
  /** Whether tasks are completed a second time with what is done kept. */
  readonly withHistory: boolean;
  /** How many tasks run before the clock starts, and how many it runs for. */
  readonly warmUp: number;
  readonly process: number;
  readonly idleSeconds: number;
  /** How many tasks wait when the size is taken; undefined leaves it out. */
  readonly sizeTasks: number | undefined;
}

/** What one system did in one round; undefined where it has no such thing. */
export interface TaskSample {
  readonly enqueuePerSecond: number;
  readonly enqueueP99Ms: number;
  readonly bulkPerSecond: number;
  readonly transactionPerSecond: number | undefined;
  readonly processPerSecond: number;
  readonly processHistoryPerSecond: number | undefined;
  readonly pickupP50Ms: number;
  readonly pickupP99Ms: number;
  readonly pickup1000P50Ms: number;
  readonly pickup1000P99Ms: number;
}

const slowRate = 50;
const fastRate = 1_000;
const doneTimeoutMs = 120_000;

/** A system on a store, with the processes that belong to it. */
class Bench implements AsyncDisposable {
  readonly #contender: TaskContender;
  readonly #plan: Plan;
  readonly store: Store;
  readonly producer: ProducerProcess;
  readonly #running: { stop(): Promise<unknown> }[];

  private constructor({ contender, plan }: { contender: TaskContender; plan: Plan }, store: Store, producer: ProducerProcess) {
    this.#contender = contender;
    this.#plan = plan;
    this.store = store;
    this.producer = producer;
    this.#running = [producer];
  }

  static async open(contender: TaskContender, stores: Stores, plan: Plan): Promise<Bench> {
    const store = await stores.create(contender.pending);
    try {
      const producer = await ProducerProcess.start(contender.name, contender.file, target(contender, store, plan));
      return new Bench({ contender, plan }, store, producer);
    } catch (error) {
      await store.drop();
      throw error;
    }
  }

  async startWorker(settings: Partial<TaskTarget> & { readonly warmUp?: number } = {}): Promise<WorkerProcess> {
    const { warmUp = 0, ...asked } = settings;
    const work = { file: this.#contender.file, target: { ...target(this.#contender, this.store, this.#plan), ...asked }, warmUp };
    const worker = await WorkerProcess.start(this.#contender.name, work);
    this.#running.push(worker);
    return worker;
  }

  async untilDone(): Promise<number> {
    const endsAt = nowMs() + doneTimeoutMs;
    while (!(await this.store.isDone())) {
      assert(nowMs() < endsAt, `${this.#contender.name} began all tasks, and left some undone for ${doneTimeoutMs} ms`);
      await sleep(1);
    }
    return nowMs();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#running.map((one) => one.stop()));
    await this.store.drop();
  }
}

function target({ history, variant }: TaskContender, { urls }: Store, { connections }: Plan): TaskTarget {
  return { ...urls, connections, history: history === "always", types: 1, queues: 1, variant };
}

/** One round of one system, on stores of its own that are dropped afterwards. */
export async function measureRound(contender: TaskContender, stores: Stores, plan: Plan): Promise<TaskSample> {
  const sample = await measureWithoutHistory(contender, stores, plan);
  if (contender.history === "always") return { ...sample, processHistoryPerSecond: sample.processPerSecond };
  if (contender.history === "never" || !plan.withHistory) return { ...sample, processHistoryPerSecond: undefined };
  await using bench = await Bench.open(contender, stores, plan);
  return { ...sample, processHistoryPerSecond: await measureProcess(bench, plan, true) };
}

async function measureWithoutHistory(contender: TaskContender, stores: Stores, plan: Plan) {
  await using bench = await Bench.open(contender, stores, plan);
  const pickup = await measurePickup(bench, plan);
  const processPerSecond = await measureProcess(bench, plan, contender.history === "always");
  return { ...pickup, processPerSecond, ...(await measureEnqueue(bench, plan)) };
}

/** From just before the enqueue is called in the one process to the start of the handler in the other. */
async function measurePickup(bench: Bench, { slowSeconds, fastSeconds }: Plan) {
  const worker = await bench.startWorker();
  const paced = async (perSecond: number, seconds: number) => worker.handled(await bench.producer.pace(perSecond, seconds));
  await paced(fastRate, 0.3);
  const slow = await paced(slowRate, slowSeconds);
  const fast = await paced(fastRate, fastSeconds);
  await worker.stop();
  return { pickupP50Ms: slow.p50Ms, pickupP99Ms: slow.p99Ms, pickup1000P50Ms: fast.p50Ms, pickup1000P99Ms: fast.p99Ms };
}

/** Tasks that wait before the worker starts. The clock runs from the first handler behind the warm-up until the store has no task left. */
async function measureProcess(bench: Bench, { warmUp, process: count }: Plan, history: boolean): Promise<number> {
  await bench.producer.fill(warmUp + count);
  await bench.store.rest();
  const worker = await bench.startWorker({ warmUp, history });
  const { measuredFromMs } = await worker.handled(warmUp + count);
  const doneAtMs = await bench.untilDone();
  await worker.stop();
  return count / ((doneAtMs - measuredFromMs) / 1_000);
}

async function measureEnqueue(bench: Bench, { callers, loadSeconds: seconds, bulkBatch: batch }: Plan) {
  const { producer, store } = bench;
  const warm = await producer.load("one", { callers, seconds: seconds / 4, batch });
  await store.rest();
  const one = await producer.load("one", { callers, seconds, batch });
  const withRow = await producer.load("withRow", { callers, seconds, batch });
  const many = await producer.load("many", { callers: 1, seconds, batch });
  const acknowledged = [warm, one, withRow, many].reduce((sum, { tasks }) => sum + tasks, 0);
  assert.equal(await store.countWaiting(), acknowledged, "what was acknowledged is not what is there");
  return {
    enqueuePerSecond: one.tasks / one.seconds,
    enqueueP99Ms: one.p99Ms,
    bulkPerSecond: many.tasks / many.seconds,
    transactionPerSecond: withRow.tasks === 0 ? undefined : withRow.tasks / withRow.seconds,
  };
}

/** Statements, or commands, a second of a worker that has nothing to do, with 20 task types over 5 queues. */
export async function measureIdle(contender: TaskContender, stores: Stores, plan: Plan): Promise<number> {
  await using bench = await Bench.open(contender, stores, plan);
  const count = await bench.store.countStatements();
  const worker = await bench.startWorker({ ...count.urls, types: 20, queues: 5 });
  await sleep(plan.idleSeconds * 250);
  const before = await count.read();
  await sleep(plan.idleSeconds * 1_000);
  const statements = (await count.read()) - before;
  await worker.stop();
  await count.close();
  return statements / plan.idleSeconds;
}

/** What a million waiting tasks take. Who would need too long for them puts in fewer, and the size is multiplied. */
export async function measureSize(contender: TaskContender, stores: Stores, plan: Plan): Promise<number | undefined> {
  if (plan.sizeTasks === undefined) return undefined;
  await using bench = await Bench.open(contender, stores, plan);
  const tasks = contender.sizeTasks ?? plan.sizeTasks;
  const before = await bench.store.sizeMb();
  await bench.producer.fill(tasks);
  return ((await bench.store.sizeMb()) - before) * (plan.sizeTasks / tasks);
}

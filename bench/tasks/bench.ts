import { type BenchOptions, chosen } from "../harness/options.ts";
import { describeCommit, describeMachine, type Report, type Result } from "../harness/report.ts";
import { median, quantile, round } from "../harness/rounds.ts";
import { contenders, type TaskContender } from "./contenders.ts";
import { measureIdle, measureRound, measureSize, type Plan, type TaskSample } from "./measure.ts";
import { type Stores, startPostgresStores, startRedisStores } from "./stores.ts";

const full: Plan = {
  callers: 64,
  connections: 32,
  loadSeconds: 2,
  bulkBatch: 1_000,
  slowSeconds: 8,
  fastSeconds: 4,
  withHistory: true,
  warmUp: 2_000,
  process: 20_000,
  idleSeconds: 60,
  sizeTasks: 1_000_000,
};
const quick: Plan = {
  ...full,
  loadSeconds: 0.5,
  slowSeconds: 2,
  fastSeconds: 0.5,
  withHistory: false,
  warmUp: 1_000,
  process: 8_000,
  idleSeconds: 3,
  sizeTasks: undefined,
};

/** Durable tasks: producer and worker in processes of their own, and each system in a database, or a Redis, of its own. */
export async function runTasks(options: BenchOptions): Promise<Report> {
  const rounds = options.rounds ?? (options.quick ? 1 : 5);
  const plan = options.quick ? quick : full;
  const stores = new Map<TaskContender["store"], Stores>();
  try {
    const running = await openStores(chosen(contenders, options), stores);
    const samples = await runRounds(running, rounds, plan);
    const idle = await allOf(running.map(({ contender, on }) => measureIdle(contender, on, plan)));
    const results: Result[] = [];
    for (const [index, { contender, on }] of running.entries()) {
      const sizeMb = await measureSize(contender, on, plan);
      const figures = { idleStatementsPerSecond: round(idle[index]!), sizeMb: sizeMb && round(sizeMb) };
      results.push({ ...summarize(contender, samples), ...figures, ...(contender.peer && { peer: true as const }) });
    }
    const facts = Object.assign({}, ...[...stores.values()].map(({ facts }) => facts)) as Record<string, unknown>;
    const { callers, connections, process: tasks } = plan;
    return {
      bench: "tasks",
      machine: describeMachine({ ...facts, callers, connections, tasks }),
      commit: describeCommit(),
      rounds,
      results,
    };
  } finally {
    await allOf([...stores.values()].map((one) => one.stop()));
  }
}

/** Waits for all, also where one has failed, so that nothing is taken away from those that still run. */
async function allOf<T>(promises: readonly Promise<T>[]): Promise<T[]> {
  await Promise.allSettled(promises);
  return Promise.all(promises);
}

interface Running {
  readonly contender: TaskContender;
  readonly on: Stores;
}

async function openStores(asked: readonly TaskContender[], stores: Map<TaskContender["store"], Stores>): Promise<Running[]> {
  const running: Running[] = [];
  for (const contender of asked) {
    const kind = contender.store;
    const on = stores.get(kind) ?? (await (kind === "postgres" ? startPostgresStores() : startRedisStores(kind)));
    if (on === undefined) {
      process.stderr.write(`${contender.name} is left out: no redis-server on this machine.\n`);
      continue;
    }
    stores.set(kind, on);
    running.push({ contender, on });
  }
  return running;
}

/** All in turn; the order turns from round to round. */
async function runRounds(running: readonly Running[], rounds: number, plan: Plan): Promise<Map<string, TaskSample[]>> {
  const samples = new Map<string, TaskSample[]>(running.map(({ contender }) => [contender.name, []]));
  for (let at = 0; at < rounds; at++) {
    const turned = running.map((_, index) => running[(index + at) % running.length]!);
    for (const { contender, on } of at % 2 === 0 ? turned : turned.reverse())
      samples.get(contender.name)!.push(await measureRound(contender, on, plan));
  }
  return samples;
}

/** Medians of the rounds, and ratios to `raw` in the same round. */
function summarize({ name }: TaskContender, samples: ReadonlyMap<string, readonly TaskSample[]>): Result {
  const own = samples.get(name)!;
  const raw = samples.get("raw")!;
  const middle = (figure: keyof TaskSample): number | undefined => {
    const values = own.map((sample) => sample[figure]).filter((value) => value !== undefined);
    return values.length < own.length ? undefined : round(median(values));
  };
  const ratios = (figure: "processPerSecond" | "enqueuePerSecond" | "bulkPerSecond") =>
    own.map((sample, index) => sample[figure] / raw[index]![figure]);
  const perSecond = (figure: keyof TaskSample) => {
    const value = middle(figure);
    return value === undefined ? undefined : Math.round(value);
  };
  const ratio = ratios("processPerSecond");
  return {
    name,
    ratio: round(median(ratio)),
    ratioIqr: round(quantile(ratio, 0.75) - quantile(ratio, 0.25)),
    enqueuePerSecond: perSecond("enqueuePerSecond"),
    enqueueP99Ms: middle("enqueueP99Ms"),
    enqueueRatio: round(median(ratios("enqueuePerSecond"))),
    bulkPerSecond: perSecond("bulkPerSecond"),
    bulkRatio: round(median(ratios("bulkPerSecond"))),
    transactionPerSecond: perSecond("transactionPerSecond"),
    processPerSecond: perSecond("processPerSecond"),
    processHistoryPerSecond: perSecond("processHistoryPerSecond"),
    pickupP50Ms: middle("pickupP50Ms"),
    pickupP99Ms: middle("pickupP99Ms"),
    pickup1000P50Ms: middle("pickup1000P50Ms"),
    pickup1000P99Ms: middle("pickup1000P99Ms"),
  };
}

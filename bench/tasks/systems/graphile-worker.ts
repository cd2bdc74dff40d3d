// graphile-worker as docs/performance of its site has it: a local queue of 500 jobs, and acknowledgements in batches without delay.
import { Logger, makeWorkerUtils, run } from "graphile-worker";
import pg from "pg";
import { type TaskInput, type TaskSystem, taskName } from "../system.ts";

const logger = new Logger(() => () => {});
const concurrency = 24;

export const system: TaskSystem = {
  async produce({ url, connections }) {
    const pgPool = new pg.Pool({ connectionString: url, max: connections });
    pgPool.on("error", () => {});
    pgPool.on("connect", (client) => client.on("error", () => {}));
    const utils = await makeWorkerUtils({ pgPool, logger });
    await utils.migrate();
    return {
      enqueue: (input) => utils.addJob(taskName(0), input),
      enqueueMany: (inputs) => utils.addJobs(inputs.map((payload) => ({ identifier: taskName(0), payload }))),
      async enqueueWithRow(input) {
        const client = await pgPool.connect();
        try {
          await client.query("begin");
          await client.query("insert into bench.orders (note) values ($1)", [String(input.n)]);
          await client.query("select graphile_worker.add_job($1, $2)", [taskName(0), input]);
          await client.query("commit");
        } finally {
          client.release();
        }
      },
      async close() {
        await utils.release();
        await pgPool.end();
      },
    };
  },
  async work({ url, types }, handle) {
    const names = Array.from({ length: types }, (_, type) => taskName(type));
    const runner = await run({
      connectionString: url,
      logger,
      noHandleSignals: true,
      taskList: Object.fromEntries(names.map((name) => [name, (input: unknown) => handle(input as TaskInput)])),
      preset: {
        worker: {
          concurrentJobs: concurrency,
          maxPoolSize: concurrency + 1,
          localQueue: { size: 500 },
          completeJobBatchDelay: 0,
          failJobBatchDelay: 0,
        },
      },
    });
    return { close: () => runner.stop() };
  },
};

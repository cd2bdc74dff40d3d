// pg-boss with whole batches fetched and settled at once, which is what it offers for speed: the handler is called for a batch. Its variants are
// woken by NOTIFY, or poll twice a second, which is as often as it lets one.
import pg from "pg";
import { PgBoss } from "pg-boss";
import { type TaskInput, type TaskSystem, type TaskTarget, taskName } from "../system.ts";

const batchSize = 1_000;
const localConcurrency = 2;
const pollingIntervalSeconds = 0.5;

/** To it, a task type is a queue: it knows no other queues. */
const namesOf = ({ types }: Pick<TaskTarget, "types">) => Array.from({ length: types }, (_, type) => taskName(type));

export const system: TaskSystem = {
  async produce(target) {
    const { url, connections } = target;
    const boss = new PgBoss({ connectionString: url, max: connections, supervise: false, schedule: false });
    boss.on("error", () => {});
    await boss.start();
    // The queues of the worker that is measured at rest, too.
    for (const name of namesOf({ types: 20 })) await boss.createQueue(name, { notify: target.variant === "notify" });
    const pool = new pg.Pool({ connectionString: url, max: connections });
    pool.on("error", () => {});
    return {
      enqueue: (input) => boss.send(taskName(0), input),
      enqueueMany: (inputs) =>
        boss.insert(
          taskName(0),
          inputs.map((data) => ({ data })),
        ),
      async enqueueWithRow(input) {
        const client = await pool.connect();
        try {
          await client.query("begin");
          await client.query("insert into bench.orders (note) values ($1)", [String(input.n)]);
          await boss.send(taskName(0), input, { db: { executeSql: (text, values) => client.query(text, values) } });
          await client.query("commit");
        } finally {
          client.release();
        }
      },
      async close() {
        await boss.stop({ graceful: false });
        await pool.end();
      },
    };
  },

  async work(target, handle) {
    const boss = new PgBoss({ connectionString: target.url, useListenNotify: target.variant === "notify" });
    boss.on("error", () => {});
    await boss.start();
    for (const name of namesOf(target))
      await boss.work<TaskInput>(name, { batchSize, localConcurrency, pollingIntervalSeconds, burstWhenBatchFull: true }, async (jobs) => {
        for (const { data } of jobs) handle(data);
      });
    return { close: () => boss.stop({ graceful: false }) };
  },
};

// DBOS: a task is a workflow on a queue, polled every 20 ms. It has no bulk: a thousand are enqueued at once.
import { DBOS, DBOSClient, type DBOSConfig } from "@dbos-inc/dbos-sdk";
import pg from "pg";
import { queueName, type TaskInput, type TaskSystem, taskName } from "../system.ts";

const settings = { workerConcurrency: 100, minPollingIntervalMs: 20 };
const applicationVersion = "1";
const quiet = { info() {}, debug() {}, warn() {}, error() {} };

const config = (url: string, connections: number): DBOSConfig => ({
  name: "bench",
  systemDatabaseUrl: url,
  systemDatabasePoolSize: connections,
  applicationVersion,
  logger: quiet,
});

export const system: TaskSystem = {
  async produce({ url, connections }) {
    // A launch makes the tables.
    DBOS.setConfig(config(url, connections));
    await DBOS.launch();
    await DBOS.shutdown();
    const client = await DBOSClient.create({
      systemDatabaseUrl: url,
      systemDatabasePoolSize: connections,
      applicationName: "bench",
      logger: quiet,
    });
    const pool = new pg.Pool({ connectionString: url, max: connections });
    pool.on("error", () => {});
    const options = { queueName: queueName(0), workflowName: taskName(0), appVersion: applicationVersion };
    return {
      enqueue: (input) => client.enqueue(options, input),
      enqueueMany: (inputs) => Promise.all(inputs.map((input) => client.enqueue(options, input))),
      async enqueueWithRow(input) {
        const connection = await pool.connect();
        try {
          await connection.query("begin");
          await connection.query("insert into bench.orders (note) values ($1)", [String(input.n)]);
          await client.enqueueInTransaction(connection, options, input);
          await connection.query("commit");
        } finally {
          connection.release();
        }
      },
      async close() {
        await client.destroy();
        await pool.end();
      },
    };
  },

  async work({ url, types, queues, connections }, handle) {
    DBOS.setConfig(config(url, connections));
    for (let type = 0; type < types; type++) DBOS.registerWorkflow(async (input: TaskInput) => handle(input), { name: taskName(type) });
    await DBOS.launch();
    for (let queue = 0; queue < queues; queue++) await DBOS.registerQueue(queueName(queue), settings);
    return { close: () => DBOS.shutdown() };
  },
};

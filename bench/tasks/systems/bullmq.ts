// BullMQ on Redis: workers of high concurrency, which it recommends for short tasks, and jobs that are removed, or kept, when they are done.
import { Queue, Worker } from "bullmq";
import { queueName, type TaskInput, type TaskSystem, taskName } from "../system.ts";

const concurrency = 200;

function connectionOf(url: string) {
  const { hostname: host, port } = new URL(url);
  return { host, port: Number(port), maxRetriesPerRequest: null };
}

export const system: TaskSystem = {
  async produce({ url }) {
    const queue = new Queue(queueName(0), { connection: connectionOf(url) });
    await queue.waitUntilReady();
    return {
      enqueue: (input) => queue.add(taskName(0), input),
      enqueueMany: (inputs) => queue.addBulk(inputs.map((data) => ({ name: taskName(0), data }))),
      close: () => queue.close(),
    };
  },

  async work({ url, queues, history }, handle) {
    const workers = Array.from(
      { length: queues },
      (_, queue) =>
        new Worker<TaskInput>(queueName(queue), async ({ data }) => handle(data), {
          connection: connectionOf(url),
          concurrency,
          ...(!history && { removeOnComplete: { count: 0 } }),
        }),
    );
    for (const worker of workers) worker.on("error", () => {});
    await Promise.all(workers.map((worker) => worker.waitUntilReady()));
    return { close: () => Promise.all(workers.map((worker) => worker.close(true))) };
  },
};

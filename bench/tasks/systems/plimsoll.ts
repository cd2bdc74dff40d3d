// Tasks of Plimsoll as an app has them: the producer has no worker, and the worker no producer.
import { z } from "zod";
import { type App, command, createApp, module, task } from "../../../src/index.ts";
import { postgres } from "../../../src/postgres/index.ts";
import { type Handle, queueName, type TaskSystem, type TaskTarget, taskName } from "../system.ts";

const Input = z.object({ n: z.int(), sentAtMs: z.number() });

function declareTasks({ types, queues, history }: TaskTarget, handle: Handle) {
  return Array.from({ length: types }, (_, type) =>
    task(taskName(type), {
      input: Input,
      queue: queueName(type % queues),
      budget: { deadline: "30s", concurrency: 256 },
      history,
      run: async (input) => handle(input),
    }),
  );
}

async function startApp(
  target: TaskTarget,
  role: "serve" | "worker",
  operations: Parameters<typeof module>[1]["operations"],
): Promise<App> {
  const app = createApp({
    service: { name: "bench", version: "1.0.0" },
    modules: [module("bench", { operations })],
    database: postgres({ url: target.appUrl, adminUrl: target.url, connections: target.connections }),
    rateLimit: { perSecond: 1_000_000_000 },
    roles: [role],
  });
  await app.start();
  return app;
}

export const system: TaskSystem = {
  async produce(target) {
    const [bench] = declareTasks(target, () => {});
    const order = command("bench.order", {
      input: Input,
      output: z.object({}),
      access: "public",
      budget: { deadline: "5s", queue: 1_000 },
      idempotent: "no",
      async run(input, { sql, start }) {
        await sql`insert into bench.orders (note) values (${String(input.n)})`.run();
        await start(bench!, input);
        return {};
      },
    });
    const app = await startApp(target, "serve", [bench!, order]);
    return {
      enqueue: (input) => app.tasks.start(bench!, input),
      enqueueMany: (inputs) => app.tasks.startMany(bench!, inputs),
      enqueueWithRow: (input) => app.call(order, input),
      close: () => app.stop(),
    };
  },

  async work(target, handle) {
    const app = await startApp(target, "worker", declareTasks(target, handle));
    return { close: () => app.stop() };
  },
};

import { z } from "zod";
import { createApp, module, saga } from "../../src/index.ts";
import { postgres } from "../../src/postgres/index.ts";
import { type SagaSystem, type SagaTarget, stepCounts } from "./system.ts";

/** Sagas as an app has them: it starts them from outside any operation, and runs them. */
export async function openPlimsoll({ url, appUrl, connections }: SagaTarget): Promise<SagaSystem> {
  const declared = stepCounts.map((steps) =>
    saga(`bench.steps-${steps}`, {
      input: z.object({ n: z.int() }),
      budget: { deadline: "1h", concurrency: 256 },
      async run({ n }, { step }) {
        let sum = n;
        for (let at = 0; at < steps; at++) sum = await step(`add-${at}`, async () => sum + 1);
        return sum;
      },
    }),
  );
  const app = createApp({
    service: { name: "bench", version: "1.0.0" },
    modules: [module("bench", { operations: declared })],
    database: postgres({ url: appUrl, adminUrl: url, connections }),
  });
  await app.start();
  return {
    async run(steps) {
      const one = declared[(stepCounts as readonly number[]).indexOf(steps)]!;
      const { id } = await app.sagas.start(one, { n: 0 });
      return app.sagas.result(one, id, { within: "60s" });
    },
    close: () => app.stop(),
  };
}

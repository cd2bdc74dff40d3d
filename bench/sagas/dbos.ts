import { DBOS } from "@dbos-inc/dbos-sdk";
import { type SagaSystem, type SagaTarget, stepCounts } from "./system.ts";

const quiet = { info() {}, debug() {}, warn() {}, error() {} };

/** DBOS: a workflow that is started directly, as its documentation does where it needs no queue. */
export async function openDbos({ url, connections }: SagaTarget): Promise<SagaSystem> {
  const add = DBOS.registerStep(async (sum: number) => sum + 1, { name: "add" });
  const workflows = stepCounts.map((steps) =>
    DBOS.registerWorkflow(
      async (n: number) => {
        let sum = n;
        for (let at = 0; at < steps; at++) sum = await add(sum);
        return sum;
      },
      { name: `steps-${steps}` },
    ),
  );
  DBOS.setConfig({ name: "bench", systemDatabaseUrl: url, systemDatabasePoolSize: connections, applicationVersion: "1", logger: quiet });
  await DBOS.launch();
  return {
    async run(steps) {
      const handle = await DBOS.startWorkflow(workflows[(stepCounts as readonly number[]).indexOf(steps)]!)(0);
      return handle.getResult();
    },
    close: () => DBOS.shutdown(),
  };
}

// The process of one system: it starts sagas and runs them.
import assert from "node:assert/strict";
import type { SagaSystem, SagaTarget } from "./system.ts";

/** What the process is asked to do. */
export type SagaAsk =
  | { readonly open: "plimsoll" | "dbos"; readonly target: SagaTarget }
  | { readonly steps: number; readonly callers: number; readonly seconds: number };

let system: SagaSystem | undefined;

process.on("message", async (ask: SagaAsk) => {
  try {
    process.send!({ perSecond: await answer(ask) });
  } catch (error) {
    process.send!({ error: error instanceof Error ? (error.stack ?? error.message) : String(error) });
  }
});
process.on("SIGTERM", async () => {
  await system?.close().catch(() => {});
  process.exit(0);
});
process.once("disconnect", () => process.exit(1));

async function answer(ask: SagaAsk): Promise<number> {
  if ("open" in ask) {
    system =
      ask.open === "plimsoll"
        ? await (await import("./plimsoll.ts")).openPlimsoll(ask.target)
        : await (await import("./dbos.ts")).openDbos(ask.target);
    return 0;
  }
  const { steps, callers, seconds } = ask;
  const startedAt = performance.now();
  let ended = 0;
  await Promise.all(
    Array.from({ length: callers }, async () => {
      while (performance.now() - startedAt < seconds * 1_000) {
        assert.equal(await system?.run(steps), steps);
        ended++;
      }
    }),
  );
  return ended / ((performance.now() - startedAt) / 1_000);
}

import { setTimeout as pause } from "node:timers/promises";
import { z } from "zod";
import { module, override, resource, task } from "../../src/index.ts";

/** What a worker tells of a task that it began. */
export interface Begun {
  readonly id: number;
  /** From when it was started to the beginning of its handler, by the clock of this machine. *Units*: milliseconds. */
  readonly waitedMs: number;
}

const report = resource<(begun: Begun) => void>("life.report");

export const step = {
  provide: (tell: (begun: Begun) => void) => override(report, tell),
  task: task("life.step", {
    input: z.object({ id: z.int(), sentAt: z.number(), workMs: z.number() }),
    queue: "life",
    budget: { deadline: "30s", concurrency: 50 },
    uses: { report },
    async run({ id, sentAt, workMs }, { report }) {
      report({ id, waitedMs: Date.now() - sentAt });
      await pause(workMs);
    },
  }),
};

export const life = module("life", { operations: [step.task] });

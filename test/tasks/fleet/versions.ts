import { exponential, type Module, module, task } from "plimsoll";
import { z } from "zod";

/** `new` has a task more; `renamed` has put a task into another queue. */
export type Version = "old" | "new" | "renamed";

const input = z.object({ n: z.number() });
const retry = { attempts: 2, backoff: exponential("1ms", { max: "1ms", jitter: "none" }) };

export const plain = task("fleet.plain", { input, budget: "10s", run: async () => undefined, history: true });
/** Fails once, so that each attempt that was lost before would show. */
export const fresh = task("fleet.fresh", {
  ...{ input, budget: "10s", retry, history: true },
  async run(_input, { attempt }) {
    if (attempt === 1) throw new RangeError("the first time");
  },
});
export const mailed = task("fleet.mailed", { input, budget: "10s", queue: "mail", run: async () => undefined, history: true });
const remailed = task("fleet.mailed", { input, budget: "10s", queue: "letters", run: async () => undefined, history: true });

export function fleet(version: Version): Module {
  const operations = version === "old" ? [plain, mailed] : version === "new" ? [plain, mailed, fresh] : [plain, fresh, remailed];
  return module("fleet", { schema: "fleet", operations });
}

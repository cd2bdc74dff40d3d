import { module, task } from "plimsoll";
import { z } from "zod";

/** A task that only says which it was. */
export function countModule(done: (nth: number) => void) {
  const count = task("soak.count", {
    input: z.object({ nth: z.int() }),
    queue: "soak",
    budget: { deadline: "30s", concurrency: 256 },
    run: async ({ nth }) => done(nth),
  });
  return { count, soak: module("soak", { operations: [count] }) };
}

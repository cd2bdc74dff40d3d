import { z } from "zod";
import { action, module, role } from "../../src/index.ts";
import { order } from "../grpc/message.ts";

const common = { access: role("customer"), idempotent: "natural", budget: { deadline: "5s", concurrency: 256, queue: 256 } } as const;

/** What a call of the bench sends and gets: the echo of the bench `grpc`. */
export const echo = action("orders.echo", { ...common, input: order, output: order, run: async (input) => input });

/** Which process replies. */
export const where = action("orders.where", {
  ...{ ...common, input: z.object({}), output: z.object({ pid: z.int() }) },
  run: async () => ({ pid: process.pid }),
});

export const orders = module("orders", { operations: [echo, where] });

export const keys = [{ id: "bench", secret: "mYq3v9Zt7Lw0sXcE5rUbN8hJ2kPdGfA1" }];

/** For whom all calls are. */
export const actor = { id: "ann", kind: "user", roles: ["customer"], tenant: "t-1", claims: { tid: "t-1" } } as const;

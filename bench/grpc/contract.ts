import { action, module, role } from "../../src/index.ts";
import { order } from "./message.ts";

/** The module of the bench, with its one operation. */
export const modules = [
  module("orders", {
    operations: [
      action("orders.echo", {
        ...{ input: order, output: order, access: role("customer"), idempotent: "natural", http: "POST /v1/echo" },
        budget: { deadline: "1s", concurrency: 64, queue: 128 },
        run: async (input) => input,
      }),
    ],
  }),
];

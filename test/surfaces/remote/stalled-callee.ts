// One of three processes of a module, for stalled.test.ts. It prints its address, and how it is named.
import { module, query } from "plimsoll";
import { z } from "zod";
import { MemoryDatabase } from "../../../src/testing/conformance/memory-database.ts";
import { startCallee } from "./two-apps.ts";

export const where = query("stock.where", {
  ...{ input: z.object({}), output: z.object({ pid: z.int() }), access: "public", budget: "5s" },
  run: async () => ({ pid: process.pid }),
});

export const stock = module("stock", { operations: [where] });

if (import.meta.main) {
  const database = new MemoryDatabase();
  const app = await startCallee([stock], { database: { open: () => database } });
  process.send?.({ url: app.url });
  process.on("disconnect", () => process.exit(0));
}

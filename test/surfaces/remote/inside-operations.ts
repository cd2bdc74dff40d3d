import { command, implement, module, query } from "plimsoll";
import { z } from "zod";

const common = { input: z.object({}), output: z.object({}), access: "public", budget: "1s" } as const;

export const takeStock = command("catalog.take-stock", { ...common, idempotent: "natural" });
export const readStock = query("catalog.read-stock", common);

const taken = implement(takeStock, async () => ({}));
const read = implement(readStock, async () => ({}));
export const catalog = module("catalog", { operations: [taken, read] });

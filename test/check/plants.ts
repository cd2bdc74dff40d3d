// Where faults are planted in the sample, and how.
import type { RuleName } from "../../src/check/finding.ts";
import type { Plant } from "./sample.ts";

/** What is planted, the rule and the file that must be named, and the change. */
export type Fault = readonly [what: string, rule: RuleName, file: string, plant: Plant];

export const domain = "src/orders/domain.ts";
export const contract = "src/orders/contract.ts";
export const place = "src/orders/operations/place-order.ts";
export const get = "src/orders/operations/get-order.ts";
export const notices = "src/notices/contract.ts";
export const reactions = "src/notices/reactions.ts";
export const into = (path: string, line: string): Plant => ({ edits: { [path]: [["\n", `\n${line}\n`]] } });
export const swap = (path: string, from: string, to: string): Plant => ({ edits: { [path]: [[from, to]] } });
export const inPlace = (line: string, imported = ""): Plant => ({
  edits: {
    [place]: [
      ["  const orderId = newId();", `  const orderId = newId();\n  ${line}`],
      ["\n", `\n${imported}\n`],
    ],
  },
});
export const statement = (sql: string): Plant =>
  swap(get, "select o.id, o.total_cents from orders.orders as o where o.id = $" + "{orderId}", sql);

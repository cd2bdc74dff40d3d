import { module } from "plimsoll";
import { events } from "./contract.ts";
import { readLive, readRevenue } from "./operations/read.ts";
import { onOrders, recordReturn, recordSale, recordVisit } from "./operations/record.ts";
import { perSecond, revenue } from "./projections.ts";
import { sales as stream } from "./sale.ts";

export const sales = module("sales", {
  schema: "sales",
  migrations: new URL("./migrations/", import.meta.url),
  operations: [recordVisit, readLive, readRevenue, recordSale, recordReturn, onOrders],
  events,
  streams: [stream],
  projections: [revenue, perSecond],
});

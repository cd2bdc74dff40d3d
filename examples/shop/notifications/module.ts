import { module } from "plimsoll";
import { sendReceipt } from "./operations/send-receipt.ts";

export const notifications = module("notifications", {
  schema: "notifications",
  migrations: new URL("./migrations/", import.meta.url),
  operations: [sendReceipt],
});

import { module } from "plimsoll";
import { onPlaced } from "./operations/on-placed.ts";
import { sendReceipt } from "./operations/send-receipt.ts";

export const notifications = module("notifications", {
  schema: "notifications",
  migrations: new URL("./migrations/", import.meta.url),
  operations: [sendReceipt, onPlaced],
});

import { exponential, task } from "plimsoll";
import { Receipt } from "./domain.ts";
import { mailer } from "./mailer.ts";

/** Mails a receipt to the customer who placed the order. The subscription to placed orders starts it. */
export const sendReceipt = task("notifications.send-receipt", {
  input: Receipt,
  queue: "mail",
  budget: "30s",
  retry: { attempts: 10, backoff: exponential("1s", { max: "15m" }) },
  uses: { mailer },
});

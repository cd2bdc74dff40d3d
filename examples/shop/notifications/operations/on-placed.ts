import { exponential, subscription } from "plimsoll";
import { orderPlaced } from "../../orders/events.ts";
import { sendReceipt } from "../contract.ts";

/** Has a receipt mailed for each order. The task is started with the end of the event and so once. */
export const onPlaced = subscription("notifications.on-placed", {
  summary: "Have a receipt mailed for each order",
  on: [orderPlaced],
  order: "none",
  budget: "10s",
  retry: { attempts: 10, backoff: exponential("1s", { max: "15m" }) },
  async run({ orderId, lines, totalCents }, { commit }) {
    await commit(({ start }) => start(sendReceipt, { orderId, lines, totalCents }));
  },
});

import { implement, subscription } from "plimsoll";
import { orderCancelled, orderPlaced } from "../../orders/events.ts";
import * as contract from "../contract.ts";
import { visited } from "../events.ts";
import { sales } from "../sale.ts";

export const recordVisit = implement(contract.recordVisit, async (visit, { emit }) => {
  emit(visited, visit);
  return {};
});

export const recordSale = implement(contract.recordSale, async ({ orderId, lines }, { stream }) => {
  await stream(sales, orderId).decide({ kind: "sell", lines });
  return {};
});

export const recordReturn = implement(contract.recordReturn, async ({ orderId, day }, { stream }) => {
  await stream(sales, orderId).decide({ kind: "return", day });
  return {};
});

/** Books what the orders sell and return, on the day on which they do. An order's events come in their order. */
export const onOrders = subscription("sales.on-orders", {
  summary: "Book what was sold and returned",
  on: [orderPlaced, orderCancelled],
  from: "beginning",
  budget: "10s",
  async run(data, { event, commit }) {
    const { orderId } = data;
    const day = event.recordedAt.toISOString().slice(0, 10);
    await commit(({ call }) => {
      if (!("lines" in data)) return call(contract.recordReturn, { orderId, day });
      const lines = data.lines.map(({ productId, name, quantity, unitCents }) => ({
        ...{ orderId, productId, name, quantity, day },
        cents: quantity * unitCents,
      }));
      return call(contract.recordSale, { orderId, lines });
    });
  },
});

import { counter } from "plimsoll";

export const placed = counter("orders.placed", { help: "Orders placed." });

import { decider, eventStream } from "plimsoll";
import type { z } from "zod";
import { type Line, lineReturned, lineSold } from "./events.ts";

type SoldLine = z.infer<typeof Line>;

/** Where the sale of an order stands. */
export interface Sale {
  readonly state: "open" | "sold" | "returned";
  readonly lines: readonly SoldLine[];
}

/** What may happen to a sale. */
type SaleCommand = { readonly kind: "sell"; readonly lines: readonly SoldLine[] } | { readonly kind: "return"; readonly day: string };

/** An order is sold once, and what was sold is returned once, on whichever day. */
export const sale = decider({
  events: [lineSold, lineReturned],
  initial: { state: "open", lines: [] } as Sale,
  decide(command: SaleCommand, { state, lines }) {
    if (command.kind === "sell") return state === "open" ? command.lines.map((data) => ({ name: "sales.line-sold", data }) as const) : [];
    if (state !== "sold") return [];
    return lines.map((line) => ({ name: "sales.line-returned", data: { ...line, day: command.day } }) as const);
  },
  evolve({ lines }, { name, data }): Sale {
    return name === "sales.line-sold" ? { state: "sold", lines: [...lines, data] } : { state: "returned", lines };
  },
});

/** The sale of each order; its id is that of the order. */
export const sales = eventStream("sales.sale", { decider: sale });

import { z } from "zod";

const ReceiptLine = z.object({ name: z.string(), quantity: z.int(), unitCents: z.int() });

/** What a receipt is for. */
export const Receipt = z.object({ orderId: z.uuid(), lines: z.array(ReceiptLine).min(1), totalCents: z.int() });
export type Receipt = z.infer<typeof Receipt>;

/** A recipient of mail. */
export interface Recipient {
  readonly name: string;
  readonly email: string;
}

/** A message to a recipient, for any way of sending it. */
export interface Mail {
  readonly to: Recipient;
  readonly subject: string;
  readonly text: string;
}

/** Writes the mail that goes with an order. */
export function receiptMail({ orderId, lines, totalCents }: Receipt, to: Recipient): Mail {
  const rows = lines.map(
    ({ name, quantity, unitCents }) => `  ${quantity} × ${name}, ${money(unitCents)} each: ${money(quantity * unitCents)}`,
  );
  return {
    to,
    subject: `Your order of ${money(totalCents)}`,
    text: [
      `Hello ${to.name},`,
      "",
      "thank you for your order.",
      "",
      ...rows,
      "",
      `Total: ${money(totalCents)}`,
      `Order: ${orderId}`,
      "",
    ].join("\n"),
  };
}

function money(cents: number): string {
  return (cents / 100).toFixed(2);
}

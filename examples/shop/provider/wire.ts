import { z } from "zod";

// What the provider's API says, in its own words. Of the shop, only `payments/adapter.ts` uses them.

const Reference = z.string().min(1).max(200);
const Amount = z.int().min(1).max(10_000_000_000);
const Currency = z.string().regex(/^[A-Z]{3}$/);

/** POST /captures, POST /repayments */
const Capture = z.object({ merchant_ref: Reference, amount_minor: Amount, currency_code: Currency });
/** POST /reversals */
const Reversal = z.object({ merchant_ref: Reference });

/** A line of the provider's books, as GET /ledger_lines and its notices show it. A reversal of nothing has the amount 0, and refuses later captures. */
export const LedgerLine = z.object({
  seq_no: z.int().min(1),
  line_type: z.enum(["capture", "reversal", "repayment"]),
  merchant_ref: Reference,
  amount_minor: z.int().min(0),
  currency_code: z.string(),
  idempotency_key: z.string(),
  booked_at: z.iso.datetime(),
});
export type LedgerLine = z.infer<typeof LedgerLine>;

/** What each request may ask for, by the type of the line that it books. */
export const requests = { capture: Capture, reversal: Reversal, repayment: Capture } as const;
export const paths: Readonly<Record<string, LedgerLine["line_type"]>> = {
  "/captures": "capture",
  "/reversals": "reversal",
  "/repayments": "repayment",
};

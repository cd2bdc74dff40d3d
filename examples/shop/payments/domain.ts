import { z } from "zod";

/** What is paid. *Units*: whole cents, never a fraction. */
export const Money = z.object({ cents: z.int().min(0).max(1_000_000_000_000), currency: z.string().regex(/^[A-Z]{3}$/) });
export type Money = z.infer<typeof Money>;

/** All prices of the shop are in it. */
export const currency = "EUR";

const State = z.enum(["started", "reserved", "paid", "undone", "refunding", "refunded"]);

/** A checkout as its customer sees it. `problem`: the type of the fault for which it was undone. */
export const Checkout = z.object({
  id: z.uuid(),
  state: State,
  amountCents: z.int(),
  currency: Money.shape.currency,
  problem: z.string().nullable(),
  startedAt: z.iso.datetime(),
});

/** What happened to money: at the provider, and then in our own books alone. */
export const OutsideKind = z.enum(["charge", "take-back", "refund"]);
export type OutsideKind = z.infer<typeof OutsideKind>;
const Kind = z.enum([...OutsideKind.options, "sale", "sale-undone"]);

/** One entry of the ledger, each kind at most once for a checkout. */
export const Entry = z.object({ kind: Kind, checkoutId: z.uuid(), money: Money });
export type Entry = z.infer<typeof Entry>;

/** From which account to which the money of an entry goes: the one that is debited, and the one that is credited. */
export const accounts: Readonly<Record<Entry["kind"], readonly [debit: string, credit: string]>> = {
  charge: ["provider", "deposits"],
  "take-back": ["deposits", "provider"],
  sale: ["deposits", "sales"],
  "sale-undone": ["sales", "deposits"],
  refund: ["sales", "provider"],
};

/** What one side's books say of the money of one checkout. */
export const OutsideEntry = z.object({ kind: OutsideKind, checkoutId: z.uuid(), money: Money, at: z.iso.datetime() });
export type OutsideEntry = z.infer<typeof OutsideEntry>;

/** A line of the provider's books about a tenant. Its checkout may be none of ours. */
export const StatementLine = OutsideEntry.extend({ checkoutId: z.string().max(200), line: z.int() });
export type StatementLine = z.infer<typeof StatementLine>;

/**
 * How the books of the provider differ from ours: it moved money of which we do not know; we know of a charge that it has not; both know of one, and not
 * of the same amount; money that was to be returned is still there.
 */
const Problem = z.enum(["missing-here", "missing-there", "other-amount", "refund-missing"]);

/** What differs of one kind of movement of one checkout. `resolvedAt`: when a comparison found it gone. */
export const Difference = z.object({
  kind: OutsideKind,
  checkoutId: z.string(),
  problem: Problem,
  oursCents: z.int(),
  theirsCents: z.int(),
  foundAt: z.iso.datetime(),
  resolvedAt: z.iso.datetime().nullable(),
});

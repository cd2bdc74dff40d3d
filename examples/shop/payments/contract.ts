import { command, exponential, fault, query, role, saga, task } from "plimsoll";
import { z } from "zod";
import { system } from "../access.ts";
import { Lines, TakenLine } from "../catalog/contract.ts";
import { pageInput, pageOf } from "../paging.ts";
import { Checkout, Difference, Entry, Money, OutsideEntry, StatementLine } from "./domain.ts";
import { gateway } from "./gateway.ts";
import { ownsCheckout } from "./operations/owns-checkout.ts";

const Named = z.object({ checkoutId: z.uuid() });
const Nothing = z.object({});
/** What was taken for a checkout. */
const Taken = { lines: z.array(TakenLine).min(1), totalCents: Money.shape.cents };

export const startCheckout = command("payments.checkout", {
  summary: "Order and pay: a saga reserves, charges and confirms",
  input: z.object({ lines: Lines }),
  output: z.object({ checkoutId: z.uuid(), sagaId: z.uuid() }),
  access: role("customer"),
  budget: { deadline: "2s", concurrency: 64, queue: 128 },
  criticality: "critical",
  idempotent: "key",
  http: { route: "POST /v1/checkouts", status: 202, location: ({ checkoutId }) => `/v1/checkouts/${checkoutId}` },
});

export const getCheckout = query("payments.get-checkout", {
  summary: "Read one of your checkouts",
  input: Named,
  output: Checkout,
  access: role("customer"),
  owns: ownsCheckout,
  budget: "1s",
  http: "GET /v1/checkouts/{checkoutId}",
});

export const listCheckouts = query("payments.list-checkouts", {
  summary: "List your checkouts, the latest first",
  input: z.object(pageInput),
  output: pageOf(Checkout),
  access: role("customer"),
  budget: "1s",
  http: "GET /v1/checkouts",
});

const internal = { access: system, budget: "5s", idempotent: "natural" } as const;

/** Who wants what, as the checkout was asked for. */
export const findWanted = query("payments.find-wanted", {
  input: Named,
  output: z.object({ customerId: z.uuid(), lines: Lines }),
  access: system,
  budget: "5s",
});

/** Keeps what is held for a checkout, and what it costs. */
export const reserve = command("payments.reserve", { ...internal, input: Named.extend(Taken), output: Money });

/** Ends a checkout whose hold is released; one that is paid stays as it is. */
export const release = command("payments.release", { ...internal, input: Named, output: Nothing });

/** Books the sale of a checkout that is charged and whose order is recorded; a refund follows where its customer has cancelled it already. */
export const confirm = command("payments.confirm", { ...internal, input: Named, output: Nothing });

/** Takes that back, unless the money is on its way back to the customer. */
export const unconfirm = command("payments.unconfirm", { ...internal, input: Named, output: Nothing });

/** Ends a checkout that was not paid, and keeps why. */
export const giveUp = command("payments.give-up", {
  ...internal,
  input: Named.extend({ problem: z.string().optional() }),
  output: Nothing,
});

/** Posts entries to the ledger; one that is there stays as it is. */
export const post = command("payments.post", { ...internal, input: z.object({ entries: z.array(Entry).min(1).max(10) }), output: Nothing });

/** What the ledger has of a checkout, since a notice may come where no reply does; and whether a refund returns its money, or has. */
export const findCharge = query("payments.find-charge", {
  input: Named,
  output: z.object({ isCharged: z.boolean(), isRefunded: z.boolean(), isReturned: z.boolean() }),
  access: system,
  budget: "5s",
});

/** Checkout: each step by its own key, and undone by that. */
export const checkout = saga("payments.checkout-saga", {
  input: Named,
  budget: "1d",
  retry: { attempts: 12, backoff: exponential("200ms", { max: "5m" }) },
  uses: { gateway },
});

/** Posts what a notice of the provider says. */
export const settle = task("payments.settle", { input: OutsideEntry, budget: "10s", unique: { for: "7d" } });

/** Begins to return the money of a paid checkout whose order is cancelled; again it changes nothing. */
export const refund = command("payments.refund", { ...internal, input: Named, output: Nothing });

/** What a refund returns. */
export const findRefund = query("payments.find-refund", { input: Named, output: Money, access: system, budget: "5s" });

/** Ends a refund whose money is back. */
export const closeRefund = command("payments.close-refund", { ...internal, input: Named, output: Nothing });

/** Returns the money of a checkout, by a key. What the provider refuses, a person decides: nothing here is undone. */
export const refundSaga = saga("payments.refund-saga", {
  input: Named,
  budget: "30d",
  retry: { attempts: 12, backoff: exponential("200ms", { max: "5m" }) },
  onFailure: "ask",
  uses: { gateway },
});

const AsOf = z.object({ asOf: z.iso.datetime() });

/** All tenants that have checkouts, for the schedule. */
export const listTenants = query("payments.list-tenants", {
  input: Nothing,
  output: z.object({ tenants: z.array(z.string()) }),
  access: system,
  budget: "10s",
});

/** Begins a comparison of the books; one that began before it finds nothing any more. */
export const beginComparison = command("payments.begin-comparison", { ...internal, input: Nothing, output: AsOf });

/** Keeps a page of the provider's books. */
export const keepStatement = command("payments.keep-statement", {
  ...internal,
  input: AsOf.extend({ lines: z.array(StatementLine).max(1_000) }),
  output: Nothing,
});

/** How many new differences of one comparison the log shows; the list has them all. */
export const mostReported = 100;

/** Compares what was kept with the ledger: differences that are new are kept and returned, and those that are gone are closed. */
export const findDifferences = command("payments.find-differences", {
  ...internal,
  budget: "1m",
  input: AsOf,
  output: z.object({ found: z.array(Difference).max(mostReported) }),
});

export const StatementTooLong = fault("statement_too_long", {
  code: "failed_precondition",
  details: z.object({ pages: z.int() }),
  message: ({ pages }) =>
    `The provider's books about a tenant have more than ${pages} pages, and were not compared. Have the provider close a period.`,
});

/** Reads the provider's books about a tenant, and compares them with ours. */
export const compareBooks = task("payments.compare-books", { input: Nothing, budget: "10m", uses: { gateway } });

/** Starts a comparison for each tenant. */
export const compareAll = task("payments.compare-all", { input: z.object({ at: z.iso.datetime() }), budget: "1m" });

export const listDifferences = query("payments.list-differences", {
  summary: "List what differs between the provider's books and ours",
  input: z.object({ ...pageInput, state: z.enum(["open", "closed", "all"]).default("open") }),
  output: pageOf(Difference),
  access: role("administrator"),
  budget: "1s",
  http: "GET /v1/payment-differences",
});

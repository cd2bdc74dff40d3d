import { command, exponential, query, role, saga, task } from "plimsoll";
import { z } from "zod";
import { system } from "../access.ts";
import { Lines, OutOfStock, ProductNotFound } from "../catalog/contract.ts";
import { pageInput, pageOf } from "../paging.ts";
import { Checkout, Entry, OutsideEntry, Reserved } from "./domain.ts";
import { gateway } from "./gateway.ts";
import { ownsCheckout } from "./operations/owns-checkout.ts";

const Named = z.object({ checkoutId: z.uuid() });
const Nothing = z.object({});

export const startCheckout = command("payments.checkout", {
  summary: "Order and pay: a saga reserves, charges, confirms, and sends the receipt",
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

/** Takes the lines of a checkout from the shelf. */
export const reserve = command("payments.reserve", { ...internal, input: Named, output: Reserved, faults: [ProductNotFound, OutOfStock] });

/** Puts back what a checkout has reserved, once; one that is paid keeps it. */
export const release = command("payments.release", { ...internal, input: Named, output: Nothing });

/** Makes an order of a checkout that is charged. */
export const confirm = command("payments.confirm", { ...internal, input: Named, output: Nothing });

/** Takes that back. */
export const unconfirm = command("payments.unconfirm", { ...internal, input: Named, output: Nothing });

/** Ends a checkout that was not paid, and keeps why. */
export const giveUp = command("payments.give-up", {
  ...internal,
  input: Named.extend({ problem: z.string().optional() }),
  output: Nothing,
});

/** Posts entries to the ledger; one that is there stays as it is. */
export const post = command("payments.post", { ...internal, input: z.object({ entries: z.array(Entry).min(1).max(10) }), output: Nothing });

/** Whether the ledger has the charge of a checkout: a notice may have come when no reply did. */
export const findCharge = query("payments.find-charge", {
  input: Named,
  output: z.object({ isCharged: z.boolean() }),
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

/** Takes what the provider has sent, for the tenant that it is about. */
export const takeNotice = task("payments.take-notice", {
  input: z.object({ tenant: z.string().min(1), entry: OutsideEntry }),
  budget: "10s",
  unique: { for: "7d" },
});

/** Posts what a notice says. */
export const settle = task("payments.settle", { input: OutsideEntry, budget: "10s" });

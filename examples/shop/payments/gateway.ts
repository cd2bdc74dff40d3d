import { fault, resource } from "plimsoll";
import type { Money, StatementLine } from "./domain.ts";

export const PaymentDeclined = fault("payment_declined", {
  code: "failed_precondition",
  message: "The payment was declined. Pay with another card.",
});

/** The provider says that it did not do what it was asked for, and will not: nothing was moved. */
export const PaymentRefused = fault("payment_refused", {
  code: "failed_precondition",
  message: "The payment provider refuses this, and has moved no money. A person has to decide.",
});

/** The provider may have done what it was asked to, or not. Asked again with the same key it says which. */
export const PaymentUnclear = fault("payment_unclear", {
  code: "unavailable",
  message: "The payment provider sent nothing that can be understood. It is asked again.",
});

export const PaymentsOff = fault("payments_off", {
  code: "failed_precondition",
  message: "This shop has no payment provider. Set PAYMENTS_URL and PAYMENTS_SECRET.",
});

/** Whose money it is about. */
export interface Payment {
  readonly tenant: string;
  readonly checkoutId: string;
  /** The same for every attempt: what is asked for again with it happens once. */
  readonly key: string;
}

/** What the shop needs of the service that moves its money, in the words of the shop. */
export interface Gateway {
  /** *Faults thrown*: `payment_declined`; whatever may have happened all the same has a code that is tried again. */
  charge(payment: Payment & { readonly money: Money }): Promise<void>;
  /** Returns all that was charged for the checkout, and lets nothing be charged for it afterwards. Returns how much that was. */
  takeBack(payment: Payment): Promise<{ readonly cents: number }>;
  /** Returns this much of what was charged. *Faults thrown*: `payment_refused`; whatever may have happened all the same has a code that is tried again. */
  refund(payment: Payment & { readonly money: Money }): Promise<void>;
  /** A page of the provider's books about a tenant, from their beginning or behind a page before. */
  statement(of: { readonly tenant: string; readonly after?: number }): Promise<Statement>;
}

export interface Statement {
  readonly lines: readonly StatementLine[];
  /** Behind which the next page begins; undefined after the last one. */
  readonly next: number | undefined;
}

const off = async (): Promise<never> => {
  throw new PaymentsOff({});
};

/** None, unless the composition root provides one. */
export const gateway = resource<Gateway>("payments.gateway", {
  create: () => ({ charge: off, takeBack: async () => ({ cents: 0 }), refund: off, statement: off }),
});

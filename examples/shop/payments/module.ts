import { module } from "plimsoll";
import { checkout } from "./operations/checkout.ts";
import { findCharge, post, settle, takeNotice } from "./operations/ledger.ts";
import { getCheckout, listCheckouts } from "./operations/read-checkouts.ts";
import { confirm, giveUp, release, reserve, unconfirm } from "./operations/reserve.ts";
import { startCheckout } from "./operations/start-checkout.ts";

export const payments = module("payments", {
  schema: "payments",
  migrations: new URL("./migrations/", import.meta.url),
  operations: [
    ...[startCheckout, getCheckout, listCheckouts, checkout],
    ...[reserve, release, confirm, unconfirm, giveUp],
    ...[post, findCharge, takeNotice, settle],
  ],
});

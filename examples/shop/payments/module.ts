import { module, schedule } from "plimsoll";
import * as contract from "./contract.ts";
import { differences } from "./metrics.ts";
import { checkout } from "./operations/checkout.ts";
import { compareAll, compareBooks, listTenants } from "./operations/compare.ts";
import { beginComparison, findDifferences, keepStatement, listDifferences } from "./operations/differences.ts";
import { findCharge, post, settle } from "./operations/ledger.ts";
import { getCheckout, listCheckouts } from "./operations/read-checkouts.ts";
import { closeRefund, findRefund, onCancelled, refund, refundSaga } from "./operations/refund.ts";
import { confirm, findWanted, giveUp, release, reserve, unconfirm } from "./operations/reserve.ts";
import { startCheckout } from "./operations/start-checkout.ts";

/** Not at the full hour, when all do. */
const hourly = schedule("payments.compare-hourly", {
  cron: "17 * * * *",
  task: contract.compareAll,
  input: (occurrence) => ({ at: occurrence.toISOString() }),
});

export const payments = module("payments", {
  schema: "payments",
  migrations: new URL("./migrations/", import.meta.url),
  operations: [
    ...[startCheckout, getCheckout, listCheckouts, checkout],
    ...[findWanted, reserve, release, confirm, unconfirm, giveUp],
    ...[post, findCharge, settle],
    ...[refund, onCancelled, findRefund, closeRefund, refundSaga],
    ...[listTenants, beginComparison, keepStatement, findDifferences, compareBooks, compareAll, listDifferences],
  ],
  schedules: [hourly],
  metrics: [differences],
});

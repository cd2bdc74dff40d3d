import { implement } from "plimsoll";
import { getUser } from "../../identity/contract.ts";
import * as notifications from "../contract.ts";
import { receiptMail } from "../domain.ts";

export const sendReceipt = implement(notifications.sendReceipt, async (receipt, { actor, call, mailer, key, signal, commit }) => {
  const to = await call(getUser, { userId: actor.id });
  // After a crash it is sent again with the same key, by which the mailer recognises it.
  await mailer.send(receiptMail(receipt, to), { key, signal });
  await commit(({ sql }) => sql`insert into notifications.receipts (order_id, email) values (${receipt.orderId}, ${to.email})`.run());
});

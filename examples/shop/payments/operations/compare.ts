import { createHash } from "node:crypto";
import { implement } from "plimsoll";
import * as payments from "../contract.ts";
import { type Gateway, PaymentsOff } from "../gateway.ts";

/** Of the provider's books about one tenant. */
const mostPages = 1_000;

export const listTenants = implement(payments.listTenants, async (_, { sql }) => {
  const rows = await sql<{ tenant: string }>`select tenant from payments.tenants_with_checkouts()`.many();
  return { tenants: rows.map(({ tenant }) => tenant) };
});

export const compareAll = implement(payments.compareAll, async ({ at }, { call, start }) => {
  const { tenants } = await call(payments.listTenants, {});
  for (const tenant of tenants) await start(payments.compareBooks, {}, { tenant, key: `${at}:${digestOf(tenant)}` });
});

export const compareBooks = implement(payments.compareBooks, async (_, { gateway, tenant = "", call, log }) => {
  // Before the first page is read: what we knew by then, the provider had booked by then.
  const { asOf } = await call(payments.beginComparison, {});
  let after: number | undefined = 0;
  for (let page = 0; after !== undefined; page++) {
    if (page === mostPages) throw new payments.StatementTooLong({ pages: mostPages });
    const statement = await read(gateway, { tenant, after });
    // A shop without a provider has no books to compare with.
    if (statement === undefined) return;
    await call(payments.keepStatement, { asOf, lines: [...statement.lines] });
    after = statement.next;
  }
  const { found } = await call(payments.findDifferences, { asOf });
  for (const difference of found) log.warn("the books of the payment provider differ", difference);
});

/** A key has no place for all that a tenant may be called. */
const digestOf = (tenant: string) => createHash("sha256").update(tenant).digest("hex");

async function read(gateway: Gateway, page: Parameters<Gateway["statement"]>[0]) {
  return await gateway.statement(page).catch((error: unknown) => {
    if (error instanceof PaymentsOff) return undefined;
    throw error;
  });
}

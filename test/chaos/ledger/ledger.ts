import { command, exponential, fault, module, type Sql, signedIn, task } from "plimsoll";
import { z } from "zod";
import { gateway } from "../../../examples/shop/payments/gateway.ts";
import { fail } from "../../../src/core/fault.ts";
import type { PlantedBug } from "./planted.ts";

// Double entry under the hardest rule: money is neither made nor lost, and what was answered is what happened.

export const Poor = fault("poor", {
  code: "failed_precondition",
  details: z.object({ account: z.int() }),
  message: ({ account }) => `Account ${account} has not enough. Transfer less.`,
});

const Transfer = z.object({ key: z.string(), from: z.int(), to: z.int(), amount: z.int().min(1) });
export type Transfer = z.infer<typeof Transfer>;
const Balance = z.object({ balance: z.int() });

/** Moves money in the transaction of `sql`. */
export async function move(
  sql: Sql,
  { key, from, to, amount }: Transfer,
  newId: () => string,
): Promise<{ transferId: string; balance: number }> {
  const transferId = newId();
  await sql`insert into ledger.transfers (tenant_id, id, key, amount) values ('acme', ${transferId}, ${key}, ${amount})`.run();
  const book = (account: number, change: number) =>
    sql`insert into ledger.entries (tenant_id, id, transfer_id, account_id, amount) values ('acme', ${newId()}, ${transferId}, ${account}, ${change})`.run();
  await Promise.all([book(from, -amount), book(to, amount)]);
  const add = (account: number, change: number) =>
    sql(Balance)`update ledger.accounts set balance = balance + ${change} where id = ${account} returning balance`.one();
  // The lower number first, so that both ways of one pair lock in the same order.
  if (to < from) await add(to, amount);
  const source = await sql(Balance)`select balance from ledger.accounts where id = ${from} for no key update`.one();
  if (source.balance < amount) fail(Poor, { account: from });
  const { balance } = await add(from, -amount);
  if (to > from) await add(to, amount);
  return { transferId, balance };
}

/** One transfer in eight is charged for, by the random end of its id. */
export const isCharged = (transferId: string): boolean => "01".includes(transferId.slice(-1));

/** Durable work that each transfer leaves behind: its effect must be there once, whatever is killed, and at the provider too. */
const stampTask = (hasNewKeys: boolean) =>
  task("ledger.stamp", {
    input: z.object({ transferId: z.uuid(), amount: z.int() }),
    budget: "5s",
    retry: { attempts: 1_000, backoff: exponential("100ms", { max: "1s" }) },
    uses: { gateway },
    async run({ transferId, amount }, { gateway, key, commit, newId }) {
      const payment = {
        tenant: "acme",
        checkoutId: transferId,
        key: hasNewKeys ? newId() : key,
        money: { cents: amount, currency: "EUR" },
      };
      if (isCharged(transferId)) await gateway.charge(payment);
      await commit(({ sql }) =>
        sql`insert into ledger.stamps (tenant_id, id, transfer_id) values ('acme', ${newId()}, ${transferId})`.run(),
      );
    },
  });

/** The module, in order or with one planted bug. `hasNewKeys`: it charges with another key at each attempt. */
export function ledgerModule(planted: PlantedBug | undefined, { hasNewKeys = false } = {}) {
  const stamp = stampTask(hasNewKeys);
  const transfer = command("ledger.transfer", {
    input: Transfer,
    output: z.object({ transferId: z.uuid(), balance: z.int() }),
    faults: [Poor],
    access: signedIn(),
    budget: "3s",
    idempotent: "key",
    http: "POST /v1/transfers",
    async run(input, { sql, newId, start }) {
      if (planted !== undefined) return planted(input, { sql, newId });
      const moved = await move(sql, input, newId);
      await start(stamp, { transferId: moved.transferId, amount: input.amount });
      return moved;
    },
  });
  return module("ledger", { schema: "ledger", migrations: new URL("./migrations/", import.meta.url), operations: [transfer, stamp] });
}

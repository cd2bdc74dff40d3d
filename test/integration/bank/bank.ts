import { command, fault, module, query, signedIn } from "plimsoll";
import { z } from "zod";
import { fail } from "../../../src/core/fault.ts";

// The smallest module with money in it: whatever is lost or done twice shows in a sum.

export const Poor = fault("poor", {
  code: "failed_precondition",
  details: z.object({ id: z.int() }),
  message: ({ id }) => `Account ${id} has not enough.`,
});

const Account = z.object({ id: z.int() });
const Balance = z.object({ balance: z.int() });

export const getBalance = query("bank.balance", {
  input: Account,
  output: Balance,
  access: signedIn(),
  budget: "2s",
  run: ({ id }, { sql }) => sql(Balance)`select balance from bank.accounts where id = ${id}`.one(),
});

/** Takes money; `hold` names a lock to wait on, so that a test can stop it in the middle. */
export const withdraw = command("bank.withdraw", {
  input: z.object({ id: z.int(), amount: z.int().min(1), hold: z.int().optional(), swallow: z.boolean().optional() }),
  output: z.object({ entryId: z.uuid(), balance: z.int() }),
  faults: [Poor],
  access: signedIn(),
  idempotent: "key",
  budget: "2s",
  async run({ id, amount, hold, swallow }, { sql, call, newId }) {
    const { balance } = await call(getBalance, { id });
    if (balance < amount) {
      await sql`insert into bank.entries (id, account_id, amount) values (${newId()}, ${id}, 0)`.run();
      fail(Poor, { id });
    }
    const entryId = newId();
    await sql`insert into bank.entries (id, account_id, amount) values (${entryId}, ${id}, ${amount})`.run();
    if (hold !== undefined) await sql`select pg_advisory_xact_lock(${hold})`.run();
    if (swallow) await sql`select 1 / 0`.run().catch(() => undefined);
    const left = await sql(Balance)`update bank.accounts set balance = balance - ${amount} where id = ${id} returning balance`.one();
    return { entryId, balance: left.balance };
  },
});

/** The same without a key: no caller may run it again by itself. */
export const deposit = command("bank.deposit", {
  input: z.object({ id: z.int(), amount: z.int().min(1) }),
  output: Balance,
  access: signedIn(),
  idempotent: "no",
  budget: "2s",
  run: ({ id, amount }, { sql }) =>
    sql(Balance)`update bank.accounts set balance = balance + ${amount} where id = ${id} returning balance`.one(),
});

/** Reads, waits for the others who read, and writes: under serializable isolation only one of two can be right. */
export const double = command("bank.double", {
  input: Account,
  output: Balance,
  access: signedIn(),
  idempotent: "no",
  isolation: "serializable",
  budget: "2s",
  async run({ id }, { sql, call }) {
    const { balance } = await call(getBalance, { id });
    return sql(Balance)`update bank.accounts set balance = ${balance * 2} where id = ${id} returning balance`.one();
  },
});

export const bank = module("bank", {
  schema: "bank",
  migrations: new URL("./migrations/", import.meta.url),
  operations: [getBalance, withdraw, deposit, double],
});

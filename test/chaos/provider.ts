import { existsSync } from "node:fs";
import { readBooks, type Temper } from "../../examples/shop/provider.ts";
import { withClient } from "../../src/postgres/client.ts";
import { isCharged } from "./ledger/ledger.ts";
import { ProcessVictim } from "./victims.ts";

// The payment provider of the campaign: a process that is killed as the others are, with books of its own.

/** Seeded, and independent of what is killed. */
const temper: Partial<Temper> = { timesOutAfter: 0.05, fails: 0.05, garbles: 0.05, refusesAfter: 0.05, patience: 2 };

export class ProviderVictim extends ProcessVictim {
  readonly url: string;
  readonly books: string;

  constructor({ port, books, seed }: { readonly port: number; readonly books: string; readonly seed: number }) {
    super("../../examples/shop/provider.ts", { PORT: `${port}`, BOOKS: books, SEED: `${seed}`, TEMPER: JSON.stringify(temper) });
    this.url = `http://127.0.0.1:${port}`;
    this.books = books;
  }
}

/**
 * Compares the provider's books with the transfers: none is charged twice or with another amount, none is charged that is not there, and those whose task is
 * done are charged. `isEnd`: all of them are.
 */
export async function chargeProblems(adminUrl: string, books: string, isEnd = false): Promise<readonly string[]> {
  const { done, amounts } = await withClient(adminUrl, async (database) => {
    const stamps = await database.query<{ id: string }>("select transfer_id as id from ledger.stamps");
    const before = existsSync(books) ? readBooks(books) : [];
    const { rows } = await database.query<{ id: string; amount: string }>(
      "select t.id, max(e.amount)::text as amount from ledger.transfers t join ledger.entries e on e.transfer_id = t.id group by t.id",
    );
    return {
      done: { ids: stamps.rows.map(({ id }) => id), lines: before },
      amounts: new Map(rows.map(({ id, amount }) => [id, Number(amount)])),
    };
  });
  const problems: string[] = [];
  const charged = new Set<string>();
  for (const { merchant_ref, amount_minor, line_type } of done.lines) {
    const id = merchant_ref.slice("acme/".length);
    if (charged.has(id)) problems.push(`transfer ${id} was charged twice`);
    charged.add(id);
    if (line_type !== "capture" || amounts.get(id) !== amount_minor)
      problems.push(`${line_type} of ${amount_minor} for transfer ${id} of ${amounts.get(id) ?? "nothing"}`);
  }
  for (const id of isEnd ? amounts.keys() : done.ids)
    if (isCharged(id) && !charged.has(id)) problems.push(`transfer ${id} was not charged`);
  return problems;
}

import assert from "node:assert/strict";
import type pg from "pg";
import { flight, HandPool, type Prepared } from "../database/hand-pool.ts";
import { type Product, productId } from "../database/work.ts";
import type { Contender } from "../harness/contender.ts";

interface Row {
  readonly id: string;
  readonly name: string;
  readonly price_cents: number;
  readonly stock: number;
}

/** One read by hand. `ends` says whether the commit goes with the read, or in its own flight for which the caller does not wait. */
export function readByHand(name: string, ends: "with the read" | "after the answer"): Contender {
  const pool = new HandPool();
  const read = async (id: string): Promise<Product | undefined> => {
    const startedAt = performance.now();
    const client = await pool.take();
    try {
      const begun = ["begin read only", pool.settings(startedAt), select(id)];
      const answers = await flight(client, ends === "with the read" ? [...begun, "commit"] : begun);
      return answers[2]!.rows.map(({ id, name, price_cents: priceCents, stock }: Row) => ({ id, name, priceCents, stock }))[0];
    } finally {
      if (ends === "after the answer") end(client);
      pool.release(client);
    }
  };
  return {
    name,
    setup: ({ url, connections }) => pool.open(url, connections),
    async once(i) {
      const id = productId(i);
      assert.equal((await read(id))?.id, id);
    },
    close: () => pool.close(),
  };
}

function select(id: string): Prepared {
  return { name: "product", text: "select id, name, price_cents, stock from bench_hand.products where id = $1", values: [id] };
}

/** Nothing was changed: the next user's statements queue behind the commit, and only a broken connection can fail it. */
function end(client: pg.Client): void {
  client.query("commit").catch(() => client.end());
}

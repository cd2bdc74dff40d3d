// One idempotent command with a read and a write, by hand: the same promises as Plimsoll's, in three flights.
import assert from "node:assert/strict";
import { createHash, randomUUID } from "node:crypto";
import type pg from "pg";
import { flight, HandPool, type Prepared } from "../database/hand-pool.ts";
import { actorId, productId, tenant } from "../database/work.ts";
import type { Contender } from "../harness/contender.ts";

interface Sale {
  readonly productId: string;
  readonly left: number;
  readonly totalCents: number;
}
interface Claim {
  readonly id: string;
  readonly inputHash: Buffer;
}

const pool = new HandPool();
const keepMs = 24 * 3_600_000;

async function sell(input: { readonly productId: string; readonly quantity: number }, key: string): Promise<Sale> {
  const startedAt = performance.now();
  const claim: Claim = {
    id: hash(`${tenant}|${actorId}|sell|${key}`).subarray(0, 16).toString("hex"),
    inputHash: hash(JSON.stringify(input)),
  };
  const client = await pool.take();
  try {
    const answers = await flight(client, [
      "begin",
      pool.settings(startedAt),
      { name: "lock", text: "select pg_try_advisory_xact_lock(uuid_hash_extended($1, 0)) as locked", values: [claim.id] },
      {
        name: "known",
        text: "select input_hash, body from bench_hand.idempotency where id = $1 and expires_at > statement_timestamp()",
        values: [claim.id],
      },
      "savepoint command",
      { name: "price", text: "select price_cents, stock from bench_hand.products where id = $1", values: [input.productId] },
    ]);
    if (!answers[2]!.rows[0].locked) throw new Error("the same key is running elsewhere");
    const known = answers[3]!.rows[0] as { input_hash: Buffer; body: string } | undefined;
    if (known) {
      await flight(client, ["rollback"]);
      if (!known.input_hash.equals(claim.inputHash)) throw new Error("the key was used with another input");
      return JSON.parse(known.body) as Sale;
    }
    const product = answers[5]!.rows[0] as { price_cents: number; stock: number } | undefined;
    if (!product || product.stock < input.quantity) throw new Error("out of stock");
    const [sold] = await flight(client, [take(input)]);
    if (sold!.rowCount !== 1) throw new Error("out of stock");
    const sale: Sale = {
      productId: input.productId,
      left: sold!.rows[0].stock as number,
      totalCents: product.price_cents * input.quantity,
    };
    await finish(client, record(claim, JSON.stringify(sale)));
    return sale;
  } catch (error) {
    await client.query("rollback");
    throw error;
  } finally {
    pool.release(client);
  }
}

/** The last flight. After an error in it PostgreSQL answers the commit with ROLLBACK, which `pg` takes for a success. */
async function finish(client: pg.Client, last: Prepared): Promise<void> {
  const [recorded, committed] = await flight(client, [last, "commit"]);
  if (recorded!.rowCount !== 1) throw new Error("the key was recorded meanwhile");
  if (committed!.command !== "COMMIT") throw new Error(`the commit was answered with ${committed!.command}`);
}

function take({ productId, quantity }: { readonly productId: string; readonly quantity: number }): Prepared {
  return {
    name: "take",
    text: "update bench_hand.products set stock = stock - $2 where id = $1 and stock >= $2 returning stock",
    values: [productId, quantity],
  };
}

function record({ id, inputHash }: Claim, body: string): Prepared {
  return {
    name: "record",
    text: `insert into bench_hand.idempotency as i (id, input_hash, outcome, body, expires_at)
      values ($1, $2, 'ok', $3, statement_timestamp() + $4 * interval '1 millisecond')
      on conflict (id) do update set input_hash = excluded.input_hash, outcome = excluded.outcome, body = excluded.body, expires_at = excluded.expires_at
      where i.expires_at <= statement_timestamp()`,
    values: [id, inputHash, body, keepMs],
  };
}

function hash(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}

export const contender: Contender = {
  name: "raw",
  setup: ({ url, connections }) => pool.open(url, connections),
  async once(i) {
    const id = productId(i);
    const sale = await sell({ productId: id, quantity: 1 }, randomUUID());
    assert.equal(sale.productId, id);
  },
  close: () => pool.close(),
};

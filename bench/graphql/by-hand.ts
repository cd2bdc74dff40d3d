// The two reads of the peers, by hand: one flight each, in a transaction with tenant, actor and timeouts, as ours are.
import { flight, HandPool, type Prepared } from "../database/hand-pool.ts";
import { type Customer, connections, type Order } from "./asked.ts";

const pool = new HandPool();

/** Opens the pool that all peers have. */
export async function openPool(): Promise<void> {
  await pool.open(process.env.DATABASE as string, connections);
}

/** Reads the first orders of the tenant. */
export async function readOrders(first: number): Promise<readonly Order[]> {
  const text = `select id, total_cents as "totalCents", status, customer_id as "customerId" from bench_hand.orders order by id limit $1`;
  return (await read({ name: "orders", text, values: [first] })) as readonly Order[];
}

/** Reads customers by their ids, in the order of the ids. */
export async function readCustomers(ids: readonly string[]): Promise<readonly (Customer | undefined)[]> {
  const text = "select id, name, city from bench_hand.customers where id = any($1::uuid[])";
  const rows = (await read({ name: "customers", text, values: [ids] })) as readonly Customer[];
  const byId = new Map(rows.map((row) => [row.id, row]));
  return ids.map((id) => byId.get(id));
}

async function read(statement: Prepared): Promise<readonly unknown[]> {
  const startedAt = performance.now();
  const client = await pool.take();
  try {
    const replies = await flight(client, ["begin read only", pool.settings(startedAt), statement, "commit"]);
    return (replies[2] as { readonly rows: readonly unknown[] }).rows;
  } finally {
    pool.release(client);
  }
}

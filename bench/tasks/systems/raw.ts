// By hand with `pg`: SKIP LOCKED in batches, a lease on each task, and an acknowledgement that only the holder of the lease can give.
import { randomUUID } from "node:crypto";
import pg from "pg";
import { queueName, type TaskInput, type TaskSystem, taskName } from "../system.ts";

const batch = 1_000;
const loops = 2;
const pollMs = 1_000;
const notifyGapMs = 1;
const channel = "bench_tasks";

const tables = `
  create schema if not exists by_hand;
  create table if not exists by_hand.tasks (
    id bigint generated always as identity primary key,
    queue text not null, name text not null, input jsonb not null,
    due_at timestamptz not null default now(), attempt smallint not null default 0,
    lease uuid, lease_ends_at timestamptz
  );
  create table if not exists by_hand.tasks_done (
    id bigint not null, queue text not null, name text not null, input jsonb not null, attempt smallint not null,
    done_at timestamptz not null default now()
  )`;
const insert = { name: "insert", text: "insert into by_hand.tasks (queue, name, input) values ($1, $2, $3)" };
const insertMany = { name: "many", text: "insert into by_hand.tasks (queue, name, input) select $1, $2, unnest($3::jsonb[])" };
const claim = {
  name: "claim",
  text: `update by_hand.tasks set lease = $1, lease_ends_at = now() + interval '10 s', attempt = attempt + 1
    where id = any(array(
      select id from by_hand.tasks where queue = any($2) and due_at <= now() and (lease is null or lease_ends_at < now())
      order by id limit ${batch} for update skip locked))
    returning id, input`,
};
const acknowledge = { name: "acknowledge", text: "delete from by_hand.tasks where id = any($1) and lease = $2" };
const acknowledgeAndKeep = {
  name: "keep",
  text: `with done as (delete from by_hand.tasks where id = any($1) and lease = $2 returning id, queue, name, input, attempt)
    insert into by_hand.tasks_done (id, queue, name, input, attempt) select * from done`,
};

export const system: TaskSystem = {
  async produce({ url, connections }) {
    const pool = new pg.Pool({ connectionString: url, max: connections });
    pool.on("error", () => {});
    await pool.query(tables);
    const wake = await startWaking(url);
    return {
      async enqueue(input) {
        await pool.query(insert, [queueName(0), taskName(0), input]);
        wake.soon();
      },
      async enqueueMany(inputs) {
        await pool.query(insertMany, [queueName(0), taskName(0), inputs.map((input) => JSON.stringify(input))]);
        wake.soon();
      },
      async enqueueWithRow(input) {
        const client = await pool.connect();
        try {
          await client.query("begin");
          await client.query({ name: "order", text: "insert into bench.orders (note) values ($1)" }, [String(input.n)]);
          await client.query(insert, [queueName(0), taskName(0), input]);
          await client.query("commit");
        } finally {
          client.release();
        }
        wake.soon();
      },
      async close() {
        await wake.close();
        await pool.end();
      },
    };
  },

  async work({ url, queues, history }, handle) {
    const pool = new pg.Pool({ connectionString: url, max: loops });
    pool.on("error", () => {});
    const names = Array.from({ length: queues }, (_, queue) => queueName(queue));
    const done = history ? acknowledgeAndKeep : acknowledge;
    const lease = randomUUID();
    const bell = new Bell();
    const listener = new pg.Client({ connectionString: url });
    listener.on("error", () => {});
    listener.on("notification", () => bell.ring());
    await listener.connect();
    await listener.query(`listen ${channel}`);
    const poll = setInterval(() => bell.ring(), pollMs);
    let closed = false;
    const loop = async () => {
      while (!closed) {
        const rings = bell.rings;
        const { rows } = await pool.query<{ id: string; input: TaskInput }>(claim, [lease, names]);
        if (rows.length > 0) {
          await Promise.all(rows.map(async ({ input }) => handle(input)));
          await pool.query(done, [rows.map(({ id }) => id), lease]);
        } else if (!closed) await bell.after(rings);
      }
    };
    const running = Promise.all(Array.from({ length: loops }, loop));
    return {
      async close() {
        closed = true;
        clearInterval(poll);
        bell.ring();
        await running;
        await Promise.all([pool.end(), listener.end()]);
      },
    };
  },
};

/** Wakes every waiter, and the next one that begins to wait. */
class Bell {
  rings = 0;
  #waiting: (() => void)[] = [];

  ring(): void {
    this.rings++;
    for (const wake of this.#waiting.splice(0)) wake();
  }

  after(rings: number): Promise<void> {
    return this.rings > rings ? Promise.resolve() : new Promise((resolve) => this.#waiting.push(resolve));
  }
}

/** Wakes the workers off the write path: a NOTIFY inside the insert would make the commits queue for its lock. */
async function startWaking(url: string): Promise<{ soon(): void; close(): Promise<void> }> {
  const client = new pg.Client({ connectionString: url });
  client.on("error", () => {});
  await client.connect();
  let [due, busy] = [false, false];
  const notify = async () => {
    busy = true;
    while (due) {
      due = false;
      await client.query(`notify ${channel}`);
      await new Promise((resolve) => setTimeout(resolve, notifyGapMs));
    }
    busy = false;
  };
  return {
    soon() {
      due = true;
      if (!busy) notify().catch(() => {});
    },
    close: () => client.end(),
  };
}

// Designs in which a task is a row of one table.
import type pg from "pg";
import { type Batch, type Design, queue, token } from "./design.ts";

const columns = `id bigint generated always as identity primary key, queue text not null, rank bigint not null, attempt smallint not null default 0,
  input text not null`;
const now = "(extract(epoch from clock_timestamp()) * 1000)::bigint";

/** One table and its primary key: an update takes a task, a delete by id completes it. */
export const ordinary: Design = {
  name: "raw",
  quick: true,
  schema: "ordinary",
  looks: true,
  create: (client) => run(client, `create schema ordinary; create table ordinary.tasks (${columns}, lease bigint)`),
  insert: (client, inputs) =>
    run(client, { name: "o-insert", text: `insert into ordinary.tasks (queue, rank, input) select $1, ${now}, unnest($2::text[])` }, [
      queue,
      inputs,
    ]),
  claim: (client, limit) =>
    ids(client, {
      name: "o-claim",
      text: `update ordinary.tasks set lease = $1, attempt = attempt + 1 where id = any(array(
        select id from ordinary.tasks where queue = $2 and lease is null order by id limit $3 for update skip locked)) returning id, input`,
      values: [token, queue, limit],
    }),
  complete: (client, { handle }) =>
    run(client, { name: "o-done", text: "delete from ordinary.tasks where id = any($1) and lease = $2" }, [handle, token]),
};

/** A claim deletes the tasks, and writes them together into the one row of its lease. */
export const leasedBatch: Design = {
  name: "leased-batch",
  quick: false,
  schema: "leased_batch",
  looks: true,
  create: (client) =>
    run(
      client,
      `create schema leased_batch; create table leased_batch.tasks (${columns});
       create table leased_batch.leases (id bigint generated always as identity primary key, token bigint not null, tasks jsonb not null)`,
    ),
  insert: (client, inputs) =>
    run(client, { name: "l-insert", text: `insert into leased_batch.tasks (queue, rank, input) select $1, ${now}, unnest($2::text[])` }, [
      queue,
      inputs,
    ]),
  async claim(client, limit) {
    const { rows } = await client.query<{ id: string; tasks: readonly unknown[] | null }>({
      name: "l-claim",
      text: `with gone as (
          delete from leased_batch.tasks where ctid = any(array(
            select ctid from leased_batch.tasks where queue = $2 order by id limit $3 for update skip locked)) returning id, rank, attempt, input)
        insert into leased_batch.leases (token, tasks)
        select $1, jsonb_agg(jsonb_build_array(id, rank, attempt, input)) from gone having count(*) > 0 returning id, tasks`,
      values: [token, queue, limit],
    });
    return { size: rows[0]?.tasks?.length ?? 0, handle: rows[0]?.id };
  },
  complete: (client, { handle }) =>
    run(client, { name: "l-done", text: "delete from leased_batch.leases where id = $1 and token = $2" }, [handle, token]),
};

/** Leased when it is inserted, to a worker in the same process that has a slot free: nothing is ever looked for. */
export const bornLeased: Design & { readonly born: (string | undefined)[] } = {
  name: "born-leased",
  quick: false,
  schema: "born_leased",
  looks: false,
  born: [],
  create(client) {
    this.born.length = 0;
    return run(client, `create schema born_leased; create table born_leased.tasks (${columns}, lease bigint)`);
  },
  async insert(client, inputs) {
    const { rows } = await client.query<{ id: string }>({
      name: "b-insert",
      text: `insert into born_leased.tasks (queue, rank, input, lease, attempt) select $1, ${now}, unnest($2::text[]), $3, 1 returning id`,
      values: [queue, inputs, token],
    });
    for (const { id } of rows) this.born.push(id);
  },
  async claim(_client, limit) {
    const handle = this.born.splice(0, limit);
    return { size: handle.length, handle };
  },
  complete: (client, { handle }) =>
    run(client, { name: "b-done", text: "delete from born_leased.tasks where id = any($1) and lease = $2" }, [handle, token]),
};

async function run(client: pg.Client, statement: string | { name: string; text: string }, values: readonly unknown[] = []): Promise<void> {
  await (typeof statement === "string" ? client.query(statement) : client.query({ ...statement, values: [...values] }));
}

async function ids(client: pg.Client, statement: { name: string; text: string; values: unknown[] }): Promise<Batch> {
  const { rows } = await client.query<{ id: string }>(statement);
  return { size: rows.length, handle: rows.map(({ id }) => id) };
}

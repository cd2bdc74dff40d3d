// Append only: events lie in segments, and a consumer moves a cursor over them. What fails would go into a table of its own.
import { type Design, queue, token } from "./design.ts";

const segments = 3;
const segmentBytes = 33_554_432;

/**
 * A tick notes a snapshot; a batch is what the later of two snapshots sees and the earlier did not. So a transaction that commits late is in the batch
 * after its commit, wherever its rows lie.
 */
export const appendOnly: Design = {
  name: "append-only",
  quick: true,
  schema: "append_only",
  looks: true,
  async create(client) {
    await client.query(`
      create schema append_only;
      create table append_only.events (segment smallint not null, id bigint generated always as identity, born xid8 not null default pg_current_xact_id(),
        queue text not null, rank bigint not null, attempt smallint not null default 0, input text not null) partition by list (segment);
      create table append_only.ticks (id bigint primary key, seen pg_snapshot not null, segment smallint not null);
      create table append_only.cursor (queue text primary key, tick bigint not null, lease bigint, upto bigint);
      create table append_only.retries (id bigint primary key, due bigint not null, attempt smallint not null, input text not null);
      create table append_only.current (segment smallint not null);
      insert into append_only.current values (0);
      insert into append_only.ticks values (0, pg_current_snapshot(), 0);
      insert into append_only.cursor values ('${queue}', 0)`);
    for (let segment = 0; segment < segments; segment++)
      await client.query(`create table append_only.events_${segment} partition of append_only.events for values in (${segment});
        create index on append_only.events_${segment} (born)`);
  },
  async insert(client, inputs) {
    await client.query({
      name: "a-insert",
      text: `insert into append_only.events (segment, queue, rank, input)
        select (select segment from append_only.current), $1, (extract(epoch from clock_timestamp()) * 1000)::bigint, unnest($2::text[])`,
      values: [queue, inputs],
    });
  },
  async afterInserts(client) {
    await client.query({
      name: "a-tick",
      text: `insert into append_only.ticks select (select max(id) + 1 from append_only.ticks), pg_current_snapshot(), segment from append_only.current`,
    });
  },
  /** A batch is what lies between two ticks, whatever is asked for. */
  async claim(client) {
    const { rows } = await client.query<{ upto: string }>({
      name: "a-lease",
      text: `update append_only.cursor set lease = $1, upto = (select min(id) from append_only.ticks where id > tick) where queue = $2
        and exists (select from append_only.ticks where id > tick) returning upto`,
      values: [token, queue],
    });
    if (rows[0] === undefined) return { size: 0, handle: undefined };
    const read = await client.query({
      name: "a-read",
      text: `select e.id, e.attempt, e.input
        from append_only.cursor c join append_only.ticks f on f.id = c.tick join append_only.ticks t on t.id = c.upto
        cross join lateral (
          select * from append_only.events e
          where e.born >= pg_snapshot_xmin(f.seen) and e.born < pg_snapshot_xmax(t.seen)
            and pg_visible_in_snapshot(e.born, t.seen) and not pg_visible_in_snapshot(e.born, f.seen)) e
        where c.queue = $1`,
      values: [queue],
    });
    return { size: read.rows.length, handle: rows[0].upto };
  },
  async complete(client, { handle }) {
    await client.query({
      name: "a-done",
      text: "update append_only.cursor set tick = upto, lease = null where queue = $1 and upto = $2 and lease = $3",
      values: [queue, handle, token],
    });
  },
  /** Fills the next segment once this one is large, and empties those that the cursor has left. */
  async regularly(client) {
    await client.query(`delete from append_only.ticks where id < (select tick from append_only.cursor)`);
    const { rows } = await client.query<{ segment: number; bytes: string; oldest: number }>(
      `select c.segment, pg_relation_size('append_only.events_' || c.segment) as bytes,
         (select t.segment from append_only.ticks t order by t.id limit 1) as oldest from append_only.current c`,
    );
    const { segment, bytes, oldest } = rows[0]!;
    // Those from the oldest that is read to the one that is filled hold what is not read yet.
    for (let other = 0; other < segments; other++)
      if ((other - oldest + segments) % segments > (segment - oldest + segments) % segments)
        await client.query(`truncate append_only.events_${other}`);
    const next = (segment + 1) % segments;
    if (Number(bytes) >= segmentBytes && next !== oldest) await client.query("update append_only.current set segment = $1", [next]);
  },
};

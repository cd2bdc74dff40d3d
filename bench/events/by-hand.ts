import pg from "pg";
import type { EventSystem, EventTarget } from "./system.ts";

/** The least that there can be: a table, and one statement for each read and each write. */
export async function openByHand({ url, connections }: EventTarget): Promise<EventSystem> {
  const pool = new pg.Pool({ connectionString: url, max: connections });
  await pool.query(`create table events (
    stream text, version integer, seq bigint generated always as identity, name text not null, data jsonb not null, recorded_at timestamptz not null default now(),
    primary key (stream, version))`);
  const insert = (stream: string, version: number) =>
    pool.query({
      name: "append",
      text: "insert into events (stream, version, name, data) values ($1, $2, 'added', $3)",
      values: [stream, version, JSON.stringify({ stream, amount: 1 })],
    });
  return {
    append: (stream) => insert(stream, 1),
    async decide(stream) {
      const { rows } = await pool.query<{ data: { amount: number } }>({
        ...{ name: "read", text: "select data from events where stream = $1 order by version", values: [stream] },
      });
      const sum = rows.reduce((all, { data }) => all + data.amount, 0);
      if (sum < 1_000_000) await insert(stream, rows.length + 1);
    },
    close: () => pool.end(),
  };
}

import { withClient } from "../../postgres/client.ts";

/** What PostgreSQL has written to its log so far, of all databases of the server. *Units*: bytes. *Faults thrown*: those of the database. */
export function walBytes(url: string): Promise<number> {
  return withClient(url, async (client) => {
    const { rows } = await client.query<{ bytes: string }>("select pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0') as bytes");
    return Number(rows[0]!.bytes);
  });
}

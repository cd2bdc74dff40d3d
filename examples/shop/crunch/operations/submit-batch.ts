import { implement } from "plimsoll";
import * as crunch from "../contract.ts";

export const submitBatch = implement(crunch.submitBatch, async ({ items }, { sql, start, newId, fail }) => {
  // Batches of which everything is known are closed when the next batch comes, so that there are few open ones to count.
  const { waiting } = await sql<{ waiting: number }>`
    with opened as materialized (select id, done, failed, waiting from crunch.progress where closed_at is null),
    known as (
      select b.id, o.done, o.failed from opened o join crunch.batches b on b.id = o.id
      where o.waiting = 0 and b.closed_at is null for update of b skip locked
    ),
    closed as (
      update crunch.batches b set done = k.done, failed = k.failed, closed_at = plimsoll.now() from known k where b.id = k.id
    )
    select coalesce(sum(waiting), 0)::bigint as waiting from opened`.one();
  if (waiting + items.length > crunch.maxWaiting) fail(crunch.CrunchFull, { limit: crunch.maxWaiting, waiting });
  const batchId = newId();
  await sql`insert into crunch.batches (id, items) values (${batchId}, ${items.length})`.run();
  // In this transaction: whatever is accepted is crunched, and nothing else is.
  for (const [item, text] of items.entries()) await start(crunch.crunchItem, { batchId, item, text });
  return { batchId, items: items.length };
});

import { implement } from "plimsoll";
import { z } from "zod";
import * as catalog from "../contract.ts";
import { TakenLine } from "../domain.ts";

const Hold = z.object({ lines: z.array(TakenLine).nullable(), totalCents: z.int(), isReleased: z.boolean() });

export const holdStock = implement(catalog.holdStock, async ({ holdId, lines }, { sql, call, fail }) => {
  // Of two attempts at once the second waits here, and finds what the first has taken.
  const isFirst = (await sql`insert into catalog.holds (id) values (${holdId}) on conflict do nothing`.run()) === 1;
  if (!isFirst) {
    const hold = await sql(Hold)`select lines, total_cents, is_released from catalog.holds where id = ${holdId}`.one();
    if (hold.isReleased || hold.lines === null) return fail(catalog.HoldReleased, { holdId });
    return { lines: hold.lines, totalCents: hold.totalCents };
  }
  const taken = await call(catalog.takeStock, { lines });
  await sql`
    update catalog.holds set lines = ${JSON.stringify(taken.lines)}::jsonb, total_cents = ${taken.totalCents} where id = ${holdId}`.run();
  return taken;
});

export const releaseHold = implement(catalog.releaseHold, async ({ holdId }, { sql, call }) => {
  const released = await sql(Hold.pick({ lines: true }))`
    insert into catalog.holds as h (id, is_released) values (${holdId}, true)
    on conflict (tenant_id, id) do update set is_released = true where not h.is_released
    returning lines`.maybe();
  if (!released?.lines) return { isReleased: false };
  await call(catalog.returnStock, { lines: released.lines });
  return { isReleased: true };
});

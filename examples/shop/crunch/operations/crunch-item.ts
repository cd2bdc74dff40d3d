import { fail, implement } from "plimsoll";
import * as crunch from "../contract.ts";
import { crunchText, failed } from "../domain.ts";

export const crunchItem = implement(crunch.crunchItem, async ({ batchId, item, text }, { key, attempt, chaos, commit }) => {
  const fails = chaos.fails({ key, attempt });
  // The last attempt says that it failed: an item that is never heard of again would be counted as one that waits.
  if (fails && attempt < crunch.attempts) fail(crunch.CrunchFailed, {});
  const { outcome, checksum, score } = fails ? failed : crunchText(text);
  await commit(({ sql }) =>
    sql`
      insert into crunch.results (batch_id, item, outcome, checksum, score, attempts)
      values (${batchId}, ${item}, ${outcome}, ${checksum}, ${score}, ${attempt})`.run(),
  );
});

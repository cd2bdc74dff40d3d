import { implement } from "plimsoll";
import * as crunch from "../contract.ts";

export const storeResults = implement(crunch.storeResults, async ({ results }, { sql }) => {
  await sql`
    insert into crunch.results (batch_id, item, outcome, checksum, score, attempts)
    select "batchId", item, outcome, checksum, score, attempts
    from json_to_recordset(${JSON.stringify(results)})
      as result ("batchId" uuid, item integer, outcome text, checksum bigint, score integer, attempts integer)
    on conflict do nothing`.run();
  return {};
});

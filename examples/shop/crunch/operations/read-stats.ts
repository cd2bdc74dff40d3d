import { implement } from "plimsoll";
import * as crunch from "../contract.ts";
import { Progress } from "../domain.ts";

export const readStats = implement(crunch.readStats, (_, { sql }) =>
  sql(Progress)`
    select
      coalesce(sum(done), 0)::bigint as done,
      coalesce(sum(failed), 0)::bigint as failed,
      coalesce(sum(waiting), 0)::bigint as waiting,
      coalesce(extract(epoch from plimsoll.now() - min(accepted_at) filter (where waiting > 0)) * 1000, 0)::bigint as lag_ms
    from crunch.progress`.one(),
);

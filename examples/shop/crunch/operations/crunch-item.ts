import { implement } from "plimsoll";
import * as crunch from "../contract.ts";
import { crunchText, failed } from "../domain.ts";

export const crunchItem = implement(crunch.crunchItem, async ({ batchId, item, text }, scope) => {
  const { key, attempt, tenant = "", chaos, resultWriter, call, fail } = scope;
  const fails = chaos.fails({ key, attempt });
  // From the last attempt on it says that it failed: an item that is never heard of again would be counted as one that waits.
  if (fails && attempt < crunch.attempts) return fail(crunch.CrunchFailed, {});
  const result = { ...(fails ? failed : crunchText(text)), batchId, item, attempts: attempt };
  // Done again after a crash, it finds its result there. So it need not be one transaction with the end of the task, and many can share one.
  await resultWriter.write(tenant, result, (results) => call(crunch.storeResults, { results: [...results] }));
});

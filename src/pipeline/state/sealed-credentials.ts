import type { IssuedCredential } from "../../operation/authentication/place.ts";
import type { Claim } from "../../operation/transaction.ts";
import type { CursorUse } from "../cursor.ts";
import type { CompiledOperation } from "../registry/compiled.ts";
import { ReplyCredentials } from "./reply-credentials.ts";
import type { RunningExecution } from "./running-execution.ts";

interface Sealing {
  readonly compiled: CompiledOperation;
  readonly claim: Claim;
}

/** Good for the record of one key, and for the same actor alone. */
function useOf({ actor, tenant }: RunningExecution, { compiled, claim }: Sealing): CursorUse {
  return { operation: `${compiled.name} credentials`, tenant, actor: actor.id, filter: claim.id.toString("hex") };
}

/** What the reply gives to the client, as the record of its key may keep it; undefined if it gives nothing. */
export function sealCredentials(execution: RunningExecution, sealing: Sealing): string | undefined {
  const { credentials, host } = execution;
  if (credentials === undefined || credentials.issued.size === 0) return undefined;
  return host.options.cursors.seal({ ...useOf(execution, sealing), position: [...credentials.issued.values()] });
}

/** Gives the client what the first reply gave. Where another secret sealed it, or it is too old, the reply is repeated without it. */
export function unsealCredentials(execution: RunningExecution, sealing: Sealing, sealed: string): void {
  let issued: readonly IssuedCredential[];
  try {
    issued = execution.host.options.cursors.open(sealed, useOf(execution, sealing)) as readonly IssuedCredential[];
  } catch {
    return;
  }
  execution.credentials ??= new ReplyCredentials();
  execution.credentials.restore(new Map(issued.map((one) => [one.name, one])));
}

import assert from "node:assert";
import type { Revocation } from "../../operation/authentication/revocations.ts";
import type { Transaction } from "../../operation/transaction.ts";
import { otherTenantRevocation } from "../faults.ts";
import type { RunningExecution } from "../state/running-execution.ts";
import { revocationsFull } from "./faults.ts";

/** Revokes in a transaction of a command of that name, on behalf of a tenant, or of none. *Faults thrown*: `revocations_full`, `other_tenant`. */
export async function revokeIn(
  { host }: RunningExecution,
  { transaction, name, tenant: own }: { readonly transaction: Transaction; readonly name: string; readonly tenant: string | undefined },
  revocation: Revocation,
): Promise<void> {
  const { revocations } = host;
  assert(revocations !== undefined, `${name} calls revoke, and the app refuses nothing by it. Add createApp({ revocations: {} }).`);
  if (own !== undefined && (revocation.tenant ?? own) !== own) throw otherTenantRevocation(name);
  const { rows } = await transaction.run(revocations.statement(revocation, own));
  if (rows[0]?.revoked !== true) throw revocationsFull();
}

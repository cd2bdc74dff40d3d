import { createHash } from "node:crypto";

/** What readers of a stream are woken by: it tells nothing of the tenant, and has no spaces. */
export function keyOf(name: string, { tenant, id }: { readonly tenant: string; readonly id: string }): string {
  return createHash("sha256")
    .update(JSON.stringify([name, tenant, id]))
    .digest("base64url")
    .slice(0, 22);
}

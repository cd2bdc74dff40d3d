import { limits } from "../core/limits.ts";
import type { Actor } from "../operation/actor.ts";

/** The names of the claims that hold the tenant and the roles. */
export interface ClaimNames {
  readonly tenantClaim: string;
  readonly rolesClaim: string;
}

/** Whether a text may name a subject, a tenant or a role: databases and logs must be able to hold it as it is. */
export function isName(value: unknown): value is string {
  return (
    typeof value === "string" &&
    value.length >= 1 &&
    value.length <= limits.tokenNameChars &&
    value.isWellFormed() &&
    !/\p{Cc}/u.test(value)
  );
}

/** Makes the actor out of verified claims, or says which claim does not fit. */
export function actorOf(
  claims: Readonly<Record<string, unknown>>,
  { tenantClaim, rolesClaim }: ClaimNames,
): Actor | { readonly unfit: string } {
  const id = claims.sub;
  if (!isName(id)) return { unfit: "sub" };
  const tenant = Object.hasOwn(claims, tenantClaim) ? claims[tenantClaim] : undefined;
  if (tenant !== undefined && !isName(tenant)) return { unfit: tenantClaim };
  const roles = Object.hasOwn(claims, rolesClaim) ? claims[rolesClaim] : noRoles;
  if (!Array.isArray(roles) || !roles.every(isName)) return { unfit: rolesClaim };
  return Object.freeze({ id, kind: "user", roles: Object.freeze(roles), tenant, claims });
}

const noRoles: readonly string[] = Object.freeze([]);

import { limits } from "../../core/limits.ts";
import type { Grants, RolesByPermission } from "../../operation/access.ts";
import { grantsInvalid } from "./faults.ts";

/** A map of permissions as decisions read it. */
export interface ReadGrants {
  readonly rolesOf: RolesByPermission;
  /** How many roles and permissions it keeps. */
  readonly size: number;
}

/** What reads maps of permissions. */
export interface GrantsReader {
  /** The permissions that an operation names or that stand in the defaults. */
  readonly known: ReadonlySet<string>;
  /** Called for a permission that is not one of them. */
  unknown(permission: string): void;
}

/** Reads what a load returned: data of a tenant, which can be anything. *Faults thrown*: `internal`. */
export function readGrants(grants: Grants, { known, unknown }: GrantsReader): ReadGrants {
  if (typeof grants !== "object" || grants === null || Array.isArray(grants)) throw grantsInvalid("returned no map");
  const rolesOf = new Map<string, Set<string>>();
  let listed = 0;
  let size = 0;
  for (const [role, permissions] of Object.entries(grants)) {
    if (!Array.isArray(permissions)) throw grantsInvalid("returned a role without a list");
    listed += 1 + permissions.length;
    if (listed > limits.permissionGrants) throw grantsInvalid(`returned more than ${limits.permissionGrants} roles and permissions`);
    for (const permission of permissions) {
      if (typeof permission !== "string") throw grantsInvalid("returned a permission that is not a text");
      if (!known.has(permission)) unknown(permission);
      else {
        const roles = rolesOf.get(permission) ?? new Set();
        rolesOf.set(permission, roles.add(role));
        size++;
      }
    }
  }
  return { rolesOf, size };
}

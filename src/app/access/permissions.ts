import { type Grants, type Rule, role } from "../../operation/access.ts";
import type { CompiledOperation } from "../../pipeline/registry/compiled.ts";
import type { Report } from "../../pipeline/registry/problem.ts";

/** Gives each permission that an operation needs the roles that have it, and reports those that no role has. */
export function grantPermissions(operations: Iterable<CompiledOperation>, grants: Grants, report: Report): void {
  const rolesOf = readGrants(grants, report);
  // One rule stays one rule: operations that share it still do.
  const granted = new Map<Rule, Rule>();
  for (const operation of operations) {
    const { name, access } = operation;
    // An operation without access is reported elsewhere.
    if (access === undefined || access === "public" || access.permissions === undefined) continue;
    const roles = [...new Set(access.permissions.flatMap((permission) => [...(rolesOf.get(permission) ?? [])]))];
    for (const permission of access.permissions)
      if (!rolesOf.has(permission))
        report(name, "access", `No role has the permission ${JSON.stringify(permission)}. Add it to a role in createApp({ permissions }).`);
    const [first, ...others] = roles;
    if (first === undefined) continue;
    let rule = granted.get(access);
    if (rule === undefined) {
      rule = { ...role(first, ...others), description: access.description, permissions: access.permissions };
      granted.set(access, rule);
    }
    operation.access = rule;
  }
}

/** The roles of each permission. */
function readGrants(grants: Grants, report: Report): ReadonlyMap<string, ReadonlySet<string>> {
  const rolesOf = new Map<string, Set<string>>();
  for (const [role, permissions] of Object.entries(grants)) {
    if (!Array.isArray(permissions) || !permissions.every((permission) => typeof permission === "string" && permission !== "")) {
      report("createApp", `permissions.${role}`, 'It is not a list of names. Write as in { support: ["orders.refund"] }.');
      continue;
    }
    for (const permission of permissions) {
      const roles = rolesOf.get(permission) ?? new Set();
      rolesOf.set(permission, roles.add(role));
    }
  }
  return rolesOf;
}

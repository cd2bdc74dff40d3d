import { formatMs } from "../../core/duration.ts";
import { arePerTenant, type TenantPermissions } from "../../operation/access/tenant-permissions.ts";
import { type Grants, type Rule, role } from "../../operation/access.ts";
import type { CompiledOperation } from "../../pipeline/registry/compiled.ts";
import type { Report } from "../../pipeline/registry/problem.ts";
import type { AppSpec } from "../app-spec.ts";

/** What of an app decides which roles have which permission. */
export type PermissionsSpec = Pick<AppSpec, "permissions" | "database" | "tenancy">;

/** Makes of a permission the rule that decides. */
type Grant = (rule: Rule, rolesOf: ReadonlyMap<string, ReadonlySet<string>>) => Rule;

/**
 * Gives each permission that an operation or a field of its output needs the roles that have it, and reports those that no role has; where tenants decide, gives it
 * the rule that asks what the tenant permits.
 */
export function grantPermissions(operations: Iterable<CompiledOperation>, spec: PermissionsSpec, report: Report): void {
  const { permissions = {} } = spec;
  if (!arePerTenant(permissions)) return replaceRules(operations, { rolesOf: readGrants(permissions, "permissions", report), report });
  checkTenants(permissions, spec, report);
  const rolesOf = readGrants(permissions.defaults, "permissions.defaults", report);
  replaceRules(operations, { rolesOf, grant: ruleOfTenant });
}

interface Replacing {
  readonly rolesOf: ReadonlyMap<string, ReadonlySet<string>>;
  readonly grant?: Grant;
  /** Of permissions that no role has. *Default*: that is no problem. */
  readonly report?: Report;
}

function replaceRules(operations: Iterable<CompiledOperation>, { rolesOf, grant, report }: Replacing): void {
  const all = [...operations];
  // One rule stays one rule: operations that share it still do.
  const granted = new Map<Rule, Rule>();
  for (const operation of all) {
    const { name, access, views } = operation;
    const replace = (rule: Rule, field: string): Rule => {
      if (rule.permissions === undefined) return rule;
      for (const permission of rule.permissions)
        if (!rolesOf.has(permission))
          report?.(
            name,
            field,
            `No role has the permission ${JSON.stringify(permission)}. Add it to a role in createApp({ permissions }).`,
          );
      const made = granted.get(rule) ?? (grant ?? ruleOf)(rule, rolesOf);
      granted.set(rule, made);
      if (grant !== undefined) operation.tenantGrants = "needed";
      return made;
    };
    // An operation without access is reported elsewhere.
    if (access !== undefined && access !== "public") operation.access = replace(access, "access");
    for (const visible of views?.rules ?? []) visible.rule = replace(visible.rule, "output");
  }
  if (all.some(({ tenantGrants }) => tenantGrants === "needed"))
    for (const operation of all)
      if (operation.tenantGrants === "none" && operation.traits.transaction !== "none") operation.tenantGrants = "ahead";
}

function ruleOf(rule: Rule, rolesOf: ReadonlyMap<string, ReadonlySet<string>>): Rule {
  const { description, permissions = [] } = rule;
  const [first, ...others] = rolesWith(permissions, rolesOf);
  return first === undefined ? rule : { ...role(first, ...others), description, permissions };
}

function ruleOfTenant({ kind, description, permissions = [] }: Rule, rolesOf: ReadonlyMap<string, ReadonlySet<string>>): Rule {
  return {
    ...{ kind, description, permissions, perTenant: true },
    roles: rolesWith(permissions, rolesOf),
    allows: ({ roles }, granted) =>
      permissions.some((permission) => {
        const having = granted?.get(permission);
        return having !== undefined && roles.some((name) => having.has(name));
      }),
  };
}

function rolesWith(permissions: readonly string[], rolesOf: ReadonlyMap<string, ReadonlySet<string>>): readonly string[] {
  return [...new Set(permissions.flatMap((permission) => [...(rolesOf.get(permission) ?? [])]))];
}

function checkTenants({ load, maxAgeMs }: TenantPermissions, { database, tenancy }: PermissionsSpec, report: Report): void {
  const problem = (message: string) => report("createApp", "permissions", message);
  if (typeof load !== "function") problem("tenantPermissions has no load. Write load: async (tenant, { sql }) => ….");
  if (!(maxAgeMs >= 100 && maxAgeMs <= 600_000)) problem(`tenantPermissions({ maxAge }) is ${formatMs(maxAgeMs)}. Write "100ms" to "10m".`);
  if (database === undefined)
    problem("The permissions of tenants are read in the database, and the app has none. Add a database, or write one map for all tenants.");
  if (tenancy === undefined)
    problem('The app has no tenants, so none can have permissions. Add tenancy, as in claim("tid"), or write one map.');
}

/** The roles of each permission. */
function readGrants(grants: Grants, field: string, report: Report): ReadonlyMap<string, ReadonlySet<string>> {
  const rolesOf = new Map<string, Set<string>>();
  for (const [role, permissions] of Object.entries(grants)) {
    if (!Array.isArray(permissions) || !permissions.every((permission) => typeof permission === "string" && permission !== "")) {
      report("createApp", `${field}.${role}`, 'It is not a list of names. Write as in { support: ["orders.refund"] }.');
      continue;
    }
    for (const permission of permissions) {
      const roles = rolesOf.get(permission) ?? new Set();
      rolesOf.set(permission, roles.add(role));
    }
  }
  return rolesOf;
}

import type { Access, Rule } from "../../operation/access.ts";
import { httpOf } from "../../operation/route.ts";
import type { CompiledOperation } from "../../pipeline/registry/compiled.ts";

/** Whether callers of one kind may run an operation: `own`: on what is theirs, as its `owns` decides; `rule`: a rule of the app decides for each caller. */
export type Permission = "yes" | "own" | "no" | "rule";

/** Who may run one operation. */
export interface AccessRow {
  readonly operation: string;
  readonly kind: string;
  /** Undefined where only other operations and the program itself call it. */
  readonly route: string | undefined;
  /** As the operation declares it. */
  readonly access: string;
  /** Of a caller who has not signed in. */
  readonly anonymous: Permission;
  /** Of a caller who has signed in and has none of the roles. */
  readonly signedIn: Permission;
  /** Of a caller with that role alone. */
  readonly byRole: Readonly<Record<string, Permission>>;
  /** Each tenant decides which roles have the permissions; the columns say what holds by default. Undefined where no tenant decides. */
  readonly perTenant: true | undefined;
  /** The fields of the output that only some callers get, by their paths, and who; undefined where every caller gets all. */
  readonly fields: Readonly<Record<string, string>> | undefined;
}

/** Who may run what, derived from the declarations of the operations. */
export interface AccessMatrix {
  /** All roles that an operation names. */
  readonly roles: readonly string[];
  /** Sorted by name. */
  readonly operations: readonly AccessRow[];
}

/** Derives who may run what. Durable work is left out: no caller runs it, and who may start it is said by the operation that does. */
export function accessMatrix(operations: Iterable<CompiledOperation>): AccessMatrix {
  const online = [...operations].filter(({ traits }) => !traits.durable).toSorted((one, other) => (one.name < other.name ? -1 : 1));
  const roles = [...new Set(online.flatMap(({ access }) => (access === "public" ? [] : (access.roles ?? []))))].toSorted();
  return { roles, operations: online.map((operation) => rowOf(operation, roles)) };
}

function rowOf({ name, kind, operation, access, owns, views }: CompiledOperation, roles: readonly string[]): AccessRow {
  const permit = (role: string | undefined, isSignedIn: boolean): Permission => {
    const permission = permissionOf(access, { role, isSignedIn });
    return permission === "yes" && owns !== undefined ? "own" : permission;
  };
  return {
    ...{ operation: name, kind, route: httpOf(operation.spec)?.route, access: access === "public" ? access : whoOf(access) },
    ...{ anonymous: permit(undefined, false), signedIn: permit(undefined, true) },
    perTenant: isPerTenant(access) || views?.rules.some(({ rule }) => isPerTenant(rule)) ? true : undefined,
    byRole: Object.fromEntries(roles.map((role) => [role, permit(role, true)])),
    fields: views && Object.fromEntries(views.fields.map(({ path, rules }) => [path, rules.map(({ rule }) => whoOf(rule)).join(" and ")])),
  };
}

const isPerTenant = (access: Access): boolean => access !== "public" && access.perTenant === true;

function whoOf({ description, perTenant }: Rule): string {
  return perTenant === true ? `${description} (per tenant)` : description;
}

function permissionOf(
  access: Access,
  { role, isSignedIn }: { readonly role: string | undefined; readonly isSignedIn: boolean },
): Permission {
  if (access === "public") return "yes";
  if (access.roles !== undefined) return role !== undefined && access.roles.includes(role) ? "yes" : "no";
  // A function of the app is not tried out on made-up callers: it may read any claim.
  if (access.needsSignIn !== true) return "rule";
  return isSignedIn ? "yes" : "no";
}

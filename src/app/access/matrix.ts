import type { Access } from "../../operation/access.ts";
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

function rowOf({ name, kind, operation, access, owns }: CompiledOperation, roles: readonly string[]): AccessRow {
  const permit = (role: string | undefined, isSignedIn: boolean): Permission => {
    const permission = permissionOf(access, { role, isSignedIn });
    return permission === "yes" && owns !== undefined ? "own" : permission;
  };
  return {
    ...{ operation: name, kind, route: httpOf(operation.spec)?.route, access: access === "public" ? access : access.description },
    ...{ anonymous: permit(undefined, false), signedIn: permit(undefined, true) },
    byRole: Object.fromEntries(roles.map((role) => [role, permit(role, true)])),
  };
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

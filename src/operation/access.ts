import type { Actor } from "./actor.ts";

/** Who may run an operation, decided from the actor alone; what needs data is the operation's `owns`. */
export interface Rule {
  readonly kind: "rule";
  /** As documents and refusals name it, for example `role customer`. */
  readonly description: string;
  /** The roles of which one is enough, where nothing else decides. */
  readonly roles?: readonly string[];
  /** The permissions of which one is enough. The app finds the roles that have one, at start. */
  readonly permissions?: readonly string[];
  /** Each tenant decides which roles have the permissions; `roles` are those by default. */
  readonly perTenant?: true;
  /** Every caller who has signed in is admitted, and no other. */
  readonly needsSignIn?: true;
  /** `granted`: which roles have which permission, where tenants decide that. */
  allows(actor: Actor, granted?: RolesByPermission): boolean;
}

/** The roles that have a permission, by its name. */
export type RolesByPermission = ReadonlyMap<string, ReadonlySet<string>>;

/** Who may call an operation: a rule, or `"public"`. Leaving it out does not compile. */
export type Access = "public" | Rule;

/**
 * Makes a rule that admits actors with at least one of the roles.
 * @example access: role("customer", "administrator")
 */
export function role(...names: readonly [string, ...string[]]): Rule {
  return {
    kind: "rule",
    description: `role ${names.join(" or ")}`,
    roles: names,
    allows: (actor) => names.some((name) => actor.roles.includes(name)),
  };
}

/** Which permissions a role has. */
export type Grants<P extends string = string> = Readonly<Record<string, readonly P[]>>;

/**
 * Makes a rule that admits actors with at least one of the permissions. Which roles have a permission is data of the app: `createApp({ permissions })`, or data of
 * each tenant: `tenantPermissions`. An app in which no role has one of them, and no tenant decides, does not start. With a type of your permissions, the compiler refuses all other names: `permission<MyPermission>("…")`.
 * *Guarantees*: a request costs no more than with `role`. A rule that no app has taken up admits no caller.
 * @example access: permission("orders.refund")
 */
export function permission<P extends string = string>(...names: readonly [NoInfer<P>, ...NoInfer<P>[]]): Rule {
  return { kind: "rule", description: `permission ${names.join(" or ")}`, permissions: names, allows: () => false };
}

/** Returns the description of a rule with its article, for a sentence: `the role customer`. */
export function describeAccess({ description }: Rule): string {
  return /^(role|permission) /.test(description) ? `the ${description}` : description;
}

/** Makes a rule that admits every actor who has signed in, with any roles. */
export function signedIn(): Rule {
  return { kind: "rule", description: "a signed-in actor", needsSignIn: true, allows: (actor) => actor.kind !== "anonymous" };
}

/**
 * Makes a rule of your own, which admits the actors for whom `allows` returns true.
 * @example access: rule("a verified e-mail address", (actor) => actor.claims["email_verified"] === true)
 */
export function rule(description: string, allows: (actor: Actor) => boolean): Rule {
  return { kind: "rule", description, allows };
}

import { passwordRules } from "plimsoll/auth";
import { z } from "zod";
import { Version } from "../versioning.ts";

export const Role = z.enum(["administrator", "customer"]);
export type Role = z.infer<typeof Role>;

/** Two spellings of one address are one user. */
export const Email = z.email().max(254).toLowerCase();

/** What one may say of a user. */
export const UserFacts = z.object({ email: Email, name: z.string().trim().min(1).max(200) });

export const User = z.object({
  id: z.uuid(),
  ...UserFacts.shape,
  /** Whether its user has opened a link that was mailed to it. If not, no password is reset by mail: a mistyped address would give the account away. */
  emailVerified: z.boolean(),
  roles: z.array(Role),
  version: Version,
  createdAt: z.iso.datetime(),
});
export type User = z.infer<typeof User>;

/** Which passwords users may choose, beside the length that the schema has. */
export const passwords = passwordRules({ minChars: 12 });

/** A user may act for their own account, and an administrator for every account. */
export function answersFor(actor: { readonly id: string; readonly roles: readonly string[] }, userId: string): boolean {
  return actor.id === userId || actor.roles.includes("administrator");
}

/** Whether an administrator is left who can add users. */
export function hasAdministrator(users: readonly User[]): boolean {
  return users.some(({ roles }) => roles.includes("administrator"));
}

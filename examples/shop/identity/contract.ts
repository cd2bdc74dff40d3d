import { action, command, fault, query, rateLimit, role, secret, signedIn } from "plimsoll";
import { z } from "zod";
import { system } from "../access.ts";
import { pageInput, pageOf } from "../paging.ts";
import { Version, VersionMismatch } from "../versioning.ts";
import { answersFor, Email, Role, User, UserFacts } from "./domain.ts";
import { guard, tokens } from "./tokens.ts";

export type { Role };

const Roles = z.array(Role).min(1).max(2);
export const NewPassword = secret(z.string().min(12).max(200));
/** What the client keeps after a sign-in and sends with the next one, so that failures of others do not count for it. */
const Device = secret(z.string().max(100));
const ETag = ({ version }: User) => version;

export const WrongCredentials = fault("wrong_credentials", {
  code: "unauthenticated",
  message: "The tenant, the e-mail address or the password is wrong. Try again.",
});

export const WrongPassword = fault("wrong_password", {
  code: "permission_denied",
  message: "The old password is wrong. Try again, or ask an administrator to set a new one.",
});

export const PasswordRefused = fault("password_refused", {
  code: "invalid_argument",
  details: z.object({ problem: z.string() }),
  message: ({ problem }) => `The new password is refused: ${problem}. Choose another.`,
});

export const UserNotFound = fault("user_not_found", {
  code: "not_found",
  details: z.object({ userId: z.string() }),
  message: ({ userId }) => `There is no user ${userId}.`,
});

export const EmailTaken = fault("email_taken", {
  code: "already_exists",
  message: "Another user has this e-mail address. Choose another.",
});

export const LastAdministrator = fault("last_administrator", {
  code: "failed_precondition",
  status: 409,
  message: "This user is the last administrator of the tenant. Make another user an administrator first.",
});

export const SecondFactorNeeded = fault("second_factor_needed", {
  code: "unauthenticated",
  message: "The password is right. Send it again with a code of your authenticator app, or a recovery code.",
});

/** What a user signs in with. `code`: of an authenticator app, or a recovery code, if the user has a second factor. */
export const Credentials = z.object({
  tenant: z.string().min(1).max(63),
  email: Email,
  password: secret(z.string().max(1_000)),
  code: secret(z.string().max(100)).optional(),
  device: Device.optional(),
});

/** Two passwords are hashed at a time. Other callers wait in this queue, where callers take turns. What an attacker sends above the rate does not get so far. */
export const signInBudget = {
  deadline: "5s",
  concurrency: 4,
  rate: rateLimit({ per: "address", limit: 300, burst: 60, period: "1m" }),
} as const;

export const signIn = action("identity.sign-in", {
  summary: "Sign in",
  input: Credentials,
  output: z.object({ token: secret(z.string()), expiresAt: z.iso.datetime(), device: Device.optional() }),
  faults: [WrongCredentials, SecondFactorNeeded],
  access: "public",
  idempotent: "no",
  budget: signInBudget,
  uses: { tokens, guard },
  http: { route: "POST /v1/sessions", status: 201 },
});

export const createUser = action("identity.create-user", {
  summary: "Add a user",
  input: UserFacts.extend({ password: NewPassword, roles: Roles.default(["customer"]) }),
  output: User,
  faults: [EmailTaken, PasswordRefused],
  access: role("administrator"),
  idempotent: "no",
  budget: "5s",
  http: { route: "POST /v1/users", status: 201, location: ({ id }) => `/v1/users/${id}`, etag: ETag },
});

export const listUsers = query("identity.list-users", {
  summary: "List users by e-mail address, or search them by name or address",
  input: z.object({ query: z.string().trim().max(200).default(""), ...pageInput }),
  output: pageOf(User),
  access: role("administrator"),
  budget: "1s",
  http: "GET /v1/users",
});

export const getUser = query("identity.get-user", {
  summary: "Read a user: your own account or, as an administrator, any",
  input: z.object({ userId: z.uuid() }),
  output: User,
  faults: [UserNotFound],
  access: signedIn(),
  owns: async ({ userId }, { actor }) => answersFor(actor, userId),
  budget: "1s",
  http: { route: "GET /v1/users/{userId}", etag: ETag },
});

export const updateUser = command("identity.update-user", {
  summary: "Change a user's name or e-mail address",
  input: UserFacts.partial().extend({ userId: z.uuid(), version: Version }),
  output: User,
  faults: [UserNotFound, EmailTaken, VersionMismatch],
  access: role("administrator"),
  idempotent: "natural",
  budget: "1s",
  http: { route: "PATCH /v1/users/{userId}", ifMatch: "version", etag: ETag },
});

export const deleteUser = command("identity.delete-user", {
  summary: "Delete a user",
  input: z.object({ userId: z.uuid(), version: Version }),
  output: z.object({}),
  faults: [UserNotFound, LastAdministrator, VersionMismatch],
  access: role("administrator"),
  idempotent: "natural",
  budget: "1s",
  http: { route: "DELETE /v1/users/{userId}", ifMatch: "version" },
});

export const setRoles = command("identity.set-roles", {
  summary: "Set the roles of a user",
  input: z.object({ userId: z.uuid(), version: Version, roles: Roles }),
  output: User,
  faults: [UserNotFound, LastAdministrator, VersionMismatch],
  access: role("administrator"),
  idempotent: "natural",
  budget: "1s",
  http: { route: "PUT /v1/users/{userId}/roles", ifMatch: "version", etag: ETag },
});

export const changePassword = action("identity.change-password", {
  summary: "Change your password by giving the old one or, as an administrator, any user's password",
  input: z.object({ userId: z.uuid(), oldPassword: secret(z.string().max(1_000)).optional(), newPassword: NewPassword }),
  output: z.object({}),
  faults: [UserNotFound, WrongPassword, PasswordRefused],
  access: signedIn(),
  idempotent: "natural",
  budget: "5s",
  uses: { guard },
  http: "POST /v1/users/{userId}/password",
});

/** Internal: makes a tenant with its first users. Says no where it is there already, and changes nothing. */
export const foundTenant = command("identity.found-tenant", {
  input: z.object({ name: z.string().min(1), users: z.array(UserFacts.extend({ roles: Roles, passwordHash: secret(z.string()) })).min(1) }),
  output: z.object({ founded: z.boolean() }),
  access: system,
  idempotent: "natural",
  budget: "5s",
});

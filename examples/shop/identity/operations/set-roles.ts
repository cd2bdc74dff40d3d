import { implement } from "plimsoll";
import { expectVersion } from "../../versioning.ts";
import { session } from "../browser-contract.ts";
import * as identity from "../contract.ts";
import { hasAdministrator, User } from "../domain.ts";
import { lockWithAdministrators, userColumns } from "./users-sql.ts";

export const setRoles = implement(identity.setRoles, async ({ userId, version, roles }, scope) => {
  const { sql, fail } = scope;
  const users = await lockWithAdministrators(sql, userId);
  const found = users.find(({ id }) => id === userId) ?? fail(identity.UserNotFound, { userId });
  expectVersion(found, version, { fail });
  if (!hasAdministrator(users.map((user) => (user === found ? { ...found, roles } : user)))) fail(identity.LastAdministrator, {});
  // A session keeps the roles of its sign-in.
  await session.endAllOf(scope, userId);
  // Nor must the links work on that the user has sent as an administrator.
  if (!roles.includes("administrator")) await sql`delete from identity.invitations where invited_by = ${userId}`.run();
  return sql(User)`
    update identity.users set roles = ${roles}, version = version + 1 where id = ${userId}
    returning ${userColumns}`.one();
});

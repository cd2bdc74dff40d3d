import { implement } from "plimsoll";
import { expectVersion } from "../../versioning.ts";
import * as identity from "../contract.ts";
import { hasAdministrator, User } from "../domain.ts";
import { lockWithAdministrators, userColumns } from "./users-sql.ts";

export const setRoles = implement(identity.setRoles, async ({ userId, version, roles }, { sql, fail }) => {
  const users = await lockWithAdministrators(sql, userId);
  const found = users.find(({ id }) => id === userId) ?? fail(identity.UserNotFound, { userId });
  expectVersion(found, version, { fail });
  if (!hasAdministrator(users.map((user) => (user === found ? { ...found, roles } : user)))) fail(identity.LastAdministrator, {});
  return sql(User)`
    update identity.users set roles = ${roles}, version = version + 1 where id = ${userId}
    returning ${userColumns}`.one();
});

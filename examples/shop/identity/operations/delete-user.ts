import { implement } from "plimsoll";
import { expectVersion } from "../../versioning.ts";
import * as identity from "../contract.ts";
import { hasAdministrator } from "../domain.ts";
import { lockWithAdministrators } from "./users-sql.ts";

export const deleteUser = implement(identity.deleteUser, async ({ userId, version }, { sql, fail }) => {
  const users = await lockWithAdministrators(sql, userId);
  const found = users.find(({ id }) => id === userId) ?? fail(identity.UserNotFound, { userId });
  expectVersion(found, version, { fail });
  if (!hasAdministrator(users.filter((user) => user !== found))) fail(identity.LastAdministrator, {});
  await sql`delete from identity.users where id = ${userId}`.run();
  return {};
});

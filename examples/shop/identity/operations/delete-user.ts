import { implement } from "plimsoll";
import { expectVersion } from "../../versioning.ts";
import { session } from "../browser-contract.ts";
import * as identity from "../contract.ts";
import { hasAdministrator } from "../domain.ts";
import { lockWithAdministrators } from "./users-sql.ts";

export const deleteUser = implement(identity.deleteUser, async ({ userId, version }, scope) => {
  const { sql, fail } = scope;
  const users = await lockWithAdministrators(sql, userId);
  const found = users.find(({ id }) => id === userId) ?? fail(identity.UserNotFound, { userId });
  expectVersion(found, version, { fail });
  if (!hasAdministrator(users.filter((user) => user !== found))) fail(identity.LastAdministrator, {});
  await session.endAllOf(scope, userId);
  await sql`delete from identity.users where id = ${userId}`.run();
  return {};
});

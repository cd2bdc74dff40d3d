import { implement } from "plimsoll";
import { expectVersion } from "../../versioning.ts";
import * as identity from "../contract.ts";
import { User } from "../domain.ts";
import { userColumns } from "./users-sql.ts";

export const updateUser = implement(identity.updateUser, async ({ userId, version, ...changes }, { sql, fail }) => {
  const found = await sql(User)`select ${userColumns} from identity.users where id = ${userId} for update`.maybe();
  if (found === undefined) return fail(identity.UserNotFound, { userId });
  expectVersion(found, version, { fail });
  const { email, name } = { ...found, ...changes };
  const taken = await sql`select from identity.users where email = ${email} and id <> ${userId}`.exists();
  if (taken) fail(identity.EmailTaken, {});
  return sql(User)`
    update identity.users set email = ${email}, name = ${name}, version = version + 1 where id = ${userId}
    returning ${userColumns}`.one();
});
